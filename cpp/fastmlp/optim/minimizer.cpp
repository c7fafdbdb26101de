#include "fastmlp/optim/minimizer.hpp"

#include <algorithm>
#include <cmath>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {

const char* text(Status status) {
  switch (status) {
    case Status::running:
      return "running";
    case Status::max_steps:
      return "max_steps";
    case Status::max_seconds:
      return "max_seconds";
    case Status::not_finite:
      return "not_finite";
  }
  return "";
}

template <class T>
MinimizeResult minimize(Objective<T>& f, T* w, FirstOrder<T>& optimizer, Index steps,
                        const std::function<Status(const T*)>& observe) {
  MinimizeResult result{std::nan(""), Status::running, 0, 0};
  ThreadTeam team;
  Buffer<T> good(f.size()), present(f.size());
  for (;;) {
    const bool ends = result.status != Status::running || result.steps == steps;
    std::copy_n(w, f.size(), present.data());
    const double value = ends ? f.value(w) : optimizer.step(f, w, team);
    ++result.evaluations;
    if (!std::isfinite(value)) {
      result.status = Status::not_finite;
      if (result.steps == 0) return result;
      std::copy_n(good.data(), f.size(), w);
      --result.steps;
      return result;
    }
    std::swap(good, present);
    result.value = value;
    const Status status = observe(good.data());
    if (ends) break;
    if (!all_finite(f.size(), w)) {
      std::copy_n(good.data(), f.size(), w);
      result.status = Status::not_finite;
      return result;
    }
    ++result.steps;
    result.status = status;
    optimizer.start_epoch(result.steps);
  }
  if (result.status == Status::running) result.status = Status::max_steps;
  if (const T* average = optimizer.average()) {
    std::copy_n(average, f.size(), w);
    result.value = f.value(w);
    ++result.evaluations;
  }
  return result;
}

template MinimizeResult minimize(Objective<float>&, float*, FirstOrder<float>&, Index,
                                 const std::function<Status(const float*)>&);
template MinimizeResult minimize(Objective<double>&, double*, FirstOrder<double>&, Index,
                                 const std::function<Status(const double*)>&);

}  // namespace fastmlp
