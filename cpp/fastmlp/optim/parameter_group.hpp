// Penalties, decay and limits of ranges of parameters.
#pragma once

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
  Index row = 1;  // parameters of a row

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
  bool penalized_ = false, limited_ = false;  // whether any group is
  double l2_factor_ = 1;
};

}  // namespace fastmlp
