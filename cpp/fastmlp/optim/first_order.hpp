// Optimizer of all first-order update rules. It consumes the gradient: each part goes through
//   penalties (l1, l2) -> clip by value -> clip by norm or normalise
//   -> decoupled decay of w -> rule -> proximal l1 -> max-norm -> average
// while it is in cache. Penalties are part of the loss, therefore clipping includes them. The whole
// vector has one step counter.
//
// An update that would leave w or the state not finite is not made. What can overflow are squares
// of the gradient, and its product with a huge learning rate: there copies are kept until the
// update has been checked, of all parameters if that is known before, else of the part.
#pragma once

#include <array>
#include <mutex>

#include "fastmlp/optim/checkpoint.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp {

// Position of a run, which determines the learning rate.
struct ScheduleState {
  Index steps = 0, epoch = 0;
  double custom_rate = 0;  // of a custom schedule in this epoch
  double scale = 1;

  void start_epoch(const LearningRate& schedule, Index next) {
    if (const CustomSchedule* custom = schedule.custom())
      custom_rate = custom->at(next);  // or throws
    epoch = next;
  }
  double learning_rate(const LearningRate& schedule) const {
    return scale * (schedule.custom() ? custom_rate : schedule.at(steps, epoch));
  }
  void scale_by(double factor, double rate) {
    if (!kPositive.contains(scale * factor) || !kNonNegative.contains(rate * factor)) {
      throw_invalid("Trainer.scale_learning_rate", "factor", number_text(factor),
                    "one that keeps the learning rate, now " + number_text(rate) +
                        ", and the product of all factors finite and > 0");
    }
    scale *= factor;
  }
  template <class T>
  void visit(StateVisitor<T>& visitor) {
    visitor.section("schedule");
    visitor.counter("steps", steps);
    visitor.counter("epoch", epoch);
    visitor.scalar("custom_rate", custom_rate, &kNonNegative);
    visitor.scalar("scale", scale, &kPositive);
  }
};

template <class T>
class FirstOrder final : public Optimizer<T>, public GradientConsumer<T> {
 public:
  FirstOrder(Rule rule, Index size, std::vector<ParameterGroup> groups = {});

  StepResult step(Objective<T>& f, T* w, ThreadTeam& team) override;
  double apply(T* w, T* g, ThreadTeam& team) override;
  void visit_state(StateVisitor<T>& visitor) override;
  Index steps() const override { return schedule_.steps; }
  void start_epoch(Index epoch) override { schedule_.start_epoch(options_.learning_rate, epoch); }
  bool tolerates_rounding() const override { return true; }
  bool has_custom_schedule() const override { return options_.learning_rate.custom() != nullptr; }
  double learning_rate() const override { return schedule_.learning_rate(options_.learning_rate); }
  void scale_learning_rate(double factor) override { schedule_.scale_by(factor, learning_rate()); }
  const T* average() const override { return options_.average ? vectors_.back().data() : nullptr; }

  void start(Index parts, T* w, bool at_risk) override;
  void consume(Index part, Range range, T* g) override;
  T* whole_gradient() override { return gradient_.size() > 0 ? gradient_.data() : nullptr; }
  std::uint64_t version() const override { return version_; }

 private:
  using Optimizer<T>::groups_;
  using Optimizer<T>::size_;
  static constexpr std::size_t kMaxVectors = 4;  // three of a rule, and the average

  double look_ahead_and_update(Objective<T>& f, T* w, ThreadTeam& team);
  double evaluate_and_update(Objective<T>& f, T* w, ThreadTeam& team);
  void update_part(Index part, Range range, T* g);
  void keep_copies() { before_.emplace(Range{0, size_}, w_, vectors_, halves_); }
  void refuse(Range range, const Checkpoint<T>& before);
  double finish();
  void transform_gradient(Index part, Range range, T* g);
  double clipped_length(double norm) const;
  void update_range(Index part, Range range, const T* g);
  void apply_to(Index part, Range range, const StepContext& context, const T* g);
  void apply_to_states(Index part, Index n, const StepContext& context, T* w, const T* g,
                       const std::array<T*, kMaxVectors>& states);
  void update_average(Range range);
  double evaluation_offset() const;

  Rule rule_;
  Index trained_size_;
  UpdateRuleOptions options_;
  WeightDecay decay_;
  double safe_rate_ = 0;             // the largest learning rate for which no copies are kept
  bool needs_extra_passes_ = false;  // over a part, besides the rule
  std::vector<std::string> vector_names_, scalar_names_;
  std::vector<Buffer<T>> vectors_;  // of the rule; the average comes last
  std::vector<HalfVector> halves_;  // those of the rule where they are in bfloat16
  std::optional<RoundingNoise> noise_;
  std::vector<double> scalars_;
  Buffer<T> gradient_;                      // the whole, where its norm is needed first
  std::vector<double> range_squares_;       // sums of squares of its ranges
  double gradient_norm_ = 0, penalty_ = 0;  // of the last step

  ScheduleState schedule_;
  StepContext context_{};
  T* w_ = nullptr;
  std::uint64_t version_ = 0;  // changes where w is written outside of consume
  std::vector<double> part_penalties_, part_sums_;
  std::optional<Checkpoint<T>> before_;  // of an update at risk
  std::mutex refusing_;
};

extern template class FirstOrder<float>;
extern template class FirstOrder<double>;

}  // namespace fastmlp
