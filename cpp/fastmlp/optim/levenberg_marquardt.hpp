// Levenberg-Marquardt (Levenberg 1944, Marquardt 1963; Nielsen 1999).
#pragma once

#include <memory>

#include "fastmlp/optim/local_model.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct LevenbergMarquardt : ModelOptions {
  static constexpr auto key = "levenberg_marquardt", class_name = "LevenbergMarquardt";
  static constexpr auto doc =
      R"(Least squares by the Jacobian J of the residuals r (Levenberg 1944, Marquardt 1963).

    (JᵀJ + lambda I) p = -Jᵀ r,  w <- w + p

lambda follows the ratio of the decrease of the sum of squares to the predicted one (Nielsen 1999).
For squared_error, on the full batch, and for few parameters. J is not kept.)";
  static constexpr auto cost =
      "for P parameters and m residuals m P² + P³ / 3 operations, a loss for each lambda tried, "
      "and "
      "P² numbers";
  double initial_damping = 1e-3;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("initial_damping", self.initial_damping, kPositive,
      "first lambda, by the largest diagonal entry of JᵀJ");
    model_fields(self, f);
  }
  template <class T>
  std::unique_ptr<LocalModel<T>> model(Index size) const;
};

}  // namespace fastmlp
