#include "fastmlp/kernels/team_costs.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/tuning.hpp"
#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {
namespace {

using Clock = std::chrono::steady_clock;

// Seconds for which a thread waits for another, and between which a round trip lies: no busy
// machine makes threads appear useless. 62 to 350 ns were measured.
constexpr double kPatience = 1e-3, kMinRoundTrip = 2e-8, kMaxRoundTrip = 4e-7;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The fastest of some products of 64 by 64 matrices.
double product_rate() {
  constexpr Index n = 64;
  const Buffer<float> a(n * n);
  const PanelMatrix<float> b(n, n);
  Buffer<float> c(n * n);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    gemm<float>(n, n, n, {a.data(), n, 1}, b.panels(), c.data(), n);
    best = std::min(best, seconds_since(start));
  }
  return 2.0 * n * n * n / best;
}

// Two threads count up in turns, of which the first takes the time of its round trips: the least of
// some groups, because the system may interrupt one. Both give up where the other is late.
class Turns {
 public:
  void play(bool first) {
    const auto start = Clock::now();
    auto group = start;
    for (int turn = first ? 0 : 1; turn < kTurns; turn += 2) {
      while (turn_.load(std::memory_order_acquire) != turn) {
        if (seconds_since(start) > kPatience) return;
      }
      if (first && turn % kGroup == 0) {
        if (turn > 0) best_ = std::min(best_, seconds_since(group) / (kGroup / 2));
        group = Clock::now();
      }
      turn_.store(turn + 1, std::memory_order_release);
    }
  }
  double round_trip() const { return best_; }

 private:
  static constexpr int kTurns = 401, kGroup = 40;
  std::atomic<int> turn_{0};
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace

TeamCosts measure_team_costs() {
  ThreadTeam team({}, 2);
  const auto start = Clock::now();
  std::atomic<int> arrived{0};
  team.parallel_for(2, [&](Index, int) {
    ++arrived;
    while (arrived.load() < 2 && seconds_since(start) < kPatience) {
    }
  });
  const double started = seconds_since(start);
  Turns turns;
  team.parallel_for(2, [&](Index i, int) { turns.play(i == 0); });
  return {std::clamp(turns.round_trip(), kMinRoundTrip, kMaxRoundTrip),
          std::min(started, kPatience), product_rate()};
}

bool may_pay(const Work& work) {
  return work.operations_per_round >= kMinOperationsPerRound &&
         work.operations_per_round * work.rounds >= kMinOperationsPerCall;
}

int paying_threads(const Work& work, const TeamCosts& costs, int available) {
  const double seconds = work.operations_per_round / costs.operations_per_second;
  const double most = seconds / (kRoundTripsPerThread * costs.round_trip);
  if (most < 2 || seconds * work.rounds < kStartsPerCall * costs.start) return 1;
  return static_cast<int>(std::min(most, static_cast<double>(available)));
}

}  // namespace fastmlp
