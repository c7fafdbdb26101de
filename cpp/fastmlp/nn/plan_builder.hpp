// How layers make a plan: each adds its nodes, terms and slots.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "fastmlp/nn/plan.hpp"

namespace fastmlp {

// A layer of a network's list, by identity; null is the network's input.
struct LayerBase;
using LayerReference = std::shared_ptr<const LayerBase>;

// Collects the nodes and slots of a list of layers, one layer after the other.
template <class T>
class PlanBuilder {
 public:
  struct Use {
    std::shared_ptr<const LinearMap<T>> map;
    Index slot = kNone;
    Index input = kNone;  // kNone: the last node
    Index factor = kNone;
    bool silent = false;
  };

  // At most `max_steps` of all recurrent layers.
  PlanBuilder(const Shape& inputs, std::vector<LayerReference> layers,
              Index max_steps = std::numeric_limits<Index>::max());

  // The layer that is being added, as its index in the list, and as "Network: layers[2]".
  Index layer() const { return static_cast<Index>(outputs_.size()); }
  std::string where() const { return "Network: layers[" + std::to_string(layer()) + "]"; }
  void finish_layer() { outputs_.push_back(last()); }

  // A recurrent layer makes nodes in proportion to its steps.
  void add_steps(Index steps);

  // Products may be those of bfloat16.
  void set_rounds(bool rounds) { rounds_ = rounds; }

  // Parameters so far.
  Index size() const { return size_; }

  Index last() const { return static_cast<Index>(nodes_.size()) - 1; }
  // Features of a node, by default of the last.
  Index width() const { return nodes_.back().rows; }
  Index width(Index node) const { return nodes_[static_cast<std::size_t>(node)].rows; }
  const Shape& shape() const { return shapes_.back(); }
  const Shape& shape(Index node) const { return shapes_[static_cast<std::size_t>(node)]; }
  const Slot& slot(Index i) const { return slots_[static_cast<std::size_t>(i)]; }
  // The output node of an earlier layer, and the parameters that it shows.
  Index output_of(const LayerReference& layer) const;
  const LayerParameters& parameters_of(const LayerReference& layer) const;

  Index add_weights(Index rows, Index columns, const Initializer& init,
                    const LayerLearning& learning, Reuse reuse = {});
  // Instead of one distribution of all.
  void set_initial(Index slot, std::vector<InitialBlock> blocks) {
    slots_[static_cast<std::size_t>(slot)].initial = std::move(blocks);
  }
  Index add_bias(Index rows, const LayerLearning& learning);
  // A silent use is not the last one.
  void add_node(std::vector<Use> uses, Index bias = kNone, Activation phi = Identity{},
                Range bias_rows = {});
  // A node without terms, whose values no pass computes: those of the workspace, zeros at first.
  void add_state(Index rows) {
    nodes_.push_back({rows, 0, Identity{}});
    shapes_.emplace_back(rows);
  }
  // The last node is 0 for samples that have ended before this step.
  void set_step(Index step) { nodes_.back().step = step; }
  // The layer that is being added is the last of the list.
  bool is_output() const { return layer() + 1 == static_cast<Index>(layers_.size()); }
  void show_state(Index before, Index after) { states_.push_back({before, after}); }
  // The features of the last node have a shape; a softmax is one of the channels of a position.
  void set_shape(Shape shape) {
    if (auto* softmax = std::get_if<Softmax>(&nodes_.back().phi)) softmax->group = shape.channels();
    shapes_.back() = std::move(shape);
  }
  void show_parameters(Index weights, Index bias, bool transposed = false,
                       std::vector<Index> window = {}) {
    parameters_.push_back({layer(), weights, bias, transposed, std::move(window)});
  }

 private:
  friend class Plan<T>;
  Index index_of(const LayerReference& layer) const;
  Index add_slot(Slot slot);

  Index size_ = 0, steps_ = 0, max_steps_;
  bool rounds_ = false;
  std::vector<LayerReference> layers_;
  std::vector<Index> outputs_;  // nodes, by layer
  std::vector<std::shared_ptr<const LinearMap<T>>> maps_;
  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;  // by node
  std::vector<Term<T>> terms_;
  std::vector<Slot> slots_;
  std::vector<LayerParameters> parameters_;
  std::vector<RecurrentState> states_;
};

extern template class PlanBuilder<float>;
extern template class PlanBuilder<double>;

}  // namespace fastmlp
