#include "fastmlp/nn/network.hpp"

#include "fastmlp/base/error.hpp"

namespace fastmlp {
namespace {

template <class T>
PlanBuilder<T> add_layers(const Shape& inputs, const std::vector<LayerReference>& layers,
                          Index max_steps) {
  require(!layers.empty(), "Network: no layers, expected at least one Dense");
  PlanBuilder<T> builder(inputs, layers, max_steps);
  for (const LayerReference& each : layers) {
    visit_layer(*each, [&](const auto& layer) {
      check_range<T>(layer);
      validate(layer);
      const bool last = builder.layer() + 1 == static_cast<Index>(layers.size());
      require(!last || layer.traits.can_be_output,
              builder.where() + " is the last layer, expected a layer that can be an output");
      layer.add_to(builder);
    });
    builder.finish_layer();
  }
  return builder;
}

}  // namespace

template <class T>
Plan<T> make_plan(const Shape& inputs, const std::vector<LayerReference>& layers, bool training,
                  bool rounds) {
  PlanBuilder<T> builder = add_layers<T>(inputs, layers, std::numeric_limits<Index>::max());
  builder.set_rounds(rounds);
  return Plan<T>(std::move(builder), training);
}

template <class T>
Index count_parameters(const Shape& inputs, const std::vector<LayerReference>& layers,
                       Index max_steps) {
  return add_layers<T>(inputs, layers, max_steps).size();
}

template Plan<float> make_plan(const Shape&, const std::vector<LayerReference>&, bool, bool);
template Plan<double> make_plan(const Shape&, const std::vector<LayerReference>&, bool, bool);
template Index count_parameters<float>(const Shape&, const std::vector<LayerReference>&, Index);
template Index count_parameters<double>(const Shape&, const std::vector<LayerReference>&, Index);

}  // namespace fastmlp
