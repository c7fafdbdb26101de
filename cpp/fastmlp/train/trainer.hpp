// Trains a network: whole epochs of shuffle, gather, forward, loss, backward, update, without a
// look back.
#pragma once

#include "fastmlp/base/thread_tuner.hpp"
#include "fastmlp/optim/first_order.hpp"
#include "fastmlp/optim/minimizer.hpp"
#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

struct TrainerOptions {
  Loss loss;
  Rule rule;
  Index batch_size = 32;
  std::uint64_t seed = 0;
  std::uint32_t first_epoch = 0;
  bool shuffle = true;
  std::vector<ParameterGroup> groups;
};

struct EpochResult {
  double loss = 0;  // weighted mean of the batch losses, penalties included
  Index steps = 0;  // updates made in this epoch
  Status status = Status::running;
};

// Many epochs: the losses of all but the last, which were good, and how the last ended.
struct EpochResults {
  std::vector<double> losses;
  EpochResult last;
};

// Where a training stands, beside its parameters and what the optimizer keeps of them.
struct Progress {
  ScheduleState clock;
  std::uint32_t epoch = 0;
  Index samples_seen = 0;  // samples of the epoch so far
};

template <class T>
class Trainer {
 public:
  Trainer(Network<T>& network, TrainerOptions options);

  // Tells the optimizer the epoch to come; before an epoch, on the caller's thread.
  void start_epoch() { optimizer_.start_epoch(epoch_ - std::min(epoch_, options_.first_epoch)); }
  // One pass over the data. Ends early with a status at the first loss that is not finite, and
  // after `max_seconds`; by an exception of the team's check it ends after the last complete step.
  EpochResult epoch(const Dataset<T>& data, double max_seconds, ThreadTeam& team);
  // Up to `most` epochs: until one ends early or spoils the parameters, the schedule is the
  // caller's own, or kReturnInterval seconds have passed. An epoch counts once it has made a step,
  // also where it was interrupted, but not where it failed. `last_good` becomes what the network
  // showed after the last epoch but one.
  EpochResults epochs(const Dataset<T>& data, Index most, double max_seconds, T* last_good,
                      ThreadTeam& team);
  // Whether epochs look for themselves if a team is faster than one thread, and use what is.
  void set_tuned(bool paced) { tuned_ = paced; }
  // One update with all of the data as the batch; returns its loss. No update where that is not
  // finite or weighs nothing.
  double step(const Dataset<T>& data, ThreadTeam& team);

  // Puts the average into the network, where one is kept, until the next call that trains; the
  // iterate is then kept here. Parameters that were changed meanwhile are the iterate themselves.
  void swap_in_average();
  void swap_out_average();
  bool holds_average();
  // While the average is shown.
  const Buffer<T>& iterate() const { return iterate_; }
  void set_iterate(const T* w);

  void forward(MatrixView<const T> x, MatrixView<T> out, ThreadTeam& team);
  void backward(MatrixView<const T> output_gradient, T* g, ThreadTeam& team);
  // Returns the penalties, as FirstOrder::apply.
  double apply(T* g, ThreadTeam& team);

  const Loss& loss() const { return options_.loss; }
  Index batch_size() const { return options_.batch_size; }
  // The order of n samples in the epoch to come.
  const EpochOrder& order(Index n);
  std::uint32_t first_epoch() const { return options_.first_epoch; }
  std::uint32_t epoch_number() const { return epoch_; }
  void set_epoch_number(std::uint32_t epoch) { epoch_ = epoch; }
  // Samples of the epoch so far: where noise is drawn.
  Index samples_seen() const { return samples_seen_; }
  void set_presented(Index n) { samples_seen_ = n; }
  Progress progress() const { return {optimizer_.clock(), epoch_, samples_seen_}; }
  void set_progress(const Progress& progress);
  FirstOrder<T>& optimizer() { return optimizer_; }

 private:
  void select(const Dataset<T>& data, RowSelection rows, Index n);
  double tuned_step(ThreadTeam& team);
  EpochResult epoch_with_counter(const Dataset<T>& data, double max_seconds, ThreadTeam& team);

  Network<T>& network_;
  TrainerOptions options_;
  NetworkObjective<T> objective_;
  FirstOrder<T> optimizer_;
  EpochOrder order_;
  ThreadTuner tuner_;
  bool tuned_ = false;
  std::uint32_t epoch_;
  Index samples_seen_ = 0;  // samples of the epoch so far
  Buffer<T> iterate_;       // the parameters since the network was made to show the average
};

// Seconds after which many epochs come back to the caller, who may want to show how far they are.
constexpr double kReturnInterval = 0.05;

// How the parameters of a dense layer are held small.
struct LayerPenalty {
  double l1 = 0;
  double l2 = 0;
  double max_norm = 0;
};

// The groups of a network's parameters: penalties per dense layer, on its weights and where asked
// on its biases.
template <class T>
std::vector<ParameterGroup> make_groups(const Network<T>& network,
                                        const std::vector<LayerPenalty>& per_layer,
                                        bool regularize_biases);

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace fastmlp
