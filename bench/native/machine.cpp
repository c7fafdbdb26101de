// State of the machine at a measurement, as one line of JSON: round trip of a cache line between
// two threads, and rate of fused multiply-adds of one and of two threads.

#include <atomic>
#include <cstdio>
#include <thread>

#include "fma.hpp"

namespace {

struct alignas(128) Line {
  std::atomic<int> turn{0};
};

double round_trip_ns() {
  constexpr int warm_up = 2000, rounds = 10000;
  Line line;
  std::thread partner([&line] {
    for (int i = 0; i < warm_up + rounds; ++i) {
      while (line.turn.load(std::memory_order_acquire) != 2 * i + 1) {
      }
      line.turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  auto start = Clock::now();
  for (int i = 0; i < warm_up + rounds; ++i) {
    if (i == warm_up) start = Clock::now();
    line.turn.store(2 * i + 1, std::memory_order_release);
    while (line.turn.load(std::memory_order_acquire) != 2 * i + 2) {
    }
  }
  const double elapsed = nanoseconds_since(start);
  partner.join();
  return elapsed / rounds;
}

template <typename T>
double gflops_on(int threads) {
  constexpr int repeats = 200000;
  std::atomic<int> ready{0};
  double rates[2] = {};
  auto work = [&](int thread) {
    fma_flops<T>(repeats / 10);
    ++ready;
    while (ready.load() < threads) {
    }
    rates[thread] = fma_gflops<T>(repeats);
  };
  std::thread partner;
  if (threads == 2) partner = std::thread(work, 1);
  work(0);
  if (threads == 2) partner.join();
  return rates[0] + rates[1];
}

}  // namespace

int main() {
  if (std::thread::hardware_concurrency() < 2) {
    std::printf(
        "{\"round_trip_ns\": null, \"float32\": {\"1\": %.1f}, \"float64\": {\"1\": %.1f}}\n",
        gflops_on<float>(1), gflops_on<double>(1));
    return 0;
  }
  std::printf("{\"round_trip_ns\": %.1f, ", round_trip_ns());
  std::printf("\"float32\": {\"1\": %.1f, \"2\": %.1f}, ", gflops_on<float>(1),
              gflops_on<float>(2));
  std::printf("\"float64\": {\"1\": %.1f, \"2\": %.1f}}\n", gflops_on<double>(1),
              gflops_on<double>(2));
}
