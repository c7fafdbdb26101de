// Runs whole epochs natively: shuffle, gather, forward, loss, backward, update.
#pragma once

#include <atomic>

#include "fastmlp/nn/network.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/train/epoch_result.hpp"
#include "fastmlp/train/shared_objective.hpp"
#include "fastmlp/train/snapshot.hpp"

namespace fastmlp {

struct TrainerOptions {
  Loss loss;
  Index batch_size = 32;
  std::uint64_t seed = 0;
  std::uint32_t first_epoch = 0;  // epoch number at which the run began
  bool shuffle = true;
  Weighting weighting = Weighting::set;
  L2Scale l2_scale = L2Scale::constant;
};

template <class T>
class Trainer {
 public:
  Trainer(Network<T>& network, TrainerOptions options, std::unique_ptr<Optimizer<T>> optimizer);

  // Begins an epoch of the optimizer, on the caller's thread, because a custom schedule is a Python
  // function.
  void start_epoch() { optimizer_->start_epoch(std::max<Index>(0, epoch_ - first_epoch_)); }
  // One pass over the data, or over the samples of `set_order`. Ends early with the status of a
  // step, or after `max_seconds`; an exception of the team's interrupt check leaves the state after
  // the last complete step. With not_finite, a finite loss means that an update was refused.
  EpochResult epoch(const Dataset<T>& data, double max_seconds, ThreadTeam& team);
  // Up to `max` epochs, until one ends early or leaves numbers that are not finite, or after
  // kReturnInterval seconds; with a custom schedule only one. The loss of an epoch after which
  // parameters or state are not finite is nan. An epoch counts once it has made a step, also where
  // it was interrupted, but not where its loss is not finite. Returns the result of the last;
  // `losses` receives those of the others, also where an exception ends the call, `last_good` what
  // `keep` keeps after the last but one.
  EpochResult epochs(const Dataset<T>& data, Index max, double max_seconds, Snapshot<T>& last_good,
                     std::vector<double>& losses, ThreadTeam& team);
  // How many epochs of n samples the present call of `epochs` has made, with a part of the next;
  // for other threads while it runs.
  double progress(Index n) const {
    return static_cast<double>(epochs_made_.load(std::memory_order_relaxed)) +
           static_cast<double>(samples_made_.load(std::memory_order_relaxed)) /
               static_cast<double>(n);
  }
  // The network's parameters, the average where it holds that, and the optimizer's state, kept and
  // restored.
  void keep(Snapshot<T>& snapshot) { snapshot.take(network_.w(), network_.size(), *this); }
  void go_back(Snapshot<T>& snapshot) { snapshot.restore(network_.w(), network_.size(), *this); }
  // With tuning, epochs and steps measure whether the team or one thread is faster, and use that.
  void set_tuned(bool tuned) { tuned_ = tuned; }
  // One update with all of the data as the batch, which is its own set; returns its loss. No update
  // where that is not finite or the weights sum to 0; nan where the update would not be finite.
  double step(const Dataset<T>& data, ThreadTeam& team);

  // The mean loss of a batch in training mode, without penalties, and its gradient; nothing is
  // updated. 0 where the weights sum to 0.
  double gradient(const Dataset<T>& data, T* g, ThreadTeam& team);
  double batch_weight() const { return objective_.weight(); }
  // The data of further calls to `epochs` and `step` are this part of them, and processes make the
  // same calls together; without a shard they are all.
  void set_shard(std::optional<Shard<T>> shard) {
    shared_ = nullptr;
    if (shard) shared_ = std::make_unique<SharedObjective<T>>(objective_, std::move(*shard));
  }
  // Samples of an epoch over n that are here.
  Index samples_of(Index n) const {
    return shared_ ? shared_->samples() : rows_ ? static_cast<Index>(rows_->size()) : n;
  }
  // The data of further calls to `epochs` are these rows of them, which stay with the caller, in
  // their order and any number of times, as if they had been copied; nullptr: all.
  void set_rows(const std::vector<Index>* rows) { rows_ = rows; }

  // Puts the average, where one is kept, into the network until the next call that trains; the
  // iterate is kept here meanwhile. Parameters that were changed in between become the iterate.
  void swap_in_average();
  void swap_out_average();
  bool holds_average() const;
  // The iterate while the network holds the average.
  const Buffer<T>& iterate() const { return iterate_; }

