// Trains a network: whole epochs of shuffle, gather, forward, loss, backward, update, without a
// look back.
#pragma once

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
  std::vector<Penalty> penalties;
};

struct EpochResult {
  double loss = 0;  // weighted mean of the batch losses, penalties included
  Index steps = 0;  // updates made in this epoch
  Status status = Status::running;
};

template <class T>
class Trainer {
 public:
  Trainer(Network<T>& network, TrainerOptions options);

  // One pass over the data. Ends early with a status at the first loss that is not finite, and
  // after `max_seconds`; by an exception of the team's check it ends after the last complete step.
  EpochResult epoch(const Data<T>& data, double max_seconds, Team& team);
  // One update with all of the data as the batch; returns its loss. No update where that is not
  // finite or weighs nothing.
  double step(const Data<T>& data, Team& team);

  void forward(Block<const T> x, Block<T> out, Team& team);
  void backward(Block<const T> output_gradient, T* g, Team& team);
  // Returns the penalties, as FirstOrder::apply.
  double apply(T* g, Team& team) { return optimizer_.apply(network_.w(), g, team); }

  Index batch_size() const { return options_.batch_size; }
  // The order of n samples in the epoch to come.
  const Order& order(Index n);
  std::uint32_t epoch_number() const { return epoch_; }
  void set_epoch_number(std::uint32_t epoch) { epoch_ = epoch; }
  FirstOrder<T>& optimizer() { return optimizer_; }

 private:
  Network<T>& network_;
  TrainerOptions options_;
  NetworkObjective<T> objective_;
  FirstOrder<T> optimizer_;
  Order order_;
  std::uint32_t epoch_;
};

// One penalty per slice of the network that has any: (l1, l2) per layer, on its weights and where
// asked on its biases.
template <class T>
std::vector<Penalty> make_penalties(const Network<T>& network,
                                    const std::vector<std::pair<double, double>>& per_layer,
                                    bool regularize_biases);

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace fastmlp
