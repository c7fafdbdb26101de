// The family of losses L(o, y) of one sample: a sum over outputs of value(o, y), with gradient(o,
// y) = dL/do and second_derivative(o, y) = d²L/do², written for packs. The loss of a batch is sum_i
// w_i L_i / sum_i w_i. Adding one: a struct below, its name in the variant, five lines in
// tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <variant>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/family.hpp"
#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// c log(x), and 0 where c = 0 whatever x is.
template <class P>
inline P times_log(P c, P x) {
  return c == P{} ? P{} : c * log(x);
}

// x, which has the factor c, or a finite number where c is 0, so that 0 inf counts as 0.
template <class P>
inline P with_factor(P x, P c) {
  return c == P{} ? clamp_to_finite(x) : x;
}

// Properties of a loss that other parts of the library depend on.
struct LossTraits {
  double min_target = -std::numeric_limits<double>::infinity();  // of y, beyond which the loss
  double max_target = std::numeric_limits<double>::infinity();   // has no minimum
  bool labels_pm1 = false;                                       // y is -1 or 1
  bool reads_preactivation = false;  // of a sign output, whose derivative is not needed then
  Index outputs_per_target = 1;
};

// A loss without hyperparameters, by default piecewise linear in o.
struct LossBase {
  static constexpr LossTraits traits{};
  template <class P>
  P second_derivative(P o, P) const {
    return o == o ? P{} : o;
  }
  template <class Self, class F>
  static void fields(Self&, F&&) {}
};

struct SquaredError : LossBase {
  static constexpr auto key = "squared_error", class_name = "SquaredError";
  static constexpr auto doc = R"(Half the squared error (Legendre 1805).

    L = 1/2 sum_j (o_j - y_j)²;  dL/do = o - y)";
  template <class P>
  P value(P o, P y) const {
    return constant<P>(0.5) * (o - y) * (o - y);
  }
  template <class P>
  P gradient(P o, P y) const {
    return o - y;
  }
  template <class P>
  P second_derivative(P o, P y) const {
    const P e = o - y;
    return e == e ? constant<P>(1.0) : e;
  }
};

struct AbsoluteError : LossBase {
  static constexpr auto key = "absolute_error", class_name = "AbsoluteError";
  static constexpr auto doc = R"(The absolute error (Laplace 1793).

    L = sum_j |o_j - y_j|;  dL/do = sign(o - y), 0 at equality)";
  template <class P>
  P value(P o, P y) const {
    return abs(o - y);
  }
  template <class P>
  P gradient(P o, P y) const {
    const P e = o - y;
    return e > P{} ? constant<P>(1.0) : e < P{} ? constant<P>(-1.0) : e;
  }
};

struct Huber {
  static constexpr auto key = "huber", class_name = "Huber";
  static constexpr auto doc = R"(Quadratic for small errors e, linear for large ones (Huber 1964).

    e = o - y;  L = sum_j (e_j² / 2 where |e_j| <= delta, else delta (|e_j| - delta / 2)))";
  static constexpr LossTraits traits{};
  double delta = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("delta", self.delta, kPositive, "error at which the loss becomes linear");
  }
  template <class P>
  P value(P o, P y) const {
    const P e = abs(o - y), d = constant<P>(delta);
    return e > d ? d * (e - constant<P>(0.5) * d) : constant<P>(0.5) * e * e;
  }
  template <class P>
  P gradient(P o, P y) const {
    return clamp_above(clamp_below(o - y, -delta), delta);
  }
  template <class P>
  P second_derivative(P o, P y) const {
    return abs(o - y) > constant<P>(delta) ? P{} : constant<P>(1.0);
  }
};

struct CrossEntropy {
  static constexpr auto key = "cross_entropy", class_name = "CrossEntropy";
  static constexpr auto doc = R"(Negative log-likelihood of class probabilities.

    L = -sum_j y_j log o_j, with 0 log 0 = 0;  dL/do = -y / o

On a softmax output it is computed from pre-activations by log-sum-exp. label_smoothing s replaces
the targets y by (1 - s) y + s / n_out (Szegedy et al. 2016).)";
  static constexpr LossTraits traits{0, 1};
  double label_smoothing = 0.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("label_smoothing", self.label_smoothing, kUnitInterval,
      "fraction of each target spread over all classes");
  }
  template <class P>
  P value(P o, P y) const {
    return -times_log(y, o);
  }
  template <class P>
  P gradient(P o, P y) const {
    return y == P{} ? P{} : -y / o;
  }
  template <class P>
  P second_derivative(P o, P y) const {
    return y == P{} ? P{} : y / (o * o);
  }
};

struct BinaryCrossEntropy : LossBase {
  static constexpr auto key = "binary_cross_entropy", class_name = "BinaryCrossEntropy";
  static constexpr auto doc = R"(Negative log-likelihood of independent labels, 0 or 1 (Cox 1958).

    L = -sum_j [y_j log o_j + (1 - y_j) log(1 - o_j)];  dL/do = (1 - y) / (1 - o) - y / o

On a sigmoid output it is computed from pre-activations: softplus(a) - y a.)";
  static constexpr LossTraits traits{0, 1};
  template <class P>
  P value(P o, P y) const {
    const P one = constant<P>(1.0);
    return -(times_log(y, o) + times_log(one - y, one - o));
  }
  template <class P>
  P gradient(P o, P y) const {
    const P one = constant<P>(1.0);
    const P ones = y == one ? P{} : (one - y) / (one - o);
    return ones - (y == P{} ? P{} : y / o);
  }
  template <class P>
  P second_derivative(P o, P y) const {
    const P other = constant<P>(1.0) - o, zeros = constant<P>(1.0) - y;
    return (zeros == P{} ? P{} : zeros / (other * other)) + (y == P{} ? P{} : y / (o * o));
  }
};

