// Test functions of unconstrained minimisation with known minima (Moré, Garbow & Hillstrom 1981).
#pragma once

#include <cmath>

#include "fastmlp/optim/objective.hpp"
#include "testing.hpp"

namespace fastmlp {

// f and its gradient as one function of (w, g), in T.
template <class T>
class Function final : public Objective<T> {
 public:
  using F = std::function<double(const T*, T*)>;
  Function(Index n, F f) : n_(n), f_(std::move(f)), g_(static_cast<std::size_t>(n)) {}
  Index size() const override { return n_; }
  double value(const T* w) override { return value_and_gradient(w, g_.data()); }
  double value_and_gradient(const T* w, T* g) override {
    ++evaluations;
    return f_(w, g);
  }
  int evaluations = 0;

 private:
  Index n_;
  F f_;
  std::vector<T> g_;
};

// sum 100 (w_{i+1} - w_i²)² + (1 - w_i)²: 0 at (1, …, 1); from n = 4 also a local minimum near
// (-1, 1, …, 1), which is 3.98658 at n = 10.
template <class T>
Function<T> rosenbrock(Index n) {
  return {n, [n](const T* w, T* g) {
            double sum = 0;
            std::fill_n(g, n, T(0));
            for (Index i = 0; i + 1 < n; ++i) {
              const T a = w[i + 1] - w[i] * w[i], b = 1 - w[i];
              sum += static_cast<double>(100 * a * a + b * b);
              g[i] += -400 * a * w[i] - 2 * b;
              g[i + 1] += 200 * a;
            }
            return sum;
          }};
}

// 0 at (3, 1/2)
template <class T>
Function<T> beale() {
  return {2, [](const T* w, T* g) {
            const T x = w[0], y = w[1];
            double sum = 0;
            g[0] = g[1] = 0;
            const T c[] = {T(1.5), T(2.25), T(2.625)};
            T power = 1;
            for (int k = 0; k < 3; ++k) {
              const T slope = static_cast<T>(k + 1) * power;  // of y^(k + 1)
              power *= y;
              const T e = c[k] - x * (1 - power);
              sum += static_cast<double>(e * e);
              g[0] -= 2 * e * (1 - power);
              g[1] += 2 * e * x * slope;
            }
            return sum;
          }};
}

// 0 at (1, 3)
template <class T>
Function<T> booth() {
  return {2, [](const T* w, T* g) {
            const T a = w[0] + 2 * w[1] - 7, b = 2 * w[0] + w[1] - 5;
            g[0] = 2 * a + 4 * b;
            g[1] = 4 * a + 2 * b;
            return static_cast<double>(a * a + b * b);
          }};
}

// 0 at the origin, where the Hessian is singular
template <class T>
Function<T> powell() {
  return {4, [](const T* w, T* g) {
            const T a = w[0] + 10 * w[1], b = w[2] - w[3], c = w[1] - 2 * w[2], d = w[0] - w[3];
            g[0] = 2 * a + 40 * d * d * d;
            g[1] = 20 * a + 4 * c * c * c;
            g[2] = 10 * b - 8 * c * c * c;
            g[3] = -10 * b - 40 * d * d * d;
            return static_cast<double>(a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d);
          }};
}

}  // namespace fastmlp
