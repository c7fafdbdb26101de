// A function with a known minimum, and rules to minimise it.
#pragma once

#include "fastmlp/optim/optimizers.hpp"
#include "testing.hpp"

namespace fastmlp {

// f(w) = 1/2 sum c_i (w_i - 1)², or nan after `finite_evaluations`.
template <class T>
struct Bowl final : Objective<T> {
  explicit Bowl(Index n) : n(n) {}
  Index size() const override { return n; }
  double value(const T* w) override { return value_and_gradient(w, nullptr); }
  double value_and_gradient(const T* w, T* g) override {
    ++evaluations;
    double sum = 0;
    for (Index i = 0; i < n; ++i) {
      const T e = w[i] - 1, c = T(1 + i % 3);
      sum += 0.5 * static_cast<double>(c * e * e);
      if (g) g[i] = c * e;
    }
    return evaluations > finite_evaluations ? kNan<double> : sum;
  }

  Index n;
  int evaluations = 0, finite_evaluations = 1 << 30;
};

inline SGD sgd(double rate, double momentum = 0, bool nesterov = false) {
  SGD rule;
  rule.learning_rate.source = rate, rule.momentum = momentum, rule.nesterov = nesterov;
  return rule;
}

inline Adam adam(double rate, std::string eps_mode, bool amsgrad) {
  Adam rule;
  rule.learning_rate.source = rate, rule.eps = 1e-2, rule.eps_mode = std::move(eps_mode),
  rule.amsgrad = amsgrad;
  return rule;
}

}  // namespace fastmlp
