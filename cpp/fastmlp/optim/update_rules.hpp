// The family of first-order update rules. A rule lists its hyperparameters, names its state vectors
// (one entry per parameter) with the value they start from, and `at(step, use)` passes to `use` the
// element-wise update of one step: a function of the parameter w, its gradient g and its state, in
// the order of the names. Constants are computed in double and cast last. Adding a rule: a struct
// below, its name in the variant, some lines in tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <cmath>
#include <limits>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp {

// A number or a vector that a rule keeps, and what it is at the start.
struct State {
  const char* name;
  double initial = 0;
};

// What a rule knows of step t = 1, 2, …: its learning rate and the numbers that the rule keeps.
struct Step {
  double lr;
  Index t;
  const double* numbers;
};

// Decoupled weight decay: w <- (1 - lr rate) w before the rule.
struct Decay {
  double rate = 0;
  bool biases = false;
};

// What every rule has beside its own fields; learning_rate comes first in the constructor, the rest
// last.
struct UpdateRuleOptions {
  LearningRate learning_rate;
  std::optional<double> clip_norm;
  std::optional<Interval> clip_value;
  bool normalize = false;
  std::optional<Polyak> average;
  bool proximal_l1 = false;
};

template <class Rule>
struct UpdateRule : UpdateRuleOptions {
  explicit UpdateRule(double lr) { learning_rate.source = lr; }

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("learning_rate", self.learning_rate, kPositive);
    Rule::own_fields(self, f);
    f("clip_norm", self.clip_norm, kPositive);
    f("clip_value", self.clip_value);
    f("normalize", self.normalize);
    f("average", self.average);
    f("proximal_l1", self.proximal_l1);
  }

  // What a rule may define otherwise. Numbers that it keeps, and what becomes of them after a pass:
  // an update that returns a value has these summed over all n parameters.
  std::vector<State> numbers() const { return {}; }
  void finish(const Step&, double, Index, double*) const {}
  Decay decay() const { return {}; }
  // The gradient is wanted at w + look_ahead() v, v being the first state vector; the second keeps
  // w.
  double look_ahead() const { return 0; }
};

struct SGD : UpdateRule<SGD> {
  static constexpr auto name = "sgd", title = "SGD";
  static constexpr auto doc =
      R"(Gradient descent, with momentum (Polyak 1964) or Nesterov momentum (Sutskever et al. 2013).

    v <- momentum v - lr g;  w <- w + v        (nesterov=True: w <- w + momentum v - lr g)

nesterov=True stores the look-ahead point w + momentum v, as torch does; nesterov='lecture' keeps w
itself, takes g at w + momentum v, and w <- w + v. The rate is kept inside v, as in Keras and
scikit-learn; torch keeps it outside: equal at a constant rate.)";
  double momentum = 0.0;
  FlagOrWord nesterov = false;

  SGD() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("momentum", self.momentum, kFraction);
    f("nesterov", self.nesterov, Choices{"lecture"});
  }
  bool literal() const { return std::holds_alternative<std::string>(nesterov) && momentum > 0; }
  double look_ahead() const { return literal() ? momentum : 0; }
  std::vector<State> state(double) const {
    if (momentum == 0) return {};
    return literal() ? std::vector<State>{{"v"}, {"w"}} : std::vector<State>{{"v"}};
  }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const T lr = T(step.lr), beta = T(momentum);
    if (momentum == 0) return use([=](T& w, T g) { w -= lr * g; });
    if (literal()) return use([=](T& w, T g, T& v, T& own) { w = own + (v = beta * v - lr * g); });
    if (nesterov == FlagOrWord(false))
      return use([=](T& w, T g, T& v) { w += v = beta * v - lr * g; });
    use([=](T& w, T g, T& v) {
      v = beta * v - lr * g;
      w += beta * v - lr * g;
    });
  }
};

