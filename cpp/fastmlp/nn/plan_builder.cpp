#include "fastmlp/nn/plan_builder.hpp"

#include <algorithm>

#include "fastmlp/base/error.hpp"

namespace fastmlp {
namespace {

// Rows that would meet in a few cache sets, or take a page each.
template <class T>
bool is_packed(Index rows, Index columns) {
  constexpr Index kPage = kPageBytes / sizeof(T), kSetAlias = kSetAliasBytes / sizeof(T);
  return rows > 1 && (columns >= kPage || columns % kSetAlias == 0);
}

}  // namespace

template <class T>
PlanBuilder<T>::PlanBuilder(const Shape& inputs, std::vector<LayerReference> layers,
                            Index max_steps)
    : max_steps_(max_steps), layers_(std::move(layers)), shapes_{inputs} {
  for (const Index size : inputs.sizes) {
    require(size > 0, "Network: inputs=" + inputs.text() + ", expected at least 1");
  }
  nodes_.push_back({inputs.size(), 0, Identity{}});
}

template <class T>
void PlanBuilder<T>::add_steps(Index steps) {
  require(steps <= max_steps_ - steps_,
          where() + " goes through a sequence of " + std::to_string(steps) +
              " steps, expected at most " + std::to_string(max_steps_) +
              " of all recurrent layers, which max_time_steps=... changes");
  steps_ += steps;
}

// The index of a layer that comes earlier in the list, and only once.
template <class T>
Index PlanBuilder<T>::index_of(const LayerReference& layer) const {
  const Index index = std::find(layers_.begin(), layers_.end(), layer) - layers_.begin();
  require(index < this->layer(),
          where() +
              " refers to a layer that does not come before it; expected a layer object from "
              "earlier in the list");
  require(std::count(layers_.begin(), layers_.end(), layer) == 1,
          where() + " refers to layers[" + std::to_string(index) +
              "], which occurs more than once; expected one object for each layer");
  return index;
}

template <class T>
Index PlanBuilder<T>::output_of(const LayerReference& layer) const {
  return layer ? outputs_[static_cast<std::size_t>(index_of(layer))] : 0;
}

template <class T>
const LayerParameters& PlanBuilder<T>::parameters_of(const LayerReference& layer) const {
  const Index index = layer ? index_of(layer) : kNone;
  const auto of_layer = [=](const LayerParameters& p) { return p.layer == index; };
  const auto found = std::find_if(parameters_.begin(), parameters_.end(), of_layer);
  require(found != parameters_.end(),
          where() + " refers to a layer without weights; expected a Dense");
  return *found;
}

template <class T>
Index PlanBuilder<T>::add_slot(Slot slot) {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  const Index length = checked_product(slot.rows, slot.columns, "Network");
  require(length <= kMax - size_, "Network: the sizes are too large to be counted");
  slot.range = {size_, size_ + length};
  slot.layer = layer();
  size_ = slot.range.end;
  checked_product(size_, sizeof(T), "Network");
  Buffer<T>::check_available(size_);  // before maps are made in proportion to it
  slots_.push_back(std::move(slot));
  return static_cast<Index>(slots_.size()) - 1;
}

template <class T>
Index PlanBuilder<T>::add_weights(Index rows, Index columns, const Initializer& init,
                                  const LayerLearning& learning, Reuse reuse) {
  const bool packed = reuse.positions == 1 && !reuse.by_terms && is_packed<T>(rows, columns);
  const InitialBlock all{{0, rows}, {0, columns}, init};
  return add_slot({{}, rows, columns, 0, false, packed, {all}, learning, reuse});
}

template <class T>
Index PlanBuilder<T>::add_bias(Index rows, const LayerLearning& learning) {
  return add_slot({{}, rows, 1, 0, true, false, {}, learning});
}

template <class T>
void PlanBuilder<T>::add_node(std::vector<Use> uses, Index bias, Activation phi, Range bias_rows) {
  const Index input = last();
  for (const Use& use : uses) {
    const MapTraits& map = use.map->traits();
    const bool fits = use.slot == kNone ? map.rows == 0
                                        : map.rows == slot(use.slot).rows &&
                                              map.columns == slot(use.slot).columns;
    require(fits, where() + " has a map of another shape than its slot");
    maps_.push_back(use.map);
    terms_.push_back({use.map.get(), use.slot, use.input == kNone ? input : use.input, input + 1,
                      use.factor, use.silent});
  }
  nodes_.push_back({uses.front().map->outputs(), 0, std::move(phi), bias, bias_rows});
  shapes_.emplace_back(width());
}

template class PlanBuilder<float>;
template class PlanBuilder<double>;

}  // namespace fastmlp
