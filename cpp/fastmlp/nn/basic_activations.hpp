// Activations of the lecture, and linear units with an exponential or linear lower branch.
#pragma once

#include "fastmlp/nn/activation_base.hpp"

namespace fastmlp {

struct Identity : ActivationBase {
  static constexpr auto key = "identity", class_name = "Identity";
  static constexpr auto doc = R"(The activation of linear layers.

    phi(a) = a;  phi'(a) = 1)";
  template <class P>
  P value(P a) const {
    return a;
  }
  template <class P>
  P derivative(P, P h) const {
    return h == h ? constant<P>(1.0) : h;
  }
};

struct Sign {
  static constexpr auto key = "sign", class_name = "Sign";
  static constexpr auto doc = R"(The sign (Rosenblatt 1958).

    phi(a) = -1 for a < 0, 0 for a = 0, 1 for a > 0;  phi'(a) = 0

So a hidden layer of signs cannot learn by gradient, unless straight_through is set: then the
derivative is that of hard tanh (Bengio et al. 2013).)";
  static constexpr ActivationTraits traits{};
  static constexpr bool uses_input = true;
  bool straight_through = false;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("straight_through", self.straight_through, "uses the derivative of hard tanh");
  }
  template <class P>
  P value(P a) const {
    return a > P{} ? constant<P>(1.0) : a < P{} ? constant<P>(-1.0) : a;
  }
  template <class P>
  P derivative(P a, P) const {
    const P inside = straight_through ? constant<P>(1.0) : P{};
    return a == a ? (abs(a) < constant<P>(1.0) ? inside : P{}) : a;
  }
  template <class P>
  P second_derivative(P, P h) const {
    return zero_unless_nan(h);
  }
};

struct Sigmoid : ActivationBase {
  static constexpr auto key = "sigmoid", class_name = "Sigmoid";
  static constexpr auto doc = R"(The logistic function (Rumelhart et al. 1986).

    phi(a) = 1 / (1 + exp(-a));  phi' = phi (1 - phi))";
  template <class P>
  P value(P a) const {
    return sigmoid(a);
  }
  template <class P>
  P derivative(P, P h) const {
    return h * (constant<P>(1.0) - h);
  }
  template <class P>
  P second_derivative(P, P h) const {
    return h * (constant<P>(1.0) - h) * (constant<P>(1.0) - constant<P>(2.0) * h);
  }
};

struct Tanh : ActivationBase {
  static constexpr auto key = "tanh", class_name = "Tanh";
  static constexpr auto doc = R"(The hyperbolic tangent (LeCun et al. 1998).

    phi(a) = tanh(a);  phi' = 1 - phi²)";
  template <class P>
  P value(P a) const {
    return tanh(a);
  }
  template <class P>
  P derivative(P, P h) const {
    return constant<P>(1.0) - h * h;
  }
  template <class P>
  P second_derivative(P, P h) const {
    return constant<P>(-2.0) * h * (constant<P>(1.0) - h * h);
  }
};

struct ReLU : ActivationBase {
  static constexpr auto key = "relu", class_name = "ReLU";
  static constexpr auto doc = R"(The rectified linear unit (Nair & Hinton 2010).

    phi(a) = max(a, 0);  phi'(0) = 0)";
  template <class P>
  P value(P a) const {
    return relu(a);
  }
  template <class P>
  P derivative(P, P h) const {
    return relu_slope(h);
  }
};

struct HardTanh : ActivationBase {
  static constexpr auto key = "hard_tanh", class_name = "HardTanh";
  static constexpr auto doc = R"(The identity between -1 and 1, constant beyond (Collobert 2004).

    phi(a) = max(min(a, 1), -1);  phi'(±1) = 0)";
  template <class P>
  P value(P a) const {
    return clamp_above(clamp_below(a, -1.0), 1.0);
  }
  template <class P>
  P derivative(P, P h) const {
    return h == h ? (abs(h) < constant<P>(1.0) ? constant<P>(1.0) : P{}) : h;
  }
};

// Couples the units of a layer, so it is no function of packs: activation.cpp has its value and
// Jacobian.
struct Softmax : ActivationBase {
  static constexpr auto key = "softmax", class_name = "Softmax";
  static constexpr auto doc = R"(Probabilities of classes, along the last axis (Bridle 1990).

    phi(a)_i = exp(a_i) / sum_j exp(a_j)

The largest a_j is subtracted first, so nothing overflows. derivative(a) is the Jacobian
diag(h) - h hᵀ, of shape (..., k, k).)";
  static constexpr ActivationTraits traits{true, true};
  // Units of one softmax where a layer has several, one per position or step; 0: all. It follows
  // from the shape of the layer, and is none of the fields.
  Index group = 0;
  Index units(Index rows) const { return group > 0 ? group : rows; }
};

struct LeakyReLU {
  static constexpr auto key = "leaky_relu", class_name = "LeakyReLU";
  static constexpr auto doc = R"(A rectifier with a slope below 0 (Maas et al. 2013).

    phi(a) = a for a > 0, else slope a)";
  static constexpr ActivationTraits traits{};
  static constexpr bool uses_input = false;
  double slope = 0.01;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("slope", self.slope, kNonNegative, "factor of a < 0");
  }
  template <class P>
  P value(P a) const {
    return a > P{} ? a : (slope == 0.0 ? (a == a ? P{} : a) : a * constant<P>(slope));
  }
  template <class P>
  P derivative(P, P h) const {
    return h > P{} ? constant<P>(1.0) : (h == h ? constant<P>(slope) : h);
  }
  template <class P>
  P second_derivative(P, P h) const {
    return zero_unless_nan(h);
  }
};

struct ELU {
  static constexpr auto key = "elu", class_name = "ELU";
  static constexpr auto doc = R"(The exponential linear unit (Clevert et al. 2016).

    phi(a) = a for a > 0, else alpha (exp(a) - 1))";
  static constexpr ActivationTraits traits{};
  static constexpr bool uses_input = false;
  double alpha = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("alpha", self.alpha, kNonNegative, "-alpha is the limit at -inf");
  }
  template <class P>
  P value(P a) const {
    return a > P{} ? a : constant<P>(alpha) * expm1_negative(clamp_above(a, 0.0));
  }
  template <class P>
  P derivative(P, P h) const {
    return h > P{} ? constant<P>(1.0) : h + constant<P>(alpha);
  }
  template <class P>
  P second_derivative(P, P h) const {
    return h > P{} ? P{} : h + constant<P>(alpha);
  }
};

struct SELU : ActivationBase {
  static constexpr auto key = "selu", class_name = "SELU";
  static constexpr auto doc =
      R"(ELU scaled to keep mean 0 and variance 1 from layer to layer (Klambauer et al. 2017).

    phi(a) = s a for a > 0, else s alpha (exp(a) - 1);  s = 1.0507…, alpha = 1.6733…)";
  static constexpr double kScale = 1.0507009873554804934193349852946;
  static constexpr double kAlpha = 1.6732632423543772848170429916717;
  template <class P>
  P value(P a) const {
    return constant<P>(kScale) * ELU{kAlpha}.value(a);
  }
  template <class P>
  P derivative(P, P h) const {
    return h > P{} ? constant<P>(kScale) : h + constant<P>(kScale * kAlpha);
  }
  template <class P>
  P second_derivative(P, P h) const {
    return h > P{} ? P{} : h + constant<P>(kScale * kAlpha);
  }
};

}  // namespace fastmlp
