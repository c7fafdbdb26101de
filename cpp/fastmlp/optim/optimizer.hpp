// An optimizer is an algorithm with its state: it updates w by values and derivatives of an
// objective, which may be a function of two variables or a network on a batch. `minimize` and
// `Trainer` hold any of them.
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/optim/deadline.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/parameter_group.hpp"
#include "fastmlp/optim/state_visitor.hpp"
#include "fastmlp/optim/status.hpp"

namespace fastmlp {

struct StepResult {
  double value = 0;                     // f(w) before the step, penalties included
  double gradient_norm = std::nan("");  // there; nan where it was not computed
  double step_size = 0;                 // learning rate or length along the direction; 0: w is kept
  Index evaluations = 1;                // of f, with or without its gradient
  Status status = Status::running;
  double penalty = 0;  // of f(w)
};

// A number that is not finite: of w, of the gradient, or of the state by its name.
struct Defect {
  std::string name;
  Index index;
};

template <class T>
class Optimizer {
 public:
  Optimizer(std::vector<ParameterGroup> groups, Index size)
      : groups_(std::move(groups), size), size_(size) {}
  virtual ~Optimizer() = default;
  // At most one update of w. If the value is not finite, or w or the state would not be after the
  // update, the status is not_finite; then, and after an exception, w and the state are as before,
  // but for the damping that trials inside the step have found.
  virtual StepResult step(Objective<T>& f, T* w, ThreadTeam& team) = 0;
  // All state that a continued run needs, in the present section and further ones.
  virtual void visit_state(StateVisitor<T>& visitor) = 0;
  // Number of updates made.
  virtual Index steps() const = 0;
  // Number of evaluations of f, with or without its gradient.
  virtual Index evaluations() const { return steps(); }

  // One update of w by a gradient that was computed elsewhere and is overwritten. Returns the
  // penalties at the old w, or nan, without an update, where that would not be finite.
  virtual double apply(T* w, T* g, ThreadTeam& team);
  // Why an update was not made, or what `is_finite` has found, if it was not taken before.
  std::optional<Defect> take_defect() { return std::exchange(defect_, std::nullopt); }
  // Scans the state, and w of this size.
  bool is_finite(const T* w, Index size);
  // A factor on the l2 penalties of the next steps.
  virtual void set_l2_factor(double factor) { groups_.set_l2_factor(factor); }
  // The penalties at w.
  double penalties(const T* w) const {
    double sum = 0;
    groups_.add_penalties<T>({0, size_}, false, w, nullptr, sum);
    return sum;
  }
  // Begins epoch 0, 1, …; a custom schedule is evaluated here.
  virtual void start_epoch(Index) {}
  virtual bool has_custom_schedule() const { return false; }
  // Learning rate of the next step, and a factor on that of all further steps.
  virtual double learning_rate() const;
  virtual void scale_learning_rate(double factor);
  // Rounded gradients serve as well: products may be those of bfloat16.
  virtual bool tolerates_rounding() const { return false; }
  // A step may lead to a value that is not finite, so a run keeps a copy of what was good.
  virtual bool can_diverge() const { return true; }
  // The w of all further calls.
  virtual void set_vector(const T*) {}
  // The average of the iterates; nullptr where none is kept.
  virtual const T* average() const { return nullptr; }
  // The time at which a step of many evaluations ends with the best point that it has met.
  virtual void set_deadline(Deadline) {}
  // f(w), penalties included, where the last step has left it.
  virtual std::optional<double> value_at(const Objective<T>&, const T* /*w*/) const { return {}; }

 protected:
  ParameterGroups groups_;
  Index size_;
  std::optional<Defect> defect_;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace fastmlp
