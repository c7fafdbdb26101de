// A direction of search d at w: what distinguishes L-BFGS, BFGS and conjugate gradients. Adding
// one: a value struct with its direction in a file of its own, a name in methods.hpp, some lines in
// tests/reference_methods.py, a row in docs/lecture.md.
#pragma once

#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/state_visitor.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {

// A step that was made: the new point with its gradient, the differences s = w - w_old = t d and
// y = g - g_old.
template <class T>
struct Step {
  Objective<T>& f;
  const T *w, *g, *s, *y;
  double t;
};

template <class T>
class Direction {
 public:
  virtual ~Direction() = default;
  // d at the point with gradient g.
  virtual void compute(const T* g, T* d, ThreadTeam& team) = 0;
  // The only change of state, so that an interrupted step leaves it as it was.
  virtual void update(const Step<T>& step, ThreadTeam& team) = 0;
  // Forgets all steps, so that d = -g.
  virtual void reset() = 0;
  virtual bool is_steepest() const = 0;  // no step is remembered: d = -g
  // |d| is an estimate of the distance to the minimum, so 1 is the first length to try.
  virtual bool is_scaled() const = 0;
  // `size` entries in a vector like w.
  virtual void visit_state(StateVisitor<T>& visitor) = 0;
};

}  // namespace fastmlp