struct DeltaBarDelta : UpdateRule<DeltaBarDelta> {
  static constexpr auto name = "delta_bar_delta", title = "DeltaBarDelta";
  static constexpr auto doc = R"(A gain of its own for every parameter (Jacobs 1988).

    gain <- gain + kappa        where d g > 0
    gain <- gain (1 - phi)      where d g < 0, but at least min_gain
    d <- (1 - theta) g + theta d;  w <- w - gain g     (momentum: v <- momentum v - gain g; w <- w + v)

Gains start from the learning rate, which has no other part. Made for the full batch. kappa is added
at every step: one far above the learning rate, like the default, makes gains grow quickly.)";
  double kappa = 0.2, phi = 0.2, theta = 0.5, min_gain = 1e-8, momentum = 0.0;

  DeltaBarDelta() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("kappa", self.kappa, kNotNegative);
    f("phi", self.phi, kFraction);
    f("theta", self.theta, kFraction);
    f("min_gain", self.min_gain, kPositive);
    f("momentum", self.momentum, kFraction);
  }
  std::vector<State> state(double lr) const {
    if (momentum == 0) return {{"d"}, {"gain", lr}};
    return {{"d"}, {"gain", lr}, {"v"}};
  }
  template <class T, class Use>
  void at(const Step&, Use&& use) const {
    const T up = T(kappa), down = T(1 - phi), old = T(theta), fresh = T(1 - theta);
    const T least = T(min_gain), beta = T(momentum);
    const auto adapt = [=](T g, T& d, T& gain) {
      const T agreement = d * g;
      const T smaller = gain * down;
      gain = agreement > 0 ? gain + up : agreement < 0 ? (smaller > least ? smaller : least) : gain;
      d = fresh * g + old * d;
    };
    if (momentum == 0) {
      return use([=](T& w, T g, T& d, T& gain) {
        adapt(g, d, gain);
        w -= gain * g;
      });
    }
    use([=](T& w, T g, T& d, T& gain, T& v) {
      adapt(g, d, gain);
      w += v = beta * v - gain * g;
    });
  }
};

struct AdaGrad : UpdateRule<AdaGrad> {
  static constexpr auto name = "adagrad", title = "AdaGrad";
  static constexpr auto doc =
      R"(A rate for every parameter that falls with its squared gradients (Duchi et al. 2011).

    a <- a + g²;  w <- w - lr g / (sqrt(a) + eps))";
  double eps = 1e-10;

  AdaGrad() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("eps", self.eps, kNotNegative);
  }
  std::vector<State> state(double) const { return {{"a"}}; }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    use([lr = T(step.lr), e = T(eps)](T& w, T g, T& a) {
      a += g * g;
      w -= lr * g / (std::sqrt(a) + e);
    });
  }
};

struct RMSProp : UpdateRule<RMSProp> {
  static constexpr auto name = "rmsprop", title = "RMSProp";
  static constexpr auto doc =
      R"(Gradients over their root mean square (Tieleman & Hinton 2012; nesterov: Goodfellow et al. 2016).

    a <- rho a + (1 - rho) g²;  r = g / (sqrt(a) + eps);  w <- w - lr r
    with momentum: v <- momentum v - lr r;  w <- w + v     (nesterov: w <- w + momentum v - lr r)

With nesterov the stored w is the look-ahead point, where the one gradient g is taken.)";
  double rho = 0.99, eps = 1e-8, momentum = 0.0;
  bool nesterov = false;

  RMSProp() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("rho", self.rho, kFraction);
    f("eps", self.eps, kNotNegative);
    f("momentum", self.momentum, kFraction);
    f("nesterov", self.nesterov);
  }
  std::vector<State> state(double) const {
    return momentum == 0 ? std::vector<State>{{"a"}} : std::vector<State>{{"a"}, {"v"}};
  }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const T lr = T(step.lr), r = T(rho), fresh = T(1 - rho), e = T(eps), beta = T(momentum);
    const auto scaled = [=](T g, T& a) {
      a = r * a + fresh * g * g;
      return lr * g / (std::sqrt(a) + e);
    };
    if (momentum == 0) return use([=](T& w, T g, T& a) { w -= scaled(g, a); });
    if (!nesterov) return use([=](T& w, T g, T& a, T& v) { w += v = beta * v - scaled(g, a); });
    use([=](T& w, T g, T& a, T& v) {
      const T change = scaled(g, a);
      v = beta * v - change;
      w += beta * v - change;
    });
  }
};

