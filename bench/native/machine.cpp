// State of the machine around a sample, as one line of JSON: the round trip of a cache line between
// two threads, and the rate of fused multiply-adds on one and on two threads.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

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

// Enough independent chains to hide the latency of a multiply-add, few enough to stay in registers.
template <typename T>
double fma_flops(int repeats) {
  typedef T Vector __attribute__((vector_size(vector_bytes)));
  constexpr int chains = 12, lanes = vector_bytes / sizeof(T);
  const T factor = T(0.999), term = T(0.001);
  Vector x[chains];
  for (int chain = 0; chain < chains; ++chain) x[chain] = Vector{} + T(chain + 2);
  for (int i = 0; i < repeats; ++i) {
    for (int chain = 0; chain < chains; ++chain) x[chain] = x[chain] * factor + term;
  }
  volatile T sink = 0;
  for (const Vector& v : x) sink = sink + v[0];
  return 2.0 * chains * lanes * repeats;
}

template <typename T>
double fma_gflops(int threads) {
  constexpr int repeats = 200000;
  std::atomic<int> ready{0};
  double flops[2] = {}, elapsed[2] = {};
  auto work = [&](int thread) {
    fma_flops<T>(repeats / 10);
    ++ready;
    while (ready.load() < threads) {
    }
    const auto start = Clock::now();
    flops[thread] = fma_flops<T>(repeats);
    elapsed[thread] = nanoseconds_since(start);
  };
  std::thread partner;
  if (threads == 2) partner = std::thread(work, 1);
  work(0);
  if (threads == 2) partner.join();
  return flops[0] / elapsed[0] + (threads == 2 ? flops[1] / elapsed[1] : 0.0);
}

}  // namespace

int main() {
  if (std::thread::hardware_concurrency() < 2) {
    std::printf(
        "{\"round_trip_ns\": null, \"float32\": {\"1\": %.1f}, \"float64\": {\"1\": %.1f}}\n",
        fma_gflops<float>(1), fma_gflops<double>(1));
    return 0;
  }
  std::printf("{\"round_trip_ns\": %.1f, ", round_trip_ns());
  std::printf("\"float32\": {\"1\": %.1f, \"2\": %.1f}, ", fma_gflops<float>(1),
              fma_gflops<float>(2));
  std::printf("\"float64\": {\"1\": %.1f, \"2\": %.1f}}\n", fma_gflops<double>(1),
              fma_gflops<double>(2));
}
