// Hessian-free optimisation (Martens 2010).
#pragma once

#include <memory>

#include "fastmlp/optim/local_model.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct HessianFree : ModelOptions {
  static constexpr auto key = "hessian_free", class_name = "HessianFree";
  static constexpr auto doc =
      R"(Newton steps by truncated conjugate gradients on products with a curvature matrix B (Martens 2010).

    (B + lambda I) p = -g,  w <- w + p

B is the Gauss-Newton matrix (which is positive semi-definite for convex losses) or the Hessian; a
function without model outputs has only the latter. CG starts from a share of the last p, and stops
where the relative progress per iteration falls below 5e-4, at max_iterations, or along negative
curvature. p is halved until f falls; lambda is multiplied by 3/2 where the ratio of the decrease to
the predicted one is below 1/4, by 2/3 above 3/4. CG is preconditioned by

    M = diag(mean of squared gradients of the samples + lambda)^(3/4)

where f is a mean over samples. Made for the full batch or large ones.)";
  static constexpr auto cost =
      "a curvature product for each iteration of CG, the gradients of the samples for the "
      "preconditioner, and about twenty vectors of memory";
  std::string curvature = "gauss_newton";
  double initial_damping = 1;
  bool precondition = true;
  Index max_iterations = 250;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("curvature", self.curvature, OneOf{"gauss_newton", "hessian"}, "choice of B");
    f("initial_damping", self.initial_damping, kPositive, "first lambda");
    f("precondition", self.precondition, "whether CG is preconditioned");
    f("max_iterations", self.max_iterations, kPositiveInteger, "of CG in one step");
    model_fields(self, f);
  }
  template <class T>
  std::unique_ptr<LocalModel<T>> model(Index size) const;
};

}  // namespace fastmlp
