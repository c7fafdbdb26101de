// A first-order update rule lists its hyperparameters, names its state vectors (one entry per
// parameter) with their initial value, and `for_step(context, run)` passes to `run` the
// element-wise update of one step: a function of the parameter w, its gradient g and its state, in
// the order of the names. Constants are computed in double and cast last.
#pragma once

#include <cmath>
#include <limits>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/parameter_group.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp {

// A scalar or a vector that a rule keeps, and its initial value.
struct StateSpec {
  const char* name;
  double initial = 0;
};

// Input of step t = 1, 2, …: its learning rate and the scalars that the rule keeps.
struct StepContext {
  double lr;
  Index t;
  const double* scalars;
};

// Fields of every rule; learning_rate comes first in the constructor, the rest last.
struct UpdateRuleOptions {
  LearningRate learning_rate;
  std::optional<double> clip_norm;
  std::optional<ClipRange> clip_value;
  bool normalize = false;
  std::optional<Polyak> average;
  bool proximal_l1 = false;
  bool half_state = false;
};

template <class Rule>
struct UpdateRule : UpdateRuleOptions {
  explicit UpdateRule(double lr) { learning_rate.source = lr; }

  // Later learning rates have no effect on a rule that adapts what it started from.
  static constexpr bool uses_initial_rate_only = false;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("learning_rate", self.learning_rate, kPositive,
      "a number, a schedule, or a function of the epoch, counted from 0");
    Rule::own_fields(self, f);
    f("clip_norm", self.clip_norm, kPositive, "largest norm of the gradient");
    f("clip_value", self.clip_value,
      "range to which entries of the gradient are clipped; a number c means (-c, c)");
    f("normalize", self.normalize, "divides the gradient by its norm");
    f("average", self.average, "averaging of the iterates, an fm.Polyak");
    f("proximal_l1", self.proximal_l1, "applies l1 by soft thresholding");
    f("half_state", self.half_state,
      "keeps the rule's vectors, such as m and v, in bfloat16, rounded at random; for float32");
  }

  void check() const {
    if (!Rule::uses_initial_rate_only || learning_rate.schedule_name().empty()) return;
    throw_invalid(Rule::class_name, "learning_rate", learning_rate.schedule_name(),
                  "a number, because the rule adapts its own step sizes and reads it once");
  }

  // Defaults, which a rule may override. `finish` updates the scalars after a step; it receives the
  // sum of the values that the element-wise update returned for the n parameters.
  std::vector<StateSpec> scalars() const { return {}; }
  void finish(const StepContext&, double, Index, double*) const {}
  WeightDecay decay() const { return {}; }
  // The gradient is taken at w + evaluation_offset() v, v being the first state vector; the second
  // keeps w.
  double evaluation_offset() const { return 0; }
};

}  // namespace fastmlp
