#include "fastmlp/nn/recurrent_layers.hpp"

#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/block_map.hpp"
#include "fastmlp/nn/elementwise_maps.hpp"

namespace fastmlp {
namespace {

// The (time, features) of the last node; throws where it has another shape, or more steps than
// there can be nodes.
template <class T>
std::pair<Index, Index> sequence_shape(const PlanBuilder<T>& plan) {
  const Shape& shape = plan.shape();
  require(shape.dims() == 2, plan.where() + " reads features of shape " + shape.text() +
                                 ", expected (time, features)");
  Buffer<Node>::check_available(checked_product(4, shape.sizes[0], "Network"));
  return {shape.sizes[0], shape.channels()};
}

// A node (time, units) of the steps' outputs.
template <class T>
void add_sequence(PlanBuilder<T>& plan, const std::vector<Index>& steps) {
  const auto time = static_cast<Index>(steps.size());
  const Index units = plan.width(), width = checked_product(time, units, "Network");
  checked_product(width, sizeof(double), "Network");
  std::vector<typename PlanBuilder<T>::Use> uses;
  for (Index t = 0; t < time; ++t) {
    uses.push_back({std::make_shared<IdentityMap<T>>(units, width, t * units), kNone,
                    steps[static_cast<std::size_t>(t)]});
  }
  plan.add_node(std::move(uses));
  plan.set_shape(std::vector<Index>{time, units});
}

}  // namespace

template <class T>
void Recurrent::add_to(PlanBuilder<T>& plan) const {
  require(!sequences || !couples_units(activation),
          plan.where() +
              " has sequences=True and an activation that couples all units, expected "
              "one of each unit; fm.Conv1D(units, 1) can have it, at each step");
  const auto [time, features] = sequence_shape(plan);
  const Index x = plan.last(), inputs = plan.width();
  Index columns = 0;
  require(!__builtin_add_overflow(features, units, &columns),
          "Network: the sizes are too large to be counted");
  const LayerPenalty penalty{l1, l2, max_norm.value_or(0.0)};
  const Range rows{0, units}, of_x{0, features}, of_h{features, columns};
  const Index w = plan.add_weights(units, columns, Zeros{}, penalty, {time, 1, true});
  plan.set_initial(w, {{rows, of_x, init.value_or(GlorotUniform{})}, {rows, of_h, recurrent_init}});
  const Index b = bias ? plan.add_bias(units, penalty) : kNone;
  plan.show_parameters(w, b);
  const auto recur =
      std::make_shared<BlockMap<T>>(WeightBlock{units, columns, rows, of_h, units, 0});
  std::vector<Index> steps;
  for (Index t = 0; t < time; ++t) {
    const WeightBlock block{units, columns, rows, of_x, inputs, t * features};
    std::vector<typename PlanBuilder<T>::Use> uses{{std::make_shared<BlockMap<T>>(block), w, x}};
    if (t > 0) uses.push_back({recur, w, steps.back()});
    plan.add_node(std::move(uses), b, activation);
    steps.push_back(plan.last());
  }
  if (sequences) add_sequence(plan, steps);
}

template void Recurrent::add_to(PlanBuilder<float>&) const;
template void Recurrent::add_to(PlanBuilder<double>&) const;

}  // namespace fastmlp