struct AdaDelta : UpdateRule<AdaDelta> {
  static constexpr auto name = "adadelta", title = "AdaDelta";
  static constexpr auto doc = R"(Steps in the units of w (Zeiler 2012, algorithm 1).

    a <- rho a + (1 - rho) g²;  D = -sqrt((u + eps) / (a + eps)) g
    u <- rho u + (1 - rho) D²;  w <- w + lr D

scalar=True keeps one number u for all parameters, u <- rho u + (1 - rho) mean(D²), with D of the
step before: the lecture's form, divided by the number of parameters, without which it diverges.)";
  double rho = 0.9, eps = 1e-6;
  bool scalar = false;

  AdaDelta() : UpdateRule(1.0) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("rho", self.rho, kFraction);
    f("eps", self.eps, kPositive);
    f("scalar", self.scalar);
  }
  std::vector<State> state(double) const {
    return scalar ? std::vector<State>{{"a"}} : std::vector<State>{{"a"}, {"u"}};
  }
  std::vector<State> numbers() const {
    return scalar ? std::vector<State>{{"u"}} : std::vector<State>{};
  }
  void finish(const Step&, double squares, Index n, double* numbers) const {
    if (scalar) numbers[0] = rho * numbers[0] + (1 - rho) * squares / static_cast<double>(n);
  }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const T lr = T(step.lr), r = T(rho), fresh = T(1 - rho), e = T(eps);
    if (scalar) {
      return use([=, u = T(step.numbers[0])](T& w, T g, T& a) {
        a = r * a + fresh * g * g;
        const T d = -std::sqrt((u + e) / (a + e)) * g;
        w += lr * d;
        return d * d;
      });
    }
    use([=](T& w, T g, T& a, T& u) {
      a = r * a + fresh * g * g;
      const T d = -std::sqrt((u + e) / (a + e)) * g;
      u = r * u + fresh * d * d;
      w += lr * d;
    });
  }
};

struct Adam : UpdateRule<Adam> {
  static constexpr auto name = "adam", title = "Adam";
  static constexpr auto doc =
      R"(Adaptive moments (Kingma & Ba 2015, algorithm 1); amsgrad: Reddi et al. 2018.

    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g²
    w <- w - lr m̂ / (sqrt(v̂) + eps),   m̂ = m / (1 - beta1^t),  v̂ = v / (1 - beta2^t)

eps_mode 'outside' is this form (torch); 'hat' adds eps to sqrt(v) before its correction
(Keras, scikit-learn, 'epsilon hat' of the paper); 'inside' takes sqrt(v̂ + eps).)";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::string eps_mode = "outside";
  bool amsgrad = false;

  explicit Adam(double lr = 1e-3) : UpdateRule(lr) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("eps", self.eps, kNotNegative);
    f("eps_mode", self.eps_mode, Choices{"outside", "hat", "inside"});
    f("amsgrad", self.amsgrad);
  }
  std::vector<State> state(double) const {
    if (amsgrad) return {{"m"}, {"v"}, {"v_max"}};
    return {{"m"}, {"v"}};
  }
  // lr m̂ / (sqrt(v̂) + eps) = rate m / (sqrt(v + inside) + outside), the corrections moved into the
  // constants.
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const double t = static_cast<double>(step.t);
    const double c1 = 1 - std::pow(beta1, t), c2 = 1 - std::pow(beta2, t);
    const T rate = T(step.lr * std::sqrt(c2) / c1);
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

