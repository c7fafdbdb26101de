// A network's loss on a batch, and a consumer of its gradient, as several tests need them.
#pragma once

#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/network_objective.hpp"
#include "testing.hpp"

namespace fastmlp {

// A network with a loss on a batch, computed on this thread only.
template <class T>
struct Problem {
  Problem(Index inputs, const std::vector<LayerReference>& specs, const Loss& loss, Index n,
          bool weighted = false)
      : network(inputs, specs, 5),
        samples(n, inputs, target_columns(loss, network.plan().outputs())),
        objective(network.plan(), loss) {
    objective.set_team(team);
    select(weighted ? samples.weighted() : samples.data);
  }
  void select(const Dataset<T>& data) { objective.select(data, {}, data.size()); }
  double value() { return objective.value(network.w()); }
  std::vector<T> gradient() {
    std::vector<T> g(static_cast<std::size_t>(network.size()));
    objective.value_and_gradient(network.w(), g.data());
    return g;
  }

  Network<T> network;
  Samples<T> samples;
  ThreadTeam team;
  NetworkObjective<T> objective;
};

// Keeps the gradient that it receives, and counts the visits of each parameter.
template <class T>
struct Recorder : GradientConsumer<T> {
  explicit Recorder(Index size) : g(static_cast<std::size_t>(size)), visits(g.size()) {}
  void start(Index n, T*, bool) override { expected_parts = n; }
  void consume(Index part, Range range, T* from) override {
    parts.push_back(part);
    for (Index i = range.begin; i < range.end; ++i) {
      g[static_cast<std::size_t>(i)] = from[i - range.begin];
      ++visits[static_cast<std::size_t>(i)];
    }
  }
  std::vector<T> g;
  std::vector<int> visits;
  std::vector<Index> parts;
  Index expected_parts = 0;
};

}  // namespace fastmlp
