// Penalties, decay and limits of ranges of parameters.
#pragma once

#include <algorithm>
#include <vector>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// l1 sum |w| + l2 / 2 sum w² is added to the loss; a row longer than max_norm (0: no limit) is
// shortened to it after each update.
struct ParameterGroup {
  Range range;
  bool bias = false;
  double l1 = 0;
  double l2 = 0;
  double max_norm = 0;
  Index row = 1;           // parameters of a row
  double rate_factor = 1;  // on the learning rate; 0: not trained, and without penalties

  bool penalized() const { return l1 > 0 || l2 > 0; }
};

// Decoupled weight decay: w <- (1 - lr rate) w before the rule.
struct WeightDecay {
  double rate = 0;
  bool biases = false;
};

// All groups of a vector, in ascending order; without any, all parameters are weights of one.
// Ranges may cut groups anywhere; w is the whole vector, g the gradient of the range.
class ParameterGroups {
 public:
  ParameterGroups(std::vector<ParameterGroup> groups, Index size);

  bool penalized() const { return penalized_; }
  // A factor on all l2, where the penalty is that of a batch.
  void set_l2_factor(double factor) { l2_factor_ = factor; }
  // l2 of parameter i
  double l2_of(Index i) const;
  bool limited() const { return limited_; }
  const std::vector<ParameterGroup>& all() const { return groups_; }
  // Whether some parameters have a factor on the learning rate, 0 among them.
  bool scaled() const { return scaled_; }
  // Number of parameters that are trained.
  Index trained_size() const;
  // f(common range, factor on the learning rate) for the trained parameters of a range.
  template <class F>
  void for_trained(Range range, F&& f) const {
    if (!scaled_) return f(range, 1.0);
    for_overlaps(range, [&](const ParameterGroup& group, Range common) {
      if (group.rate_factor > 0) f(common, group.rate_factor);
    });
  }
  // f(common range) for the others.
  template <class F>
  void for_frozen(Range range, F&& f) const {
    if (!scaled_) return;
    for_overlaps(range, [&](const ParameterGroup& group, Range common) {
      if (group.rate_factor == 0) f(common);
    });
  }
  // f(group, its intersection with `range`) for every group that overlaps the range.
  template <class F>
  void for_overlaps(Range range, F&& f) const {
    for (const ParameterGroup& group : groups_) {
      const Range common{std::max(range.begin, group.range.begin),
                         std::min(range.end, group.range.end)};
      if (common.begin < common.end) f(group, common);
    }
  }

  // g += l1 sign(w) + l2 w, unless g is null, and penalty += l1 |w| + l2 / 2 w²; with a proximal
  // step l1 is not part of the gradient.
  template <class T>
  void add_penalties(Range range, bool proximal_l1, const T* w, T* g, double& penalty) const;
  // hv += l2 v, over the whole vector
  template <class T>
  void add_curvature(const T* v, T* hv) const;
  // w <- (1 - lr rate) w
  template <class T>
  void decay(Range range, const WeightDecay& decay, double lr, T* w) const;
  // The proximal step of l1: w <- sign(w) max(|w| - lr l1, 0)
  template <class T>
  void soft_threshold(Range range, double lr, T* w) const;
  // row *= max_norm / ||row|| for the longer rows; the range holds whole rows.
  template <class T>
  void apply_max_norm(Range range, T* w) const;

 private:
  std::vector<ParameterGroup> groups_;
  bool penalized_ = false, limited_ = false, scaled_ = false;  // whether any group is
  double l2_factor_ = 1;
};

}  // namespace fastmlp
