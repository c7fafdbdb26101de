// A local model of f around w, whose minimum p is a step: what distinguishes Newton's method,
// saddle-free Newton, Levenberg-Marquardt and Hessian-free optimisation. Adding one: a value struct
// with its model in a file of its own, a name in methods.hpp, some lines in
// tests/reference_methods.py, a row in docs/lecture.md.
#pragma once

#include "fastmlp/optim/penalized.hpp"
#include "fastmlp/optim/state_visitor.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {

template <class T>
class LocalModel {
 public:
  virtual ~LocalModel() = default;

  // f(w); g receives the gradient, unless `build` computes it.
  virtual double evaluate(Penalized<T>& f, const T* w, T* g) { return f.value_and_gradient(w, g); }
  virtual bool evaluates_gradient() const { return true; }
  // The model at w; g is, or receives, the gradient there.
  virtual void build(Penalized<T>& f, const T* w, T* g, ThreadTeam& team) = 0;
  // Whether f is convex around w as far as the model has found out: where it is not, w is no
  // minimum although the gradient vanishes.
  virtual bool is_convex() const { return true; }
  // Whether the second derivatives at w are finite, as far as the model has found out.
  virtual bool is_finite() const { return true; }
  // The step p, and the decrease of f that the model predicts; nan where there is no step.
  virtual double solve(Penalized<T>& f, const T* w, T* p, ThreadTeam& team) = 0;
  // `ratio` is the decrease of f by the predicted one, nan where f is not finite there. Adapts the
  // model; returns whether the step is made. If not, `solve` follows.
  virtual bool accept(double ratio) = 0;
  virtual void visit_state(StateVisitor<T>& visitor) = 0;
};

// Damping lambda of (B + lambda I) p = -g by the ratio of decreases (Nielsen 1999): smoothly
// smaller after good steps, faster and faster larger after bad ones.
struct GainRatioDamping {
  double lambda = 0;  // 0: not set yet
  double growth = 2;

  // From a share of the curvature; where there is none, f is linear and -g the first step.
  void start(double share) {
    if (lambda == 0) lambda = share > 0 ? share : 1;
  }
  bool accept(double ratio) {
    if (ratio > 0) {
      const double a = 2 * ratio - 1;
      lambda *= a > 1 ? 1.0 / 3 : 1 - a * a * a < 1.0 / 3 ? 1.0 / 3 : 1 - a * a * a;
      growth = 2;
      return true;
    }
    lambda *= growth;
    growth *= 2;
    return false;
  }
  template <class T>
  void visit_state(StateVisitor<T>& visitor) {
    visitor.scalar("lambda", lambda, &kNonNegative);
    visitor.scalar("growth", growth, &kPositive);
  }
};

}  // namespace fastmlp
