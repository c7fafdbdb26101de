// A plan with one vector of parameters: what a user builds from a list of layers.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/thread_tuner.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/nn/plan.hpp"

namespace fastmlp {

// The plan of a list of layers, the last of which can be an output; with `rounds` products may be
// those of bfloat16.
template <class T>
Plan<T> make_plan(const Shape& inputs, const std::vector<LayerReference>& layers,
                  bool training = false, bool rounds = false);
// The number of its parameters, without memory in proportion to them; it refuses recurrent layers
// of more steps.
template <class T>
Index count_parameters(const Shape& inputs, const std::vector<LayerReference>& layers,
                       Index max_steps);

template <class T>
class Network {
 public:
  // Without a seed all parameters are 0.
  Network(const Shape& inputs, const std::vector<LayerReference>& layers,
          std::optional<std::uint64_t> seed, ThreadTeam& team, bool rounds = false)
      : plan_(make_plan<T>(inputs, layers, false, rounds)), w_(plan_.size()) {
    const auto& slots = plan_.slots();
    const auto trained = [](const Slot& slot) { return slot.is_trained(); };
    if (!std::all_of(slots.begin(), slots.end(), trained)) {
      training_plan_ = make_plan<T>(inputs, layers, true, rounds);
    }
    if (seed) plan_.initialize(*seed, w(), team);
  }
  // The same without interruption.
  Network(const Shape& inputs, const std::vector<LayerReference>& layers,
          std::optional<std::uint64_t> seed)
      : Network(inputs, layers, seed, *std::make_unique<ThreadTeam>()) {}

  const Plan<T>& plan() const { return plan_; }
  // Of some activation.
  bool has_zero_derivative() const {
    const auto zero = [](const auto& phi) { return fastmlp::has_zero_derivative(phi); };
    const auto& nodes = plan_.nodes();
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const Node& node) { return std::visit(zero, node.phi); });
  }
  // The same without gradients of parameters that are not trained.
  const Plan<T>& training_plan() const { return training_plan_ ? *training_plan_ : plan_; }
  Index size() const { return w_.size(); }
  T* w() { return w_.data(); }
  const T* w() const { return w_.data(); }

  // What has been learned of the steps of a kind: single ones or those of an epoch, of batches of
  // about n samples, by a team of this size. It stays from one training call to the next.
  ThreadTuner& tuner(bool single, Index n, int threads) {
    return tuners_[{single, std::ilogb(static_cast<double>(n)), threads}];
  }

 private:
  Plan<T> plan_;
  std::optional<Plan<T>> training_plan_;  // where it is another
  Buffer<T> w_;
  std::map<std::tuple<bool, int, int>, ThreadTuner> tuners_;
};

extern template Plan<float> make_plan(const Shape&, const std::vector<LayerReference>&, bool, bool);
extern template Plan<double> make_plan(const Shape&, const std::vector<LayerReference>&, bool,
                                       bool);
extern template Index count_parameters<float>(const Shape&, const std::vector<LayerReference>&,
                                              Index);
extern template Index count_parameters<double>(const Shape&, const std::vector<LayerReference>&,
                                               Index);

}  // namespace fastmlp
