// Gradient descent with Armijo backtracking: an optimizer that has nothing in common with
// FirstOrder.
#pragma once

#include "fastmlp/optim/optimizer.hpp"

namespace fastmlp {

// w <- w - t g for the first t = 2 t_last, t_last, t_last / 2, … with f(w - t g) <= f(w) - c t |g|²
template <class T>
class ArmijoDescent final : public Optimizer<T> {
 public:
  explicit ArmijoDescent(Index size) : Optimizer<T>({}, size), g_(size), start_(size) {}

  StepResult step(Objective<T>& f, T* w, ThreadTeam&) override {
    const Index n = f.size();
    std::copy_n(w, n, start_.data());
    StepResult result;
    result.value = f.value_and_gradient(w, g_.data());
    double squares = 0;
    for (Index i = 0; i < n; ++i) squares += static_cast<double>(g_[i]) * g_[i];
    result.gradient_norm = std::sqrt(squares);
    for (double t = 2 * length_; t > 1e-12 && squares > 0; t /= 2) {
      for (Index i = 0; i < n; ++i) w[i] = start_[i] - static_cast<T>(t) * g_[i];
      ++result.evaluations;
      const double value = f.value(w);
      if (value < result.value && value <= result.value - 1e-4 * t * squares) {
        result.step_size = length_ = t;
        ++steps_;
        return result;
      }
    }
    std::copy_n(start_.data(), n, w);
    result.status = std::isfinite(result.value) ? Status::converged : Status::not_finite;
    return result;
  }
  void visit_state(StateVisitor<T>& visitor) override {
    visitor.scalar("length", length_, &kPositive);
    visitor.counter("steps", steps_);
  }
  Index steps() const override { return steps_; }

 private:
  Buffer<T> g_, start_;
  double length_ = 1;
  Index steps_ = 0;
};

}  // namespace fastmlp