  // Each batch goes on from these states, as NetworkObjective::set_states; an epoch begins with
  // zeros. Not for optimizers that evaluate a batch several times.
  void set_states(const MatrixView<T>& states) { objective_.set_states(states); }

  void forward(const SampleRows<T>& x, MatrixView<T> out, ThreadTeam& team,
               const std::int64_t* lengths = nullptr, const Index* offsets = nullptr);
  void backward(MatrixView<const T> output_gradient, T* g, ThreadTeam& team);
  // The update of a batch of this weight; returns the penalties, as Optimizer::apply.
  double apply(T* g, double batch_weight, ThreadTeam& team);
  // The penalties of a batch of this weight at the present parameters.
  double penalties(double batch_weight);

  const Loss& loss() const { return options_.loss; }
  Index batch_size() const { return options_.batch_size; }
  // Of the last batch, as EpochResult has those of an epoch.
  Index mistakes() const { return shared_ ? shared_->mistakes() : objective_.mistakes(); }
  // The order of n samples in the next epoch.
  const EpochOrder& order(Index n);
  // The samples of the next epochs in their order, any of the data any number of times; without
  // them the order is that of the options. The first batch has so many samples more than others.
  void set_order(std::optional<std::vector<Index>> indices, Index more_in_first = 0) {
    more_in_first_ = more_in_first;
    order_is_given_ = indices.has_value();
    if (indices) order_.take(std::move(*indices));
  }
  Index epoch_number() const { return epoch_; }
  void set_epoch_number(Index epoch) {
    epoch_ = epoch;
    samples_seen_ = 0;
  }
  // Samples presented since the present epoch number began, by any call: the position of the random
  // numbers, so that none are drawn twice.
  Index samples_seen() const { return samples_seen_; }
  void set_samples_seen(Index n) { samples_seen_ = n; }
  Optimizer<T>& optimizer() { return *optimizer_; }
  // Scans the network and the state of the optimizer, which records the defect.
  bool is_finite() { return optimizer_->is_finite(network_.w(), network_.size()); }
  // All state of the run but the network and the options: of the optimizer in the section
  // "optimizer" and those that it opens, of the trainer in "trainer".
  void visit_state(StateVisitor<T>& visitor);

 private:
  BatchTotals select(RowSelection rows, Index n, Index number = 0);
  void set_context(Index n, const Index* offsets = nullptr);
  void set_data(const Dataset<T>& data, const EpochOrder& samples);
  void invalidate_data() {
    objective_.invalidate_data();
    if (shared_) shared_->invalidate_data();
  }
  // A batch whose weights sum to 0, of which nothing is learned: the states go on.
  StepResult pass_by() {
    if (objective_.states().data) objective_.value(network_.w());
    return {};
  }
  void scale_penalties(double batch_weight) {
    if (options_.l2_scale == L2Scale::batch_weight) optimizer_->set_l2_factor(1 / batch_weight);
  }
  StepResult step_on_batch(double weight, ThreadTeam& team);
  std::optional<double> mean_weight(const Dataset<T>& data, const EpochOrder& samples) const;
  ThreadTuner* tuner_of(bool single, Index n, const ThreadTeam& team);
  StepResult tuned_step(ThreadTuner* tuner, bool timed, double weight, ThreadTeam& team);
  EpochResult epoch_with_counter(const Dataset<T>& data, double max_seconds, ThreadTeam& team);

  Network<T>& network_;
  TrainerOptions options_;
  NetworkObjective<T> objective_;
  std::unique_ptr<SharedObjective<T>> shared_;  // of a shard
  std::unique_ptr<Optimizer<T>> optimizer_;
  EpochOrder order_;
  bool order_is_given_ = false;
  const std::vector<Index>* rows_ = nullptr;
  Index more_in_first_ = 0;
  bool tuned_ = false;
  Index first_epoch_, epoch_;
  Index samples_seen_ = 0;
  std::atomic<Index> epochs_made_{0}, samples_made_{0};
  Buffer<T> iterate_;  // allocated where an average is kept, and never moved: others may read it
  bool keeps_iterate_ = false;  // since swap_in_average
};

// The groups of a plan's parameters, one for each slot, so shared weights count once. Penalties are
// those of the layer, by default these; those of biases only with
// `regularize_biases`.
template <class T>
std::vector<ParameterGroup> make_groups(const Plan<T>& plan, double l1, double l2,
                                        bool regularize_biases);

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace fastmlp
