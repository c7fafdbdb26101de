// Minimises any objective with any first-order rule.
#pragma once

#include <functional>

#include "fastmlp/optim/first_order.hpp"

namespace fastmlp {

enum class Status { running, max_steps, max_seconds, not_finite };

const char* text(Status status);

struct MinimizeResult {
  double value;
  Status status;
  Index steps;
  Index evaluations;
};

// Schedules see every step as an epoch, too; where the optimizer averages, w ends as the average.
// Makes at most `steps` updates of w, then evaluates once more. `observe(w)` sees the start and
// every iterate whose value is finite; a status other than running that it returns ends the run. An
// iterate with another value is taken back.
template <class T>
MinimizeResult minimize(Objective<T>& f, T* w, FirstOrder<T>& optimizer, Index steps,
                        const std::function<Status(const T*)>& observe);

}  // namespace fastmlp
