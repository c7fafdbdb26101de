#include <numeric>

#include "fastmlp/optim/objective.hpp"
#include "testing.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("the default Hessian product is a central difference of gradients", T, float,
                   double) {
  // f(w) = sum_i exp(c_i w_i) + 1/2 (sum_i w_i)²: H v = c_i² exp(c_i w_i) v_i + sum_j v_j
  struct Curved final : Objective<T> {
    static T c(Index i) { return T(0.5) + T(0.25) * T(i % 4); }
    Index size() const override { return 50; }
    double value(const T* w) override { return value_and_gradient(w, nullptr); }
    double value_and_gradient(const T* w, T* g) override {
      const T sum = std::accumulate(w, w + 50, T(0));
      double value = 0.5 * static_cast<double>(sum * sum);
      for (Index i = 0; i < 50; ++i) {
        value += static_cast<double>(std::exp(c(i) * w[i]));
        if (g) g[i] = c(i) * std::exp(c(i) * w[i]) + sum;
      }
      return value;
    }
  } curved;
  const std::vector<T> w = uniform<T>(50, 1, 2, 3), zero(50);
  std::vector<T> v = uniform<T>(50, 4, 5, 6), got(50), expected(50);
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const T length : {T(1e-8), T(1), T(1e8)}) {
    for (const std::vector<T>& at : {w, zero}) {
      std::vector<T> scaled = v;
      for (T& x : scaled) x *= length;
      const T sum = std::accumulate(scaled.begin(), scaled.end(), T(0));
      for (std::size_t i = 0; i < 50; ++i) {
        const T c = Curved::c(static_cast<Index>(i));
        expected[i] = c * c * std::exp(c * at[i]) * scaled[i] + sum;
      }
      curved.hessian_product(at.data(), scaled.data(), got.data());
      CHECK(relative_difference(got, expected) < 4 * std::cbrt(eps * eps));
    }
  }
  curved.hessian_product(w.data(), zero.data(), got.data());
  CHECK(got == zero);
}
