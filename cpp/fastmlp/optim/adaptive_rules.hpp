// Update rules that divide by a running size of each parameter's gradient: AdaGrad to Adam's
// family.
#pragma once

#include "fastmlp/optim/update_rule.hpp"

namespace fastmlp {

struct AdaGrad : UpdateRule<AdaGrad> {
  static constexpr auto key = "adagrad", class_name = "AdaGrad";
  static constexpr auto doc =
      R"(A rate for every parameter that falls with its squared gradients (Duchi et al. 2011).

    a <- a + g²;  w <- w - lr g / (sqrt(a) + eps))";
  double eps = 1e-10;

  AdaGrad() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("eps", self.eps, kNonNegative, "added to the denominator");
  }
  std::vector<StateSpec> state(double) const { return {{"a"}}; }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    run([lr = T(context.lr), e = T(eps)](T& w, T g, T& a) {
      a += g * g;
      w -= lr * g / (std::sqrt(a) + e);
    });
  }
};

struct RMSProp : UpdateRule<RMSProp> {
  static constexpr auto key = "rmsprop", class_name = "RMSProp";
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
    f("rho", self.rho, kUnitInterval, "decay rate of the squared gradient");
    f("eps", self.eps, kNonNegative, "added to the denominator");
    f("momentum", self.momentum, kUnitInterval, "decay rate of the velocity");
    f("nesterov", self.nesterov, "Nesterov momentum");
  }
  void check() const {
    if (!nesterov || momentum > 0) return;
    throw_invalid(class_name, "nesterov", "True", "False, or momentum > 0 (now 0)");
  }
  std::vector<StateSpec> state(double) const {
    return momentum == 0 ? std::vector<StateSpec>{{"a"}} : std::vector<StateSpec>{{"a"}, {"v"}};
  }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const T lr = T(context.lr), r = T(rho), fresh = T(1 - rho), e = T(eps), beta = T(momentum);
    const auto scaled = [=](T g, T& a) {
      a = r * a + fresh * g * g;
      return lr * g / (std::sqrt(a) + e);
    };
    if (momentum == 0) return run([=](T& w, T g, T& a) { w -= scaled(g, a); });
    if (!nesterov) return run([=](T& w, T g, T& a, T& v) { w += v = beta * v - scaled(g, a); });
    run([=](T& w, T g, T& a, T& v) {
      const T change = scaled(g, a);
      v = beta * v - change;
      w += beta * v - change;
    });
  }
};

struct AdaDelta : UpdateRule<AdaDelta> {
  static constexpr auto key = "adadelta", class_name = "AdaDelta";
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
    f("rho", self.rho, kUnitInterval, "decay rate of the squared gradient");
    f("eps", self.eps, kPositive, "added to the denominator");
    f("scalar", self.scalar, "one rate for all parameters");
  }
  std::vector<StateSpec> state(double) const {
    return scalar ? std::vector<StateSpec>{{"a"}} : std::vector<StateSpec>{{"a"}, {"u"}};
  }
  std::vector<StateSpec> scalars() const {
    return scalar ? std::vector<StateSpec>{{"u"}} : std::vector<StateSpec>{};
  }
  void finish(const StepContext&, double squares, Index n, double* scalars) const {
    if (scalar) scalars[0] = rho * scalars[0] + (1 - rho) * squares / static_cast<double>(n);
  }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const T lr = T(context.lr), r = T(rho), fresh = T(1 - rho), e = T(eps);
    if (scalar) {
      return run([=, u = T(context.scalars[0])](T& w, T g, T& a) {
        a = r * a + fresh * g * g;
        const T d = -std::sqrt((u + e) / (a + e)) * g;
        w += lr * d;
        return d * d;
      });
    }
    run([=](T& w, T g, T& a, T& u) {
      a = r * a + fresh * g * g;
      const T d = -std::sqrt((u + e) / (a + e)) * g;
      u = r * u + fresh * d * d;
      w += lr * d;
    });
  }
};

struct Adam : UpdateRule<Adam> {
  static constexpr auto key = "adam", class_name = "Adam";
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
    f("beta1", self.beta1, kUnitInterval, "decay rate of the first moment");
    f("beta2", self.beta2, kUnitInterval, "decay rate of the second moment");
    f("eps", self.eps, kNonNegative, "added to the denominator");
    f("eps_mode", self.eps_mode, OneOf{"outside", "hat", "inside"},
      "position of eps: outside the root, on the corrected moment (hat), inside the root");
    f("amsgrad", self.amsgrad, "divides by the largest second moment so far");
  }
  std::vector<StateSpec> state(double) const {
    if (amsgrad) return {{"m"}, {"v"}, {"v_max"}};
    return {{"m"}, {"v"}};
  }
  // lr m̂ / (sqrt(v̂) + eps) = rate m / (sqrt(v + inside) + outside), the corrections moved into the
  // constants.
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const double t = static_cast<double>(context.t);
    const double c1 = 1 - std::pow(beta1, t), c2 = 1 - std::pow(beta2, t);
    const T rate = T(context.lr * std::sqrt(c2) / c1);
    const T inside = T(eps_mode == "inside" ? eps * c2 : 0);
    const T outside = T(eps_mode == "outside" ? eps * std::sqrt(c2) : eps_mode == "hat" ? eps : 0);
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    if (!amsgrad) {
      return run([=](T& w, T g, T& m, T& v) {
        m = b1 * m + d1 * g;
        v = b2 * v + d2 * g * g;
        w -= rate * m / (std::sqrt(v + inside) + outside);
      });
    }
    run([=](T& w, T g, T& m, T& v, T& v_max) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      v_max = v > v_max ? v : v_max;
      w -= rate * m / (std::sqrt(v_max + inside) + outside);
    });
  }
};

