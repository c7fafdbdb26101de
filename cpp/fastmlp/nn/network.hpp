// A plan with one vector of parameters: what a user builds from a list of layers.
#pragma once

#include <optional>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/nn/plan.hpp"

namespace fastmlp {

// The plan of a list of layers, the last of which can be an output.
template <class T>
Plan<T> make_plan(const Shape& inputs, const std::vector<LayerReference>& layers);
// The number of its parameters, without memory in proportion to them.
template <class T>
Index count_parameters(const Shape& inputs, const std::vector<LayerReference>& layers);

template <class T>
class Network {
 public:
  // Without a seed all parameters are 0.
  Network(const Shape& inputs, const std::vector<LayerReference>& layers,
          std::optional<std::uint64_t> seed, ThreadTeam& team)
      : plan_(make_plan<T>(inputs, layers)), w_(plan_.size()) {
    if (seed) plan_.initialize(*seed, w(), team);
  }
  // The same without interruption.
  Network(const Shape& inputs, const std::vector<LayerReference>& layers,
          std::optional<std::uint64_t> seed)
      : Network(inputs, layers, seed, *std::make_unique<ThreadTeam>()) {}

  const Plan<T>& plan() const { return plan_; }
  Index size() const { return w_.size(); }
  T* w() { return w_.data(); }
  const T* w() const { return w_.data(); }

 private:
  Plan<T> plan_;
  Buffer<T> w_;
};

extern template Plan<float> make_plan(const Shape&, const std::vector<LayerReference>&);
extern template Plan<double> make_plan(const Shape&, const std::vector<LayerReference>&);
extern template Index count_parameters<float>(const Shape&, const std::vector<LayerReference>&);
extern template Index count_parameters<double>(const Shape&, const std::vector<LayerReference>&);

}  // namespace fastmlp
