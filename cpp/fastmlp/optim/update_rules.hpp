// The family of first-order update rules. A rule lists its hyperparameters, names its state vectors
// (one entry per parameter, 0 at the start), and `at(lr, t, use)` passes to `use` the element-wise
// update of step t = 1, 2, …: a function of the parameter w, its gradient g and its state, in the
// order of the names. Constants are computed in double and cast last. Adding a rule: a struct
// below, its name in the variant, five lines in tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <cmath>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"

namespace fastmlp {

// What every rule has beside its own fields: the rate comes first, the rest last in the
// constructor.
struct UpdateRuleOptions {
  double learning_rate;
  std::optional<double> clip_norm;
  std::optional<Interval> clip_value;
};

// Lists learning_rate, the rule's own fields, then the options: the constructor of an update rule.
template <class Rule>
struct UpdateRule : UpdateRuleOptions {
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("learning_rate", self.learning_rate, kPositive);
    Rule::own_fields(self, f);
    f("clip_norm", self.clip_norm, kPositive);
    f("clip_value", self.clip_value);
  }
};

struct SGD : UpdateRule<SGD> {
  static constexpr auto name = "sgd", title = "SGD";
  static constexpr auto doc =
      "Gradient descent, with momentum (Polyak 1964) or Nesterov momentum (Sutskever et al. "
      "2013).\n\n"
      "    v <- momentum v - lr g;  w <- w + v            (nesterov: w <- w + momentum v - lr "
      "g)\n\n"
      "With nesterov the stored w is the look-ahead point w + momentum v, as in torch. The rate "
      "is\n"
      "kept inside v, as in Keras and scikit-learn; torch keeps it outside: equal at a constant "
      "rate.";
  double momentum = 0.0;
  bool nesterov = false;

  SGD() { learning_rate = 1e-3; }
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("momentum", self.momentum, kFraction);
    f("nesterov", self.nesterov);
  }
  std::vector<std::string> state() const {
    return momentum == 0 ? std::vector<std::string>{} : std::vector<std::string>{"v"};
  }
  template <class T, class Use>
  void at(double rate, Index, Use&& use) const {
    const T lr = T(rate), beta = T(momentum);
    if (momentum == 0) return use([=](T& w, T g) { w -= lr * g; });
    if (!nesterov) return use([=](T& w, T g, T& v) { w += v = beta * v - lr * g; });
    use([=](T& w, T g, T& v) {
      v = beta * v - lr * g;
      w += beta * v - lr * g;
    });
  }
};

struct Adam : UpdateRule<Adam> {
  static constexpr auto name = "adam", title = "Adam";
  static constexpr auto doc =
      "Adaptive moments (Kingma & Ba 2015, algorithm 1); amsgrad: Reddi et al. 2018.\n\n"
      "    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g²\n"
      "    w <- w - lr m̂ / (sqrt(v̂) + eps),   m̂ = m / (1 - beta1^t),  v̂ = v / (1 - beta2^t)\n\n"
      "eps_mode 'outside' is this form (torch); 'hat' adds eps to sqrt(v) before its correction\n"
      "(Keras, scikit-learn, 'epsilon hat' of the paper); 'inside' takes sqrt(v̂ + eps).";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::string eps_mode = "outside";
  bool amsgrad = false;

  Adam() { learning_rate = 1e-3; }
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("eps", self.eps, kNotNegative);
    f("eps_mode", self.eps_mode, Choices{"outside", "hat", "inside"});
    f("amsgrad", self.amsgrad);
  }
  std::vector<std::string> state() const {
    return amsgrad ? std::vector<std::string>{"m", "v", "v_max"}
                   : std::vector<std::string>{"m", "v"};
  }
  // lr m̂ / (sqrt(v̂) + eps) = rate m / (sqrt(v + inside) + outside), the corrections moved into the
  // constants.
  template <class T, class Use>
  void at(double lr, Index t, Use&& use) const {
    const double steps = static_cast<double>(t);
    const double c1 = 1 - std::pow(beta1, steps), c2 = 1 - std::pow(beta2, steps);
    const T rate = T(lr * std::sqrt(c2) / c1);
    const T inside = T(eps_mode == "inside" ? eps * c2 : 0);
    const T outside = T(eps_mode == "outside" ? eps * std::sqrt(c2) : eps_mode == "hat" ? eps : 0);
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    if (!amsgrad) {
      return use([=](T& w, T g, T& m, T& v) {
        m = b1 * m + d1 * g;
        v = b2 * v + d2 * g * g;
        w -= rate * m / (std::sqrt(v + inside) + outside);
      });
    }
    use([=](T& w, T g, T& m, T& v, T& v_max) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      v_max = v > v_max ? v : v_max;
      w -= rate * m / (std::sqrt(v_max + inside) + outside);
    });
  }
};

using Rule = std::variant<SGD, Adam>;

}  // namespace fastmlp