// Adam on decayed weights: everything but the decay is Adam's.
struct AdamW : UpdateRule<AdamW> {
  static constexpr auto name = "adamw", title = "AdamW";
  static constexpr auto doc = R"(Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    w <- (1 - lr weight_decay) w, then Adam's update

Weights only; biases too with decay_biases, as torch does.)";
  Adam adam;
  double weight_decay = 1e-2;
  bool decay_biases = false;

  AdamW() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    Adam::own_fields(self.adam, f);
    f("weight_decay", self.weight_decay, kNotNegative);
    f("decay_biases", self.decay_biases);
  }
  std::vector<State> state(double lr) const { return adam.state(lr); }
  Decay decay() const { return {weight_decay, decay_biases}; }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    adam.at<T>(step, use);
  }
};

struct NAdam : UpdateRule<NAdam> {
  static constexpr auto name = "nadam", title = "NAdam";
  static constexpr auto doc = R"(Adam with Nesterov momentum (Dozat 2016), as torch.

    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  P_t = mu_1 … mu_t;  m, v as in Adam
    w <- w - lr ((1 - mu_t) g / (1 - P_t) + mu_{t+1} m / (1 - P_{t+1})) / (sqrt(v̂) + eps))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, momentum_decay = 4e-3;

  NAdam() : UpdateRule(2e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("eps", self.eps, kNotNegative);
    f("momentum_decay", self.momentum_decay, kNotNegative);
  }
  std::vector<State> state(double) const { return {{"m"}, {"v"}}; }
  std::vector<State> numbers() const { return {{"mu_product", 1}}; }
  double mu(Index t) const {
    return beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * momentum_decay));
  }
  void finish(const Step& step, double, Index, double* numbers) const { numbers[0] *= mu(step.t); }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const double now = mu(step.t), next = mu(step.t + 1), product = step.numbers[0] * now;
    const double c2 = 1 - std::pow(beta2, static_cast<double>(step.t));
    const T by_g = T(step.lr * (1 - now) / (1 - product));
    const T by_m = T(step.lr * next / (1 - product * next));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    const T correction = T(1 / c2), e = T(eps);
    use([=](T& w, T g, T& m, T& v) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      w -= (by_g * g + by_m * m) / (std::sqrt(v * correction) + e);
    });
  }
};

struct AdaMax : UpdateRule<AdaMax> {
  static constexpr auto name = "adamax", title = "AdaMax";
  static constexpr auto doc =
      R"(Adam by the infinity norm (Kingma & Ba 2015, section 7.1), as torch.

    m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  w <- w - lr m / ((1 - beta1^t) u))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  AdaMax() : UpdateRule(2e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("eps", self.eps, kPositive);
  }
  std::vector<State> state(double) const { return {{"m"}, {"u"}}; }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const T rate = T(step.lr / (1 - std::pow(beta1, static_cast<double>(step.t))));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), e = T(eps);
    use([=](T& w, T g, T& m, T& u) {
      m = b1 * m + d1 * g;
      const T faded = b2 * u, fresh = std::abs(g) + e;
      u = faded > fresh ? faded : fresh;
      w -= rate * m / u;
    });
  }
};

struct RAdam : UpdateRule<RAdam> {
  static constexpr auto name = "radam", title = "RAdam";
  static constexpr auto doc = R"(Rectified Adam (Liu et al. 2020), as torch.

