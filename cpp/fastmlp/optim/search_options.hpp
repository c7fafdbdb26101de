// Hyperparameters that the methods which search have in common.
#pragma once

#include <memory>
#include <optional>

#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/line_search.hpp"

namespace fastmlp {

// Of methods with a local model.
struct ModelOptions {
  double gtol = 1e-6;
  std::optional<Polyak> average;
};

template <class Self, class F>
void model_fields(Self& self, F&& f) {
  f("gtol", self.gtol, kNonNegative,
    "largest entry of the gradient at which the run has converged");
  f("average", self.average, "averaging of the iterates, an fm.Polyak");
}

// Of methods that search along directions.
struct SearchOptions : ModelOptions {
  LineSearch line_search = StrongWolfe{};
};

template <class Self, class F>
void search_fields(Self& self, F&& f) {
  f("line_search", self.line_search, "choice of the step length");
  model_fields(self, f);
}

}  // namespace fastmlp
