// The one driver of all update rules. It is a sink: parts of the gradient go through
//   penalties (l1, l2) -> clip by value -> clip by norm or normalise
//   -> decoupled decay of w -> rule -> proximal l1 -> max-norm -> average
// while they are in cache. Penalties are part of the loss, so clipping sees them. One step counter
// for the whole vector.
#pragma once

#include <vector>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp {

// Parameters of one kind, and how they are held small. Penalties l1 sum |w| + l2 / 2 sum w² are
// added to the loss; a row longer than max_norm (0: no limit) is shortened to it after each update.
struct ParameterGroup {
  Range range;
  bool bias = false;
  double l1 = 0;
  double l2 = 0;
  double max_norm = 0;
  Index row = 1;  // parameters in a row

  bool penalized() const { return l1 > 0 || l2 > 0; }
};

// How far a run of updates has come: what the learning rate follows.
struct ScheduleState {
  Index steps = 0, epoch = 0;
  double custom_rate = 0;  // what a schedule of the caller's own said for the epoch
  double scale = 1;
};

template <class T>
class FirstOrder final : public GradientConsumer<T> {
 public:
  // Groups in ascending order; without any, all parameters are weights of one.
  FirstOrder(Rule rule, Index size, std::vector<ParameterGroup> groups = {});

  // Tells schedules the epoch, from 0; a schedule of the caller's own is asked here.
  void start_epoch(Index epoch);
  bool has_custom_schedule() const { return options_.learning_rate.custom() != nullptr; }
  // The learning rate of the next step, and a factor on it.
  double learning_rate() const;
  void scale_learning_rate(double factor) { clock_.scale *= factor; }

  // One update of w by the gradient of f there. Returns the value before it, penalties included;
  // where that or the norm of the gradient is not finite, nothing changes.
  double step(Objective<T>& f, T* w, ThreadTeam& team);
  // One update of w with a gradient from elsewhere, which is changed on the way. Returns the
  // penalties; nan, and nothing changes, where the norm that is asked for, or one over it, is not
  // finite.
  double apply(T* w, T* g, ThreadTeam& team);

  void start(Index parts, T* w) override;
  void consume(Index part, Range range, T* g) override;
  T* whole_gradient() override { return gradient_.size() > 0 ? gradient_.data() : nullptr; }
  std::uint64_t version() const override { return version_; }

  Index steps() const { return clock_.steps; }
  const ScheduleState& clock() const { return clock_; }
  void set_clock(const ScheduleState& clock) { clock_ = clock; }
  // State vectors and numbers of the rule, by name; the average comes last among the vectors.
  const std::vector<std::string>& vector_names() const { return vector_names_; }
  std::vector<Buffer<T>>& vectors() { return vectors_; }
  std::vector<StateSpec> number_names() const;
  std::vector<double>& numbers() { return numbers_; }
  // The average of the iterates, nullptr where none is kept.
  T* average() { return options_.average ? vectors_.back().data() : nullptr; }

 private:
  double finish();
  double update_at(Objective<T>& f, T* w, ThreadTeam& team);
  void penalize(Index part, Range range, T* g);
  void clip_by_value(Range range, T* g) const;
  double rescaling() const;
  void move(Index part, Range piece, const T* g);
  void update(Index part, Range range, const T* g);
  void decay(Range range);
  void shrink(Range range);
  void apply_max_norm(Range range);
  void average(Range range);
  double evaluation_offset() const;

  Rule rule_;
  Index size_;
  UpdateRuleOptions options_;
  WeightDecay decay_;
  std::vector<ParameterGroup> groups_;
  bool penalized_ = false, limited_ = false;  // whether any group is
  bool needs_extra_passes_ = false;           // over a part, beside the rule
  std::vector<std::string> vector_names_;
  std::vector<Buffer<T>> vectors_;
  std::vector<double> numbers_;
  // The whole gradient, where its norm must be known first, and the squares of its pieces.
  Buffer<T> gradient_;
  std::vector<double> squares_;

  ScheduleState clock_;
  StepContext now_{};
  T* w_ = nullptr;
  std::uint64_t version_ = 0;  // of w: changes where it is written outside of consume
  std::vector<double> part_penalties_, part_sums_;
};

extern template class FirstOrder<float>;
extern template class FirstOrder<double>;

}  // namespace fastmlp
