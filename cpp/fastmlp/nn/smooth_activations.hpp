// Smooth and gated activations, and those of special outputs and signals.
#pragma once

#include "fastmlp/nn/activation_base.hpp"

namespace fastmlp {

struct Softplus : ActivationBase {
  static constexpr auto key = "softplus", class_name = "Softplus";
  static constexpr auto doc = R"(A smooth rectifier (Dugas et al. 2001).

    phi(a) = log(1 + exp(a));  phi' = sigmoid(a))";
  static constexpr ActivationTraits traits{false, false, true};
  static constexpr bool uses_input = true;
  template <class P>
  P value(P a) const {
    return softplus(a);
  }
  template <class P>
  P derivative(P a, P) const {
    return sigmoid(a);
  }
  template <class P>
  P second_derivative(P a, P) const {
    return sigmoid(a) * sigmoid(-a);
  }
};

struct SiLU : ActivationBase {
  static constexpr auto key = "silu", class_name = "SiLU";
  static constexpr auto doc = R"(The sigmoid linear unit, also called swish (Elfwing et al. 2018).

    phi(a) = a sigmoid(a))";
  static constexpr ActivationTraits traits{false, false, true};
  static constexpr bool uses_input = true;
  static constexpr double kFar =
      1000.0;  // beyond it sigmoid(±a) is 0 or 1 in any precision: no inf * 0
  template <class P>
  P value(P a) const {
    return clamp_below(a, -kFar) * sigmoid(clamp_within(a, kFar));
  }
  template <class P>
  P derivative(P a, P) const {
    const P x = clamp_within(a, kFar);
    return sigmoid(x) * (constant<P>(1.0) + x * sigmoid_of_opposite(x));
  }
  // s s' (2 + a (s' - s)) with s = sigmoid(a), s' = 1 - s
  template <class P>
  P second_derivative(P a, P) const {
    const P x = clamp_within(a, kFar), up = sigmoid(x), down = sigmoid_of_opposite(x);
    return up * down * (constant<P>(2.0) + x * (down - up));
  }
};

struct GELU : ActivationBase {
  static constexpr auto key = "gelu", class_name = "GELU";
  static constexpr auto doc =
      R"(The Gaussian error linear unit, exact by erf (Hendrycks & Gimpel 2016).

    phi(a) = a Φ(a)

Φ is the distribution function of the standard normal distribution.)";
  static constexpr ActivationTraits traits{false, false, true};
  static constexpr bool uses_input = true;
  static constexpr double kFar = 40.0;  // beyond it Φ(±a) is 0 or 1 in any precision: no inf * 0
  template <class P>
  P value(P a) const {
    return clamp_below(a, -kFar) * normal_cdf(clamp_within(a, kFar));
  }
  template <class P>
  P derivative(P a, P) const {
    const P x = clamp_within(a, kFar);
    return normal_cdf(x) + x * normal_pdf(x);
  }
  template <class P>
  P second_derivative(P a, P) const {
    const P x = clamp_within(a, kFar);
    return normal_pdf(x) * (constant<P>(2.0) - x * x);
  }
};

struct Mish : ActivationBase {
  static constexpr auto key = "mish", class_name = "Mish";
  static constexpr auto doc = R"(A smooth rectifier that is self-gated as SiLU (Misra 2019).

