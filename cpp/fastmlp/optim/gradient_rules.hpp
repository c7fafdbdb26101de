// Update rules that scale the gradient, or take its sign: gradient descent, delta-bar-delta, Lion,
// Rprop.
#pragma once

#include "fastmlp/optim/update_rule.hpp"

namespace fastmlp {

struct SGD : UpdateRule<SGD> {
  static constexpr auto key = "sgd", class_name = "SGD";
  static constexpr auto doc =
      R"(Gradient descent, with momentum (Polyak 1964) or Nesterov momentum (Sutskever et al. 2013).

    v <- momentum v - lr g;  w <- w + v        (nesterov=True: w <- w + momentum v - lr g)

nesterov=True stores the look-ahead point w + momentum v, as torch does; nesterov='lecture' keeps w
itself, takes g at w + momentum v, and w <- w + v. The rate is kept inside v, as in Keras and
scikit-learn; torch keeps it outside: equal at a constant rate.)";
  double momentum = 0.0;
  BoolOrString nesterov = false;

  SGD() : UpdateRule(1e-3) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("momentum", self.momentum, kClosedUnitInterval, "decay rate of the velocity; 1: none decays");
    f("nesterov", self.nesterov, OneOf{"lecture"},
      "Nesterov momentum; 'lecture' keeps w, not the look-ahead point");
  }
  void check() const {
    if (nesterov == BoolOrString(false) || momentum > 0) return;
    const auto* word = std::get_if<std::string>(&nesterov);
    throw_invalid(class_name, "nesterov", word ? "'" + *word + "'" : "True",
                  "False, or momentum > 0 (now 0)");
  }
  bool keeps_iterate() const {
    return std::holds_alternative<std::string>(nesterov) && momentum > 0;
  }
  double evaluation_offset() const { return keeps_iterate() ? momentum : 0; }
  std::vector<StateSpec> state(double) const {
    if (momentum == 0) return {};
    return keeps_iterate() ? std::vector<StateSpec>{{"v"}, {"w"}} : std::vector<StateSpec>{{"v"}};
  }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const T lr = T(context.lr), beta = T(momentum);
    if (momentum == 0) return run([=](T& w, T g) { w -= lr * g; });
    if (keeps_iterate())
      return run([=](T& w, T g, T& v, T& kept) { w = kept + (v = beta * v - lr * g); });
    if (nesterov == BoolOrString(false))
      return run([=](T& w, T g, T& v) { w += v = beta * v - lr * g; });
    run([=](T& w, T g, T& v) {
      v = beta * v - lr * g;
      w += beta * v - lr * g;
    });
  }
};

struct DeltaBarDelta : UpdateRule<DeltaBarDelta> {
  static constexpr auto key = "delta_bar_delta", class_name = "DeltaBarDelta";
  static constexpr auto doc = R"(A separate gain for every parameter (Jacobs 1988).

    gain <- gain + kappa        where d g > 0
    gain <- gain (1 - phi)      where d g < 0, but at least min_gain
    d <- (1 - theta) g + theta d;  w <- w - gain g     (momentum: v <- momentum v - gain g; w <- w + v)

Gains start from the learning rate, which has no other part. Made for the full batch. kappa is added
at every step: one far above the learning rate, like the default, makes gains grow quickly.)";
  double kappa = 0.2, phi = 0.2, theta = 0.5, min_gain = 1e-8, momentum = 0.0;

  static constexpr bool uses_initial_rate_only = true;
  DeltaBarDelta() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("kappa", self.kappa, kNonNegative, "added to a gain while the sign persists");
    f("phi", self.phi, kUnitInterval, "fraction that a gain loses when the sign changes");
    f("theta", self.theta, kUnitInterval, "decay rate of the averaged gradient");
    f("min_gain", self.min_gain, kPositive, "smallest gain");
    f("momentum", self.momentum, kUnitInterval, "decay rate of the velocity");
  }
  std::vector<StateSpec> state(double lr) const {
    if (momentum == 0) return {{"d"}, {"gain", lr}};
    return {{"d"}, {"gain", lr}, {"v"}};
  }
  template <class T, class Run>
  void for_step(const StepContext&, Run&& run) const {
    const T up = T(kappa), down = T(1 - phi), old = T(theta), fresh = T(1 - theta);
    const T min = T(min_gain), beta = T(momentum);
    const auto adapt = [=](T g, T& d, T& gain) {
      const T agreement = d * g;
      const T smaller = gain * down;
      gain = agreement > 0 ? gain + up : agreement < 0 ? (smaller > min ? smaller : min) : gain;
      d = fresh * g + old * d;
    };
    if (momentum == 0) {
      return run([=](T& w, T g, T& d, T& gain) {
        adapt(g, d, gain);
        w -= gain * g;
      });
    }
    run([=](T& w, T g, T& d, T& gain, T& v) {
      adapt(g, d, gain);
      w += v = beta * v - gain * g;
    });
  }
};

