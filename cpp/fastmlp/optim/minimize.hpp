// Minimises any objective with any optimizer.
#pragma once

#include <functional>

#include "fastmlp/optim/optimizer.hpp"

namespace fastmlp {

struct MinimizeResult {
  double value;
  Status status;
  Index steps;
  Index evaluations;
};

// Makes at most `steps` updates of w, each of which is an epoch for schedules, until the optimizer
// or `observe` returns a status other than running, and evaluates f once more. `observe` receives
// the start and every iterate with a finite value; an iterate with another value is undone. An
// optimizer that averages leaves the average in w.
template <class T>
MinimizeResult minimize(Objective<T>& f, T* w, Optimizer<T>& optimizer, Index steps,
                        ThreadTeam& team, const std::function<Status(const T*)>& observe);

}  // namespace fastmlp
