// Saddle-free Newton (Dauphin et al. 2014).
#pragma once

#include <memory>

#include "fastmlp/optim/local_model.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct SaddleFreeNewton : ModelOptions {
  static constexpr auto key = "saddle_free_newton", class_name = "SaddleFreeNewton";
  static constexpr auto doc =
      R"(Newton's method with the absolute values of the eigenvalues of the Hessian (Dauphin et al. 2014).

    (|H| + lambda I) p = -g,  |H| = Q |Lambda| Qᵀ,  w <- w + p

Negative curvature repels instead of attracting, so saddle points are left. lambda follows the ratio
of the decrease of f to the one predicted with |H|. Up to krylov_size parameters H is dense; larger
ones are replaced by their part in the Krylov space of g, of krylov_size dimensions (Lanczos with
full reorthogonalisation), and p is -g / lambda outside of it. Made for the full batch.)";
  static constexpr auto cost = "krylov_size Hessian-vector products and as many vectors of memory";
  Index krylov_size = 100;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("krylov_size", self.krylov_size, IntegerInterval{1, 10000}, "dimensions of the Krylov space");
    model_fields(self, f);
  }
  template <class T>
  std::unique_ptr<LocalModel<T>> model(Index size) const;
};

}  // namespace fastmlp
