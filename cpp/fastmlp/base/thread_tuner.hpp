// Online tuner: runs a repeated job with all threads and with one, keeps the faster for a while,
// then measures again. One thread is faster on a busy machine or where cores are far apart.
#pragma once

#include <algorithm>
#include <limits>

#include "fastmlp/base/tuning.hpp"

namespace fastmlp {

class ThreadTuner {
 public:
  // The candidate of the next round.
  bool single_threaded() const { return single_threaded_; }

  // Records the duration of one round.
  void record(double seconds) {
    best_[single_threaded_] = std::min(best_[single_threaded_], seconds);
    if (--rounds_left_ > 0) return;
    if (keeping_) {
      start_trial();
    } else if (!single_threaded_) {
      try_single_thread();
    } else {
      keep_faster();
    }
  }

 private:
  void start_trial() {
    best_[0] = best_[1] = std::numeric_limits<double>::infinity();
    keeping_ = single_threaded_ = false;
    rounds_left_ = kTrialRounds;
  }
  void try_single_thread() {
    single_threaded_ = true;
    rounds_left_ = kTrialRounds;
  }
  void keep_faster() {
    const bool single = best_[1] < kSingleThreadRatio * best_[0];
    kept_rounds_ =
        single == last_choice_ ? std::min(2 * kept_rounds_, kMaxKeptRounds) : kMinKeptRounds;
    single_threaded_ = last_choice_ = single;
    keeping_ = true;
    rounds_left_ = kept_rounds_;
  }

  // Shortest duration of the team and of one thread since the last trial began.
  double best_[2] = {std::numeric_limits<double>::infinity(),
                     std::numeric_limits<double>::infinity()};
  bool keeping_ = false, single_threaded_ = false, last_choice_ = false;
  int rounds_left_ = kTrialRounds, kept_rounds_ = kMinKeptRounds / 2;
};

}  // namespace fastmlp
