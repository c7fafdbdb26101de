#include "fastmlp/optim/minimize.hpp"

#include <algorithm>
#include <cmath>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {

template <class T>
MinimizeResult minimize(Objective<T>& f, T* w, Optimizer<T>& optimizer, Index steps,
                        ThreadTeam& team, const std::function<Status(const T*)>& observe) {
  MinimizeResult result{std::nan(""), Status::running, 0, 0};
  Buffer<T> good(f.size()), present(f.size());
  for (;;) {
    const bool ends = result.status != Status::running || result.steps == steps;
    const Index updates = optimizer.steps();
    std::copy_n(w, f.size(), present.data());
    StepResult step;
    if (!ends) {
      if (result.steps > 0) optimizer.start_epoch(result.steps);  // may run Python
      step = optimizer.step(f, w, team);
    } else if (const auto known = optimizer.value_at(f, w)) {
      step = {*known, std::nan(""), 0, 0};
    } else {
      step.value = f.value(w);
    }
    result.evaluations += step.evaluations;
    if (!std::isfinite(step.value)) {
      result.status = Status::not_finite;
      if (result.steps == 0) {
        result.value = step.value;
        return result;
      }
      std::copy_n(good.data(), f.size(), w);
      --result.steps;
      return result;
    }
    std::swap(good, present);
    result.value = step.value;
    const Status observed = observe(good.data());
    if (ends) break;
    if (!all_finite(f.size(), w)) {
      std::copy_n(good.data(), f.size(), w);
      result.status = Status::not_finite;
      return result;
    }
    result.status = step.status == Status::running ? observed : step.status;
    if (step.status != Status::running && optimizer.steps() == updates) break;  // w is kept
    ++result.steps;
  }
  if (result.status == Status::running) result.status = Status::max_steps;
  if (const T* average = optimizer.steps() > 0 ? optimizer.average() : nullptr) {
    std::copy_n(average, f.size(), w);
    result.value = f.value(w);
    ++result.evaluations;
  }
  return result;
}

template MinimizeResult minimize(Objective<float>&, float*, Optimizer<float>&, Index, ThreadTeam&,
                                 const std::function<Status(const float*)>&);
template MinimizeResult minimize(Objective<double>&, double*, Optimizer<double>&, Index,
                                 ThreadTeam&, const std::function<Status(const double*)>&);

}  // namespace fastmlp
