// A network with its trainer, for several tests.
#pragma once

#include "fastmlp/optim/optimizers.hpp"
#include "fastmlp/train/trainer.hpp"
#include "testing.hpp"

namespace fastmlp {

constexpr double kForever = kInfinity<double>;
struct Interrupt {};  // which a check for interrupts throws
constexpr int kRules = 6;

inline Rule rule_of(int which) {
  SGD momentum;
  momentum.momentum = 0.9;
  Adam clipped;
  clipped.clip_norm = 0.1;
  SGD evaluation_offset = momentum;
  evaluation_offset.nesterov = std::string("lecture");
  AdamW averaged;
  averaged.average = Polyak{};
  const Rule all[kRules] = {SGD{}, momentum, Adam{}, clipped, evaluation_offset, averaged};
  return all[which];
}

struct TrainingOptions : TrainerOptions {
  AnyOptimizer rule = Rule(Adam{});
  std::vector<ParameterGroup> groups;
};

template <class T>
Trainer<T> make_trainer(Network<T>& network, const TrainingOptions& options) {
  return Trainer<T>(network, options,
                    make_optimizer<T>(options.rule, network.size(), options.groups));
}

template <class T>
struct Training {
  explicit Training(const TrainingOptions& options,
                    std::vector<LayerReference> specs = {dense(70, ReLU{}), dense(10, Softmax{})})
      : network(64, specs, 3), trainer(make_trainer(network, options)) {}
  std::vector<T> w() const { return parameters(network); }

  Network<T> network;
  Trainer<T> trainer;
};

inline TrainingOptions options(Index batch_size = 32, AnyOptimizer rule = Rule(Adam{})) {
  TrainingOptions result;
  result.loss = CrossEntropy{};
  result.rule = std::move(rule);
  result.batch_size = batch_size;
  result.seed = 7;
  return result;
}

}  // namespace fastmlp
