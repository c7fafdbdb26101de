// Looks at the clock now and then during long work, so that a caller can interrupt it.
#pragma once

#include <chrono>
#include <functional>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

class Watch {
 public:
  // `check` is called about every `interval`; it throws to abandon the work.
  explicit Watch(std::function<void()> check = {},
                 std::chrono::milliseconds interval = std::chrono::milliseconds(20))
      : check_(std::move(check)), interval_(interval), next_(Clock::now() + interval) {}

  // Reports work done; the clock is read once per some ten microseconds of it.
  void worked(double operations) {
    operations_ += operations;
    if (operations_ < kOperationsPerLook) return;
    operations_ = 0;
    if (!check_ || Clock::now() < next_) return;
    check_();
    next_ = Clock::now() + interval_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double kOperationsPerLook = 1e6;

  std::function<void()> check_;
  std::chrono::milliseconds interval_;
  Clock::time_point next_;
  double operations_ = 0;
};

}  // namespace fastmlp
