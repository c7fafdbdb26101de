// The base of all layers.
#pragma once

#include "fastmlp/nn/plan_builder.hpp"

namespace fastmlp {

// What other parts of the library read of a layer.
struct LayerTraits {
  bool has_parameters = true;  // it is shown by net.weights and net.biases
  bool can_be_output = true;
};

struct LayerBase {
  static constexpr LayerTraits traits{};
  virtual ~LayerBase() = default;
};

// Adds a node of the map of the last one's features, which keep their shape.
template <class T, class Map>
void add_in_place(PlanBuilder<T>& plan, std::shared_ptr<Map> map) {
  const Shape shape = plan.shape();
  plan.add_node({{std::move(map)}});
  plan.set_shape(shape);
}

}  // namespace fastmlp