struct Perceptron : LossBase {
  static constexpr auto key = "perceptron", class_name = "Perceptron";
  static constexpr auto doc =
      R"(The perceptron criterion, for labels y = ±1 and the pre-activation a (Rosenblatt 1958).

    L = sum_j max(0, -y_j a_j);  dL/da = -y where y a <= 0

The gradient is -y at equality too, or a perceptron that starts from zeros never moves.)";
  static constexpr LossTraits traits{-1, 1, true, true};
  template <class P>
  P value(P a, P y) const {
    const P loss = -y * a;
    return loss <= P{} ? P{} : loss;
  }
  template <class P>
  P gradient(P a, P y) const {
    return y * a > P{} ? P{} : -y;
  }
};

struct Hinge : LossBase {
  static constexpr auto key = "hinge", class_name = "Hinge";
  static constexpr auto doc =
      R"(The margin loss of support vector machines, for labels y = ±1 (Cortes & Vapnik 1995).

    L = sum_j max(0, 1 - y_j a_j);  dL/da = -y where y a <= 1

The gradient is -y at equality too. On a sign output a is the pre-activation.)";
  static constexpr LossTraits traits{-1, 1, true, true};
  template <class P>
  P value(P a, P y) const {
    const P loss = constant<P>(1.0) - y * a;
    return loss <= P{} ? P{} : loss;
  }
  template <class P>
  P gradient(P a, P y) const {
    return y * a > constant<P>(1.0) ? P{} : -y;
  }
};

struct Quantile {
  static constexpr auto key = "quantile", class_name = "Quantile";
  static constexpr auto doc =
      R"(Pinball loss, whose minimum is the quantile q (Koenker & Bassett 1978).

    e = y - o;  L = sum_j max(q e_j, (q - 1) e_j)
    dL/do = -q for e > 0, 1 - q for e < 0, 0 at 0)";
  static constexpr LossTraits traits{};
  double q = 0.5;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("q", self.q, Interval{0, 1, true, true}, "quantile to be estimated");
  }
  template <class P>
  P value(P o, P y) const {
    const P e = y - o;
    return e > P{} ? constant<P>(q) * e : constant<P>(q - 1) * e;
  }
  template <class P>
  P gradient(P o, P y) const {
    const P e = y - o;
    return e > P{} ? constant<P>(-q) : e < P{} ? constant<P>(1 - q) : e;
  }
  template <class P>
  P second_derivative(P o, P) const {
    return o == o ? P{} : o;
  }
};

struct Poisson {
  static constexpr auto key = "poisson", class_name = "Poisson";
  static constexpr auto doc =
      R"(Negative log-likelihood of counts, without the term that depends only on y.

    L = sum_j (exp(o_j) - y_j o_j)    with log_input: o is the log of the rate, as in torch
    L = sum_j (o_j - y_j log o_j)     without: o is the rate itself, as in Keras)";
  static constexpr LossTraits traits{0};
  bool log_input = true;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("log_input", self.log_input, "outputs are logarithms of rates");
  }
  template <class P>
  P value(P o, P y) const {
    return log_input ? exp(o) - (y == P{} ? P{} : y * o) : o - times_log(y, o);
  }
  template <class P>
  P gradient(P o, P y) const {
    const P one = constant<P>(1.0);
    return log_input ? exp(o) - y : one - (y == P{} ? P{} : y / o);
  }
  template <class P>
  P second_derivative(P o, P y) const {
    return log_input ? exp(o) : (y == P{} ? P{} : y / (o * o));
  }
};

// Two outputs per target, so it is no function of packs: output_loss.cpp computes it.
struct GaussianNLL : LossBase {
  static constexpr auto key = "gaussian_nll", class_name = "GaussianNLL";
  static constexpr auto doc =
      R"(Negative log-likelihood of normal targets (Nix & Weigend 1994), without its constant.

The n_out outputs are n_out / 2 means m, then as many log variances s; y has n_out / 2 columns. Of a
sequence or an image this holds for each step or position.

    L = sum_j (s_j + (y_j - m_j)² exp(-s_j)) / 2)";
  static constexpr LossTraits traits{LossBase::traits.min_target, LossBase::traits.max_target,
                                     false, false, 2};
};

using Loss = std::variant<SquaredError, AbsoluteError, Huber, CrossEntropy, BinaryCrossEntropy,
                          Hinge, Perceptron, Quantile, Poisson, GaussianNLL>;

// Number of columns of y for this number of outputs.
inline Index target_columns(const Loss& loss, Index outputs) {
  return std::visit([&](const auto& l) { return outputs / l.traits.outputs_per_target; }, loss);
}

// y <- (1 - s) y + s / n for the targets of each sample, where the loss smooths labels of n
// classes.
template <class T>
void smooth_targets(const Loss& loss, Index n, MatrixView<T> y) {
  const auto* cross_entropy = std::get_if<CrossEntropy>(&loss);
  if (!cross_entropy || cross_entropy->label_smoothing == 0) return;
  const double s = cross_entropy->label_smoothing;
  const T keep = static_cast<T>(1 - s), add = static_cast<T>(s / static_cast<double>(n));
  for (Index i = 0; i < y.rows; ++i) {
    for (Index j = 0; j < y.cols; ++j) y.row(i)[j] = keep * y.row(i)[j] + add;
  }
}

}  // namespace fastmlp
