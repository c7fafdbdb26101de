#include "fastmlp/train/trainer.hpp"

#include <cmath>

#include "fastmlp/base/error.hpp"

namespace fastmlp {

template <class T>
Trainer<T>::Trainer(Network<T>& network, TrainerOptions options)
    : network_(network),
      options_(std::move(options)),
      objective_(network, options_.loss),
      optimizer_(options_.rule, network.size(), options_.penalties),
      epoch_(options_.first_epoch) {
  require(options_.batch_size > 0,
          "Trainer: batch_size=" + std::to_string(options_.batch_size) + ", expected at least 1");
}

template <class T>
const Order& Trainer<T>::order(Index n) {
  order_.arrange(n, options_.shuffle, options_.seed, epoch_);
  return order_;
}

template <class T>
EpochResult Trainer<T>::epoch(const Data<T>& data, double max_seconds, Team& team) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const bool timed = std::isfinite(max_seconds);
  objective_.set_team(team);
  const Order& samples = order(data.size());
  EpochResult result;
  double sum = 0, weight = 0;
  for (Index begin = 0; begin < data.size(); begin += options_.batch_size) {
    if (timed && std::chrono::duration<double>(Clock::now() - start).count() >= max_seconds) {
      result.status = Status::max_seconds;
      break;
    }
    objective_.select(data, samples.batch(begin),
                      std::min(options_.batch_size, data.size() - begin));
    if (objective_.weight() == 0) continue;
    const double value = optimizer_.step(objective_, network_.w(), team);
    sum += value * objective_.weight();
    weight += objective_.weight();
    if (!std::isfinite(value)) {
      result.status = Status::not_finite;
      break;
    }
    ++result.steps;
  }
  if (result.status == Status::running) ++epoch_;
  result.loss = weight > 0 ? sum / weight : 0;
  return result;
}

template <class T>
double Trainer<T>::step(const Data<T>& data, Team& team) {
  objective_.set_team(team);
  objective_.select(data, nullptr, data.size());
  return objective_.weight() == 0 ? 0 : optimizer_.step(objective_, network_.w(), team);
}

template <class T>
void Trainer<T>::forward(Block<const T> x, Block<T> out, Team& team) {
  objective_.set_team(team);
  objective_.forward(x, out);
}

template <class T>
void Trainer<T>::backward(Block<const T> output_gradient, T* g, Team& team) {
  objective_.set_team(team);
  objective_.backward(output_gradient, g);
}

template <class T>
std::vector<Penalty> make_penalties(const Network<T>& network,
                                    const std::vector<std::pair<double, double>>& per_layer,
                                    bool regularize_biases) {
  std::vector<Penalty> penalties;
  for (Index l = 0; l < network.depth(); ++l) {
    const auto [l1, l2] = per_layer.at(static_cast<std::size_t>(l));
    for (const Slice& slice : network.layer(l).slices()) {
      const bool wanted = (l1 > 0 || l2 > 0) && (!slice.bias || regularize_biases);
      if (wanted && slice.range.size() > 0) penalties.push_back({slice.range, l1, l2});
    }
  }
  return penalties;
}

template class Trainer<float>;
template class Trainer<double>;
template std::vector<Penalty> make_penalties(const Network<float>&,
                                             const std::vector<std::pair<double, double>>&, bool);
template std::vector<Penalty> make_penalties(const Network<double>&,
                                             const std::vector<std::pair<double, double>>&, bool);

}  // namespace fastmlp
