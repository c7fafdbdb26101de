// What the members of the family of activations share; activation.hpp describes the family.
#pragma once

#include "fastmlp/base/family.hpp"
#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// Properties of an activation that other parts of the library depend on.
struct ActivationTraits {
  bool couples_units = false;     // each h_i depends on all of a, not only on a_i
  bool predicts_classes = false;  // h are probabilities of classes, so y may be class indices
  bool shares_work = false;       // phi' from a has costly parts in common with phi
};

// phi'' of a piecewise linear function, at kinks too; nan where x is.
template <class P>
inline P zero_unless_nan(P x) {
  return x == x ? P{} : x;
}

// A member without hyperparameters whose derivative follows from h.
struct ActivationBase {
  static constexpr ActivationTraits traits{};
  static constexpr bool uses_input = false;
  template <class P>
  P second_derivative(P, P h) const {
    return zero_unless_nan(h);
  }
  template <class Self, class F>
  static void fields(Self&, F&&) {}
};

}  // namespace fastmlp