    R = 2 / (1 - beta2) - 1;  r_t = R - 2 t beta2^t / (1 - beta2^t);  m, v as in Adam
    r_t > 5:  w <- w - lr m̂ sqrt((r_t - 4)(r_t - 2) R / ((R - 4)(R - 2) r_t)) / (sqrt(v̂) + eps')
    else:     w <- w - lr m̂                              eps' = eps / sqrt(1 - beta2^t))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  RAdam() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("eps", self.eps, kNotNegative);
  }
  std::vector<State> state(double) const { return {{"m"}, {"v"}}; }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const double t = static_cast<double>(step.t), power = std::pow(beta2, t);
    const double most = 2 / (1 - beta2) - 1, r = most - 2 * t * power / (1 - power);
    const double lr = step.lr / (1 - std::pow(beta1, t));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2), e = T(eps);
    if (r <= 5) {
      return use([=, rate = T(lr)](T& w, T g, T& m, T& v) {
        m = b1 * m + d1 * g;
        v = b2 * v + d2 * g * g;
        w -= rate * m;
      });
    }
    const double rectified =
        std::sqrt((r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r) * (1 - power));
    use([=, rate = T(lr * rectified)](T& w, T g, T& m, T& v) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      w -= rate * m / (std::sqrt(v) + e);
    });
  }
};

struct Lion : UpdateRule<Lion> {
  static constexpr auto name = "lion", title = "Lion";
  static constexpr auto doc = R"(Signs of an interpolated momentum (Chen et al. 2023), as optax.

    w <- (1 - lr weight_decay) w;  w <- w - lr sign(beta1 m + (1 - beta1) g)
    m <- beta2 m + (1 - beta2) g)";
  double beta1 = 0.9, beta2 = 0.99, weight_decay = 0.0;
  bool decay_biases = false;

  Lion() : UpdateRule(1e-4) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kFraction);
    f("beta2", self.beta2, kFraction);
    f("weight_decay", self.weight_decay, kNotNegative);
    f("decay_biases", self.decay_biases);
  }
  std::vector<State> state(double) const { return {{"m"}}; }
  Decay decay() const { return {weight_decay, decay_biases}; }
  template <class T, class Use>
  void at(const Step& step, Use&& use) const {
    const T lr = T(step.lr), b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    use([=](T& w, T g, T& m) {
      const T c = b1 * m + d1 * g;
      w -= c > 0 ? lr : c < 0 ? -lr : T(0);
      m = b2 * m + d2 * g;
    });
  }
};

struct Rprop : UpdateRule<Rprop> {
  static constexpr auto name = "rprop", title = "Rprop";
  static constexpr auto doc =
      R"(Steps by the signs of gradients alone (Riedmiller & Braun 1993), as torch.

    step <- min(step eta_plus, max_step)     where g has kept its sign since the step before
    step <- max(step eta_minus, min_step)    where it has changed; g <- 0 there
    w <- w - sign(g) step

Steps start from the learning rate, which has no other part. For the full batch only.)";
  double eta_minus = 0.5, eta_plus = 1.2, min_step = 1e-6, max_step = 50;

  Rprop() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("eta_minus", self.eta_minus, Bound{0, 1, true, true});
    f("eta_plus", self.eta_plus, Bound{1, std::numeric_limits<double>::infinity(), true, false});
    f("min_step", self.min_step, kPositive);
    f("max_step", self.max_step, kPositive);
  }
  std::vector<State> state(double lr) const { return {{"g"}, {"step", lr}}; }
  template <class T, class Use>
  void at(const Step&, Use&& use) const {
    const T down = T(eta_minus), up = T(eta_plus), least = T(min_step), most = T(max_step);
    use([=](T& w, T g, T& before, T& size) {
      const T agreement = g * before;
      const T next = size * (agreement > 0 ? up : agreement < 0 ? down : T(1));
      size = next < least ? least : next > most ? most : next;
      before = agreement < 0 ? T(0) : g;
      w -= before > 0 ? size : before < 0 ? -size : T(0);
    });
  }
};

using Rule = std::variant<SGD, DeltaBarDelta, AdaGrad, RMSProp, AdaDelta, Adam, AdamW, NAdam,
                          AdaMax, RAdam, Lion, Rprop>;

}  // namespace fastmlp
