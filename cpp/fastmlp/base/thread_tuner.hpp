// Whether a team or one of its members alone does a repeated piece of work faster: on a busy
// machine, or where the cores are far apart, one may be. Both are tried on a few rounds each, the
// faster is kept for a while, then they are tried again.
#pragma once

#include <algorithm>
#include <limits>

namespace fastmlp {

class ThreadTuner {
 public:
  bool alone() const { return alone_; }

  // Told how long each round took.
  void note(double seconds) {
    best_[alone_] = std::min(best_[alone_], seconds);
    if (--left_ > 0) return;
    if (kept_) {
      try_team();
    } else if (!alone_) {
      try_alone();
    } else {
      keep_faster();
    }
  }

 private:
  static constexpr int kTrial = 3, kShortest = 32, kLongest = 1024;
  // Alone is kept only where it gains something: in time spent, a team is no cheaper.
  static constexpr double kGain = 0.97;

  void try_team() {
    best_[0] = best_[1] = std::numeric_limits<double>::infinity();
    kept_ = alone_ = false;
    left_ = kTrial;
  }
  void try_alone() {
    alone_ = true;
    left_ = kTrial;
  }
  void keep_faster() {
    const bool alone = best_[1] < kGain * best_[0];
    span_ = alone == last_ ? std::min(2 * span_, kLongest) : kShortest;
    alone_ = last_ = alone;
    kept_ = true;
    left_ = span_;
  }

  // Of a team and of one alone, since they were tried last.
  double best_[2] = {std::numeric_limits<double>::infinity(),
                     std::numeric_limits<double>::infinity()};
  bool kept_ = false, alone_ = false, last_ = false;
  int left_ = kTrial, span_ = kShortest / 2;
};

}  // namespace fastmlp