    phi(a) = a tanh(log(1 + exp(a))))";
  static constexpr ActivationTraits traits{false, false, true};
  static constexpr bool uses_input = true;
  // n = eᵃ (eᵃ + 2), from which tanh(log(1 + eᵃ)) = n / (n + 2). Beyond ±40 it is 1, or a n is 0 in
  // any precision but for eᵃ itself, which 1000 leaves.
  template <class P>
  static P gate(P a, P& n) {
    const P e = exp(clamp_above(a, 40.0));
    n = e * (e + constant<P>(2.0));
    return n / (n + constant<P>(2.0));
  }
  template <class P>
  P value(P a) const {
    P n;
    return clamp_below(a, -SiLU::kFar) * gate(clamp_within(a, SiLU::kFar), n);
  }
  // t + a t', t = gate, t' = s (1 - t²), s = sigmoid(a); 1 - t = 2 / (n + 2)
  template <class P>
  P derivative(P a, P) const {
    const P x = clamp_within(a, SiLU::kFar);
    P n;
    const P t = gate(x, n);
    return t +
           x * sigmoid(x) * (constant<P>(1.0) + t) * (constant<P>(2.0) / (n + constant<P>(2.0)));
  }
  // 2 t' + a t'', t'' = t' (1 - s - 2 s t)
  template <class P>
  P second_derivative(P a, P) const {
    const P x = clamp_within(a, SiLU::kFar), one = constant<P>(1.0);
    const P two = constant<P>(2.0), s = sigmoid(x);
    P n;
    const P t = gate(x, n), slope = s * (one + t) * (two / (n + two));
    return slope * (two + x * (sigmoid_of_opposite(x) - two * s * t));
  }
};

struct HardSigmoid : ActivationBase {
  static constexpr auto key = "hard_sigmoid", class_name = "HardSigmoid";
  static constexpr auto doc = R"(A piecewise linear sigmoid (Courbariaux et al. 2015).

    phi(a) = max(0, min(1, a / 6 + 1/2));  phi'(±3) = 0)";
  static constexpr bool uses_input = true;
  template <class P>
  P value(P a) const {
    const P line = a * constant<P>(1.0 / 6) + constant<P>(0.5);
    return clamp_above(clamp_below(line, 0.0), 1.0);
  }
  template <class P>
  P derivative(P a, P) const {
    return a == a ? (abs(a) < constant<P>(3.0) ? constant<P>(1.0 / 6) : P{}) : a;
  }
};

struct Exponential : ActivationBase {
  static constexpr auto key = "exponential", class_name = "Exponential";
  static constexpr auto doc =
      R"(The exponential function, for rates as outputs (Nelder & Wedderburn 1972).

    phi(a) = exp(a);  phi' = phi)";
  template <class P>
  P value(P a) const {
    return exp(a);
  }
  template <class P>
  P derivative(P, P h) const {
    return h;
  }
  template <class P>
  P second_derivative(P, P h) const {
    return h;
  }
};

struct Softsign : ActivationBase {
  static constexpr auto key = "softsign", class_name = "Softsign";
  static constexpr auto doc =
      R"(A sigmoid with limits ±1 as tanh, which nears them slowly (Bergstra et al. 2009).

    phi(a) = a / (1 + |a|);  phi' = 1 / (1 + |a|)²)";
  static constexpr bool uses_input = true;
  template <class P>
  static P shrunk(P a) {
    return constant<P>(1.0) / (constant<P>(1.0) + abs(a));
  }
  template <class P>
  P value(P a) const {
    const P x = clamp_to_finite(a);
    return x / (constant<P>(1.0) + abs(x));
  }
  template <class P>
  P derivative(P a, P) const {
    return shrunk(a) * shrunk(a);
  }
  template <class P>
  P second_derivative(P a, P) const {
    const P slope = constant<P>(2.0) * shrunk(a) * shrunk(a) * shrunk(a);
    return a < P{} ? slope : a > P{} ? -slope : a;
  }
};

struct Sine {
  static constexpr auto key = "sine", class_name = "Sine";
  static constexpr auto doc =
      R"(The sine, for signals and fields as functions of position and time (Sitzmann et al. 2020).

    phi(a) = sin(omega a);  phi' = omega cos(omega a)

Initialise its layers by `SIREN(omega)`, the first one by `SIREN(omega, first=True)`.)";
  static constexpr ActivationTraits traits{};
  static constexpr bool uses_input = true;
  double omega = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("omega", self.omega, kPositive, "frequency, 30 in the source");
  }
  template <class P>
  P value(P a) const {
    return sine(constant<P>(omega) * a, 0);
  }
  template <class P>
  P derivative(P a, P) const {
    return constant<P>(omega) * sine(constant<P>(omega) * a, 1);
  }
  template <class P>
  P second_derivative(P, P h) const {
    return constant<P>(-omega * omega) * h;
  }
};

}  // namespace fastmlp
