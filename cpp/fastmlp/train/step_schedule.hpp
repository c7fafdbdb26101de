// The tactics of a step: which thread computes which part, how wide tiles are, and which memory
// operations are issued during the products. None of them changes a result.
#pragma once

#include "fastmlp/nn/passes.hpp"
#include "fastmlp/train/dataset.hpp"

namespace fastmlp {

template <class T>
class StepSchedule final : public ForwardPrefetch<T> {
 public:
  // A part, and the range of its parameters in the order of the assignments.
  struct Assignment {
    Index part;
    Range order;
  };

  explicit StepSchedule(const Plan<T>& plan);

  void set_team(const ThreadTeam& team);
  void set_workspace(Workspace<T>& workspace) { workspace_ = &workspace; }
  // All parts, in the order in which the team takes them.
  const std::vector<Assignment>& assignments() const { return assignments_; }
  // Samples in a tile of a batch of n.
  Index tile_columns(Index n) const;

  // The batch that is read after the present one: n rows of the same data.
  void set_next_batch(const Dataset<T>& data, RowSelection rows, Index n);
  void clear_next_batch() { next_n_ = 0; }

  // Of a forward product: ownership of the lines that delta is written to.
  bool schedule(Index node, Range samples, PrefetchSchedule<T>& schedule) const override;
  // Of the gradient of a part: ownership of its parameters if they are written next, at `updated`,
  // and a proportional range of the next batch.
  bool schedule(const GradientPart& part, Range order, T* updated,
                PrefetchSchedule<T>& schedule) const;
  // Loads the rows of delta that a part's gradient reads, which another core may have written;
  // those of one use, for those of all steps of a recurrence would be evicted again.
  void prefetch_delta(const GradientPart& part, Index n) const;

 private:
  void schedule_next_batch(Range order, NextBatchPrefetch<T>& next) const;

  const Plan<T>& plan_;
  Index largest_layer_ = 0;  // parameters
  const ThreadTeam* team_ = nullptr;
  Workspace<T>* workspace_ = nullptr;
  std::vector<Assignment> assignments_;
  MatrixView<const T> next_x_;
  RowSelection next_;
  Index next_n_ = 0;
};

extern template class StepSchedule<float>;
extern template class StepSchedule<double>;

}  // namespace fastmlp
