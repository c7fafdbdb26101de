// Online tuner: runs a repeated job on the whole team or on one thread, whichever takes less time,
// and now and then tries the other. One thread is faster on a busy machine or where cores are far
// apart.
//
// Compared are mean durations without the slowest round. The shortest ones would choose a team
// that is quick at its best and late in most rounds, as on a busy machine.
#pragma once

#include <algorithm>

#include "fastmlp/base/tuning.hpp"

namespace fastmlp {

class ThreadTuner {
 public:
  // The candidate of the next round.
  bool single_threaded() const { return trying_ != kept_single_; }

  // Records the duration of one round, whose work is in any unit: compared are times per unit.
  void record(double seconds, double work = 1) {
    window_.add(seconds, work);
    if (trying_) {
      judge_trial();
    } else {
      watch(seconds);
    }
  }

 private:
  struct Window {
    int rounds = 0;
    double seconds = 0, sum = 0, slowest = 0;  // the last two per unit of work
    void add(double time, double work) {
      ++rounds;
      seconds += time;
      sum += time / work;
      slowest = std::max(slowest, time / work);
    }
    double mean() const { return (sum - slowest) / (rounds - 1); }
  };

  // The present choice: its mean over the last window, and whether that is still what it was.
  void watch(double seconds) {
    ++kept_for_;
    kept_seconds_ += seconds;
    const bool paid = kept_seconds_ >= 0;
    const bool due =
        paid && (kept_for_ >= kept_rounds_ || (kept_single_ && kept_seconds_ >= kMaxSingleSeconds));
    const bool complete = window_.seconds >= kTrialSeconds;
    if (window_.rounds < kTrialRounds || !(due || complete)) return;
    if (complete || window_.rounds >= kMinKeptRounds || mean_ == 0) mean_ = window_.mean();
    window_ = {};
    if (first_mean_ == 0) first_mean_ = mean_;
    const auto [less, more] = std::minmax(mean_, first_mean_);
    const bool changed = more > kChangeRatio * less;
    if (changed) kept_rounds_ = 0;
    trying_ = paid && (due || changed);
  }

  // The other choice, against the mean of the present one.
  void judge_trial() {
    if (window_.rounds < kTrialRounds) return;
    const double mean = window_.mean();
    if (mean < kLostRatio * mean_ && window_.seconds < kTrialSeconds &&
        window_.rounds < kMaxKeptRounds) {
      return;
    }
    // A team that is no slower is the better choice.
    const bool wins = mean < (kept_single_ ? 1 / kBetterRatio : kBetterRatio) * mean_;
    kept_rounds_ =
        wins ? kMinKeptRounds : std::clamp(2 * kept_rounds_, kMinKeptRounds, kMaxKeptRounds);
    kept_single_ = kept_single_ != wins;
    if (wins) mean_ = mean;
    first_mean_ = mean_;
    kept_for_ = 0;
    const double cost = window_.seconds * (1 - window_.rounds * mean_ / window_.sum);
    kept_seconds_ = wins ? 0 : -kTimePerTrialCost * cost;
    window_ = {};
    trying_ = false;
  }

  bool kept_single_ = false, trying_ = false;
  Window window_;
  double mean_ = 0, first_mean_ = 0;  // of the present choice: last, and after the last trial
  int kept_for_ = 0, kept_rounds_ = kTrialRounds;
  double kept_seconds_ = 0;  // negative where the last trial is not yet paid for
};

}  // namespace fastmlp
