// The family of activations h = phi(a), written for packs. Adding one: a struct in one of the two
// headers, its name in the variant, five lines in tests/reference.py, a row in docs/lecture.md.
//
// derivative(a, h) is phi'(a), from h where that is enough (then only h is kept for the backward
// pass) and from a where `uses_input` says so; second_derivative(a, h) is phi''(a). Where it shares
// costly parts with value(a), the trait `shares_work` makes training compute both in the forward
// pass, in one loop, in which the compiler finds the common parts. At kinks it is as in torch. nan
// in gives nan out; limits at ±inf are exact.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/nn/basic_activations.hpp"
#include "fastmlp/nn/smooth_activations.hpp"

namespace fastmlp {

// A function of a user, element by element: out_i = f(a_i) for n numbers.
class ElementwiseFunction {
 public:
  virtual ~ElementwiseFunction() = default;
  virtual void apply(Index n, const float* a, float* out) const = 0;
  virtual void apply(Index n, const double* a, double* out) const = 0;
};

using UserFunction = std::shared_ptr<const ElementwiseFunction>;

// Computes whole tiles at once: activation.cpp has its value and derivatives.
struct CustomActivation : ActivationBase {
  // Without a name: it is made of its functions.
  static constexpr auto key = "", class_name = "Activation";
  static constexpr auto doc = R"(An activation of your own, by functions in Python.

    phi(a) = f(a);  phi' = derivative(a);  phi'' = second_derivative(a)

Each is called with a 1-d array, of the network's dtype, of the pre-activations of some samples, and
returns an array of its length, element by element. ``activation=(f, derivative)`` is the same. The
second derivative serves products with the Hessian and Newton's methods; gradients and products with
Gauss and Newton's matrix do without.)";
  static constexpr auto example =
      ">>> import numpy as np\n>>> cube = fm.Activation(lambda a: a**3, lambda a: 3 * a**2)\n"
      ">>> cube([1.0, -2.0]).tolist(), cube.derivative([1.0, -2.0]).tolist()\n"
      "([1.0, -8.0], [3.0, 12.0])\n"
      ">>> net = fm.Network([2, 8, 1], activation=(np.sin, np.cos), seed=0)";
  static constexpr bool uses_input = true;
  struct Functions {
    UserFunction f, derivative;
    std::optional<UserFunction> second_derivative;
  };
  std::shared_ptr<Functions> functions = std::make_shared<Functions>();  // copies share them
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("f", self.functions->f, "phi(a)");
    f("derivative", self.functions->derivative, "phi'(a)");
    f("second_derivative", self.functions->second_derivative, "phi''(a)");
  }
};

using Activation = std::variant<Identity, Sign, Sigmoid, Tanh, ReLU, HardTanh, Softmax, LeakyReLU,
                                ELU, SELU, Softplus, SiLU, GELU, Mish, HardSigmoid, Exponential,
                                Softsign, Sine, CustomActivation>;

bool uses_input(const Activation& activation);
// Of n units, those that are coupled with each other.
inline Index group_units(const Activation& activation, Index n) {
  const auto* softmax = std::get_if<Softmax>(&activation);
  return softmax ? softmax->units(n) : n;
}
inline bool couples_units(const Activation& activation) {
  return std::visit([](const auto& phi) { return phi.traits.couples_units; }, activation);
}
inline bool shares_work(const Activation& activation) {
  return std::visit([](const auto& phi) { return phi.traits.shares_work; }, activation);
}
// It is computed for a whole tile, not for some rows of it.
inline bool needs_whole_tiles(const Activation& activation) {
  return couples_units(activation) || std::holds_alternative<CustomActivation>(activation);
}
// Throws where phi'' is asked for and an activation of the user has none.
void require_second_derivative(const Activation& activation);

// The derivative is 0 wherever it exists: no gradient passes backwards.
template <class Phi>
bool has_zero_derivative(const Phi&) {
  return false;
}
inline bool has_zero_derivative(const Sign& sign) { return !sign.straight_through; }

// H = phi(A), features in rows and samples in lanes; in and out may be the same view, and have one
// stride. Whole packs are computed, the padding of the rows included.
template <class T>
void activate(const Activation& activation, const MatrixView<const T>& a, const MatrixView<T>& h);

// H = phi(A) and A <- phi'(A), of an activation that shares work.
template <class T>
void activate_with_slope(const Activation& activation, const MatrixView<T>& a,
                         const MatrixView<T>& h);

// H = phi(A) in place for one sample of n contiguous features.
template <class T>
void activate_one(const Activation& activation, Index n, T* h);

// G <- phi'(A) ∘ G: turns dL/dh into delta = dL/da (for softmax by its Jacobian, h ∘ (g - g·h)).
// With `has_slope` A holds phi'(A) instead.
template <class T>
void differentiate(const Activation& activation, const MatrixView<const T>& a,
                   const MatrixView<const T>& h, const MatrixView<T>& g, bool has_slope = false);

// The derivatives of H = phi(A) at a point, as directions pass through it (the R-operator,
// Pearlmutter 1994): slope = phi'(A) and curvature = phi''(A) ∘ G, where G = dL/dH; of softmax G
// itself.
template <class T>
struct ActivationDerivatives {
  MatrixView<T> slope, curvature;
};

// G <- phi'(A) ∘ G as `differentiate`, and fills the derivatives.
template <class T>
void linearize(const Activation& activation, const MatrixView<const T>& a,
               const MatrixView<const T>& h, const ActivationDerivatives<T>& point,
               const MatrixView<T>& g);

// H' = phi'(A) ∘ A', and A' <- curvature ∘ A', which the backward pass of the Hessian adds.
template <class T>
void r_activate(const Activation& activation, const MatrixView<const T>& h,
                const ActivationDerivatives<T>& point, const MatrixView<T>& ra,
                const MatrixView<T>& rh);

// G' <- phi'(A) ∘ G' + R{phi'(A)} ∘ G, the derivative of delta; `ra` and `rh` are those of
// r_activate. Gauss and Newton's form leaves out the second term: `ra` is empty then.
template <class T>
void r_differentiate(const Activation& activation, const MatrixView<const T>& h,
                     const ActivationDerivatives<T>& point, const MatrixView<const T>& ra,
                     const MatrixView<const T>& rh, const MatrixView<T>& rg);

}  // namespace fastmlp
