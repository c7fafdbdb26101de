// What a first-order update rule is. It lists its hyperparameters, names its state vectors
// (one entry per parameter) with the value they start from, and `at(step, use)` passes to `use` the
// element-wise update of one step: a function of the parameter w, its gradient g and its state, in
// the order of the names. Constants are computed in double and cast last.
#pragma once

#include <cmath>
#include <limits>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp {

// A number or a vector that a rule keeps, and what it is at the start.
struct StateSpec {
  const char* name;
  double initial = 0;
};

// What a rule knows of step t = 1, 2, …: its learning rate and the numbers that the rule keeps.
struct StepContext {
  double lr;
  Index t;
  const double* numbers;
};

// Decoupled weight decay: w <- (1 - lr rate) w before the rule.
struct WeightDecay {
  double rate = 0;
  bool biases = false;
};

// What every rule has beside its own fields; learning_rate comes first in the constructor, the rest
// last.
struct UpdateRuleOptions {
  LearningRate learning_rate;
  std::optional<double> clip_norm;
  std::optional<ClipRange> clip_value;
  bool normalize = false;
  std::optional<Polyak> average;
  bool proximal_l1 = false;
};

template <class Rule>
struct UpdateRule : UpdateRuleOptions {
  explicit UpdateRule(double lr) { learning_rate.source = lr; }

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("learning_rate", self.learning_rate, kPositive);
    Rule::own_fields(self, f);
    f("clip_norm", self.clip_norm, kPositive);
    f("clip_value", self.clip_value);
    f("normalize", self.normalize);
    f("average", self.average);
    f("proximal_l1", self.proximal_l1);
  }

  // What a rule may define otherwise. Numbers that it keeps, and what becomes of them after a pass:
  // an update that returns a value has these summed over all n parameters.
  std::vector<StateSpec> numbers() const { return {}; }
  void finish(const StepContext&, double, Index, double*) const {}
  WeightDecay decay() const { return {}; }
  // The gradient is wanted at w + evaluation_offset() v, v being the first state vector; the second
  // keeps w.
  double evaluation_offset() const { return 0; }
};

}  // namespace fastmlp