// Adam on decayed weights: everything but the decay is Adam's.
struct AdamW : UpdateRule<AdamW> {
  static constexpr auto key = "adamw", class_name = "AdamW";
  static constexpr auto doc = R"(Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    w <- (1 - lr weight_decay) w, then Adam's update

Biases do not decay, unless decay_biases is set, as in torch.)";
  Adam adam;
  double weight_decay = 1e-2;
  bool decay_biases = false;

  AdamW() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    Adam::own_fields(self.adam, f);
    f("weight_decay", self.weight_decay, kNonNegative,
      "decoupled decay of w, times the learning rate");
    f("decay_biases", self.decay_biases, "decays biases too");
  }
  std::vector<StateSpec> state(double lr) const { return adam.state(lr); }
  WeightDecay decay() const { return {weight_decay, decay_biases}; }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    adam.for_step<T>(context, run);
  }
};

struct NAdam : UpdateRule<NAdam> {
  static constexpr auto key = "nadam", class_name = "NAdam";
  static constexpr auto doc = R"(Adam with Nesterov momentum (Dozat 2016), as torch.

    mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  P_t = mu_1 … mu_t;  m, v as in Adam
    w <- w - lr ((1 - mu_t) g / (1 - P_t) + mu_{t+1} m / (1 - P_{t+1})) / (sqrt(v̂) + eps))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, momentum_decay = 4e-3;

  NAdam() : UpdateRule(2e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kUnitInterval, "decay rate of the first moment");
    f("beta2", self.beta2, kUnitInterval, "decay rate of the second moment");
    f("eps", self.eps, kNonNegative, "added to the denominator");
    f("momentum_decay", self.momentum_decay, kNonNegative,
      "rate at which the momentum approaches beta1");
  }
  std::vector<StateSpec> state(double) const { return {{"m"}, {"v"}}; }
  std::vector<StateSpec> scalars() const { return {{"mu_product", 1}}; }
  double mu(Index t) const {
    return beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * momentum_decay));
  }
  void finish(const StepContext& context, double, Index, double* scalars) const {
    scalars[0] *= mu(context.t);
  }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const double now = mu(context.t), next = mu(context.t + 1), product = context.scalars[0] * now;
    const double c2 = 1 - std::pow(beta2, static_cast<double>(context.t));
    const T by_g = T(context.lr * (1 - now) / (1 - product));
    const T by_m = T(context.lr * next / (1 - product * next));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    const T correction = T(1 / c2), e = T(eps);
    run([=](T& w, T g, T& m, T& v) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      w -= (by_g * g + by_m * m) / (std::sqrt(v * correction) + e);
    });
  }
};

struct AdaMax : UpdateRule<AdaMax> {
  static constexpr auto key = "adamax", class_name = "AdaMax";
  static constexpr auto doc =
      R"(Adam by the infinity norm (Kingma & Ba 2015, section 7.1), as torch.

    m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  w <- w - lr m / ((1 - beta1^t) u))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  AdaMax() : UpdateRule(2e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kUnitInterval, "decay rate of the first moment");
    f("beta2", self.beta2, kUnitInterval, "decay rate of the second moment");
    f("eps", self.eps, kPositive, "added to the denominator");
  }
  std::vector<StateSpec> state(double) const { return {{"m"}, {"u"}}; }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const T rate = T(context.lr / (1 - std::pow(beta1, static_cast<double>(context.t))));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), e = T(eps);
    run([=](T& w, T g, T& m, T& u) {
      m = b1 * m + d1 * g;
      const T faded = b2 * u, fresh = std::abs(g) + e;
      u = faded > fresh ? faded : fresh;
      w -= rate * m / u;
    });
  }
};

struct RAdam : UpdateRule<RAdam> {
  static constexpr auto key = "radam", class_name = "RAdam";
  static constexpr auto doc = R"(Rectified Adam (Liu et al. 2020), as torch.

    R = 2 / (1 - beta2) - 1;  r_t = R - 2 t beta2^t / (1 - beta2^t);  m, v as in Adam
    r_t > 5:  w <- w - lr m̂ sqrt((r_t - 4)(r_t - 2) R / ((R - 4)(R - 2) r_t)) / (sqrt(v̂) + eps')
    else:     w <- w - lr m̂                              eps' = eps / sqrt(1 - beta2^t))";
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;

  RAdam() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kUnitInterval, "decay rate of the first moment");
    f("beta2", self.beta2, kUnitInterval, "decay rate of the second moment");
    f("eps", self.eps, kNonNegative, "added to the denominator");
  }
  std::vector<StateSpec> state(double) const { return {{"m"}, {"v"}}; }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const double t = static_cast<double>(context.t), power = std::pow(beta2, t);
    const double max = 2 / (1 - beta2) - 1, r = max - 2 * t * power / (1 - power);
    const double lr = context.lr / (1 - std::pow(beta1, t));
    const T b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2), e = T(eps);
    if (r <= 5) {
      return run([=, rate = T(lr)](T& w, T g, T& m, T& v) {
        m = b1 * m + d1 * g;
        v = b2 * v + d2 * g * g;
        w -= rate * m;
      });
    }
    const double rectified =
        std::sqrt((r - 4) * (r - 2) * max / ((max - 4) * (max - 2) * r) * (1 - power));
    run([=, rate = T(lr * rectified)](T& w, T g, T& m, T& v) {
      m = b1 * m + d1 * g;
      v = b2 * v + d2 * g * g;
      w -= rate * m / (std::sqrt(v) + e);
    });
  }
};

using AdaptiveRules = std::variant<AdaGrad, RMSProp, AdaDelta, Adam, AdamW, NAdam, AdaMax, RAdam>;

}  // namespace fastmlp