struct Lion : UpdateRule<Lion> {
  static constexpr auto key = "lion", class_name = "Lion";
  static constexpr auto doc = R"(Signs of an interpolated momentum (Chen et al. 2023), as optax.

    w <- (1 - lr weight_decay) w;  w <- w - lr sign(beta1 m + (1 - beta1) g)
    m <- beta2 m + (1 - beta2) g)";
  double beta1 = 0.9, beta2 = 0.99, weight_decay = 0.0;
  bool decay_biases = false;

  Lion() : UpdateRule(1e-4) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("beta1", self.beta1, kUnitInterval, "decay rate in the direction of the update");
    f("beta2", self.beta2, kUnitInterval, "decay rate of the moment");
    f("weight_decay", self.weight_decay, kNonNegative,
      "decoupled decay of w, times the learning rate");
    f("decay_biases", self.decay_biases, "decays biases too");
  }
  std::vector<StateSpec> state(double) const { return {{"m"}}; }
  WeightDecay decay() const { return {weight_decay, decay_biases}; }
  template <class T, class Run>
  void for_step(const StepContext& context, Run&& run) const {
    const T lr = T(context.lr), b1 = T(beta1), d1 = T(1 - beta1), b2 = T(beta2), d2 = T(1 - beta2);
    run([=](T& w, T g, T& m) {
      const T c = b1 * m + d1 * g;
      w -= c > 0 ? lr : c < 0 ? -lr : T(0);
      m = b2 * m + d2 * g;
    });
  }
};

struct Rprop : UpdateRule<Rprop> {
  static constexpr auto key = "rprop", class_name = "Rprop";
  static constexpr auto doc =
      R"(Steps that depend only on the signs of gradients (Riedmiller & Braun 1993), as torch.

    step <- min(step eta_plus, max_step)     where g has kept its sign since the step before
    step <- max(step eta_minus, min_step)    where it has changed; g <- 0 there
    w <- w - sign(g) step

Steps start from the learning rate, which has no other part. For the full batch only.)";
  double eta_minus = 0.5, eta_plus = 1.2, min_step = 1e-6, max_step = 50;

  static constexpr bool uses_initial_rate_only = true;
  Rprop() : UpdateRule(1e-2) {}
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("eta_minus", self.eta_minus, Interval{0, 1, true, true},
      "factor on a step size when the sign changes");
    f("eta_plus", self.eta_plus, Interval{1, std::numeric_limits<double>::infinity(), true, false},
      "factor on a step size while the sign persists");
    f("min_step", self.min_step, kPositive, "smallest step size");
    f("max_step", self.max_step, kPositive, "largest step size");
  }
  std::vector<StateSpec> state(double lr) const { return {{"g"}, {"step", lr}}; }
  template <class T, class Run>
  void for_step(const StepContext&, Run&& run) const {
    const T down = T(eta_minus), up = T(eta_plus), min = T(min_step), max = T(max_step);
    run([=](T& w, T g, T& before, T& size) {
      const T agreement = g * before;
      const T next = size * (agreement > 0 ? up : agreement < 0 ? down : T(1));
      size = next < min ? min : next > max ? max : next;
      before = agreement < 0 ? T(0) : g;
      w -= before > 0 ? size : before < 0 ? -size : T(0);
    });
  }
};

using GradientRules = std::variant<SGD, DeltaBarDelta, Lion, Rprop>;

}  // namespace fastmlp
