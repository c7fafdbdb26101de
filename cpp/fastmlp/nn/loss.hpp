// The family of losses L(o, y) of one sample: a sum over outputs of value(o, y), with gradient(o,
// y) = dL/do, both written for packs. The loss of a batch is sum_i w_i L_i / sum_i w_i. Adding one:
// a struct below, its name in the variant, five lines in tests/reference.py, a row in
// docs/lecture.md.
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

struct PlainLoss {
  template <class Self, class F>
  static void fields(Self&, F&&) {}
};

struct SquaredError : PlainLoss {
  static constexpr auto name = "squared_error", title = "SquaredError";
  static constexpr auto doc = "L = 1/2 sum_j (o_j - y_j)²; dL/do = o - y.";
  template <class P>
  P value(P o, P y) const {
    return constant<P>(0.5) * (o - y) * (o - y);
  }
  template <class P>
  P gradient(P o, P y) const {
    return o - y;
  }
};

struct AbsoluteError : PlainLoss {
  static constexpr auto name = "absolute_error", title = "AbsoluteError";
  static constexpr auto doc = "L = sum_j |o_j - y_j|; dL/do = sign(o - y), 0 at equality.";
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
  static constexpr auto name = "huber", title = "Huber";
  static constexpr auto doc =
      "L = sum_j (e_j² / 2 where |e_j| <= delta, else delta (|e_j| - delta / 2)), e = o - y (Huber "
      "1964).";
  double delta = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("delta", self.delta, kPositive);
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
};

struct CrossEntropy : PlainLoss {
  static constexpr auto name = "cross_entropy", title = "CrossEntropy";
  static constexpr auto doc =
      "L = -sum_j y_j log o_j, with 0 log 0 = 0; dL/do = -y / o.\n\n"
      "On a softmax output it is computed from pre-activations by log-sum-exp.";
  template <class P>
  P value(P o, P y) const {
    return -times_log(y, o);
  }
  template <class P>
  P gradient(P o, P y) const {
    return y == P{} ? P{} : -y / o;
  }
};

struct BinaryCrossEntropy : PlainLoss {
  static constexpr auto name = "binary_cross_entropy", title = "BinaryCrossEntropy";
  static constexpr auto doc =
      "L = -sum_j [y_j log o_j + (1 - y_j) log(1 - o_j)]; dL/do = (1 - y) / (1 - o) - y / o.\n\n"
      "On a sigmoid output it is computed from pre-activations: softplus(a) - y a.";
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
};

struct Perceptron : PlainLoss {
  static constexpr auto name = "perceptron", title = "Perceptron";
  static constexpr auto doc =
      "L = sum_j max(0, -y_j a_j) for labels y = ±1 and the pre-activation a (Rosenblatt 1958).\n\n"
      "dL/da = -y where y a <= 0: at equality too, or a perceptron that starts from zeros never "
      "moves.";
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

using Loss =
    std::variant<SquaredError, AbsoluteError, Huber, CrossEntropy, BinaryCrossEntropy, Perceptron>;

}  // namespace fastmlp
