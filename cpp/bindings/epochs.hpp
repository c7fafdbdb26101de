// What epochs are given from Python, and what they return.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "bindings.hpp"
#include "fastmlp/base/tuning.hpp"
#include "fastmlp/optim/deadline.hpp"
#include "fastmlp/train/epoch_result.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// A copy of the given indices of n samples, one after the other.
inline std::vector<Index> indices_of(const Array<std::int64_t>& order, Index n) {
  std::vector<Index> indices(order.data(), order.data() + order.size());
  const auto outside =
      std::find_if(indices.begin(), indices.end(), [n](Index i) { return i < 0 || i >= n; });
  if (outside != indices.end()) {  // the message is made for no other
    require(false, "order has the index " + std::to_string(*outside) + ", expected 0 to " +
                       std::to_string(n - 1));
  }
  return indices;
}

inline std::optional<std::vector<Index>> order_of(const py::object& order, Index n) {
  if (order.is_none()) return std::nullopt;
  const auto given = exact_array<std::int64_t>(order, "order");
  require(given.ndim() == 1 && given.size() > 0,
          "order has shape " + shape_text(given) + ", expected (n,) with n >= 1");
  return indices_of(given, n);
}

inline double seconds_until(Deadline time) {
  return std::chrono::duration<double>(time - std::chrono::steady_clock::now()).count();
}

// An interrupt check that also calls report(position()), unless that is None, after each
// kProgressInterval.
template <class F>
class ProgressCheck {
 public:
  ProgressCheck(py::object report, F position)
      : report_(std::move(report)), position_(std::move(position)) {}
  void operator()() {
    check_signals();
    const auto now = std::chrono::steady_clock::now();
    if (report_.is_none() || now < next_) return;
    next_ = now + kProgressInterval;
    const GilAcquire gil;
    call_function(report_, py::float_(position_()));
  }

 private:
  py::object report_;
  F position_;
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + kProgressInterval;
};

// The parts of Python's EpochResult, in its order.
inline py::tuple parts_of(const EpochResult& result) {
  return py::make_tuple(result.loss, result.data_loss, result.penalty, result.data_loss_by_count,
                        result.penalty_by_count, result.steps, result.samples, text(result.status),
                        result.mistakes);
}

}  // namespace fastmlp::bindings
