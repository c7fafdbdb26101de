// The plan of a network: nodes h = phi(b + sum of B(w[slot]) h[input]), in the order of their
// computation, without parameters and without activations of a batch. Node 0 is X.
//
// A term is one use of a map: sharing parameters is two terms that name one slot, a skip connection
// is a second term of a node. No pass has a special case for either.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fastmlp/nn/activation.hpp"
#include "fastmlp/nn/init.hpp"
#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/shape.hpp"

namespace fastmlp {

constexpr Index kNone = -1;

// How the parameters of one layer learn; penalties that are not given are those of the training.
struct LayerLearning {
  std::optional<double> l1, l2;
  double max_norm = 0;               // 0: no limit
  bool weights = true, bias = true;  // are trained, or stay as they are
  double rate = 1, bias_rate = 1;    // factors on the learning rate
};

// Uses of each weight: by a convolution at all positions, and of one input by all taps; by a
// recurrence at all steps, each a term.
struct Reuse {
  Index positions = 1, taps = 1;
  bool by_terms = false;
};

// The distribution of some rows and columns of a slot at the start.
struct InitialBlock {
  Range rows, columns;
  Initializer init;
};

// A range of w that is one array (rows, columns), row-major.
struct Slot {
  Range range;
  Index rows, columns;
  Index layer;  // index in the list of layers
  bool bias = false;
  bool packed = false;                     // wide: products read copies in the order of their loops
  std::vector<InitialBlock> initial = {};  // none: zeros
  LayerLearning learning = {};
  Reuse reuse = {};
  bool rounded = false;  // products may read copies in bfloat16

  bool is_trained() const { return bias ? learning.bias : learning.weights; }
  double rate_factor() const { return bias ? learning.bias_rate : learning.rate; }

  // Of products with one sample, in numbers of weights.
  Index work() const { return range.size() * reuse.positions; }
};

// The n_in x n_out matrix and the bias that a layer shows to its user; of a convolution the n_in
// have a shape, (taps ..., channels).
struct LayerParameters {
  Index layer;              // index in the list of layers
  Index weights;            // slot
  Index bias;               // slot or kNone
  bool transposed = false;  // the slot is (n_in, n_out) instead of (n_out, n_in)
  std::vector<Index> window = {};
};

// A quantity that a recurrent layer passes from step to step, as the nodes of its values before the
// first step and after the last one.
struct RecurrentState {
  Index before, after;
};

template <class T>
struct Term {
  const LinearMap<T>* map;
  Index slot, input, output;  // kNone for maps without parameters; nodes
  // Of a product u ∘ v, which two terms share: v for the one with the input u, u for the other,
  // which is silent: it adds nothing to the value, and half of each derivative.
  Index factor = kNone;
  bool silent = false;
  Index weights = 0, bias = kNone;  // places in w: of the slot, and of the node's bias if first
  // Position among the terms of its node, and its part in the epilogue of the node's products.
  bool first = false, last = false, fuses_activation = false;
  // The same for the gradient of its input, in the order of the backward pass.
  bool first_back = false, last_back = false, fuses_derivative = false;
  bool propagates = false;                               // some slot at or below its input learns
  TransposedFactor transposed = TransposedFactor::none;  // as the map's
  // The term that keeps this factor: this one, or the first that reads the same features.
  Index keeper = 0;
};

struct Node {
  Index rows;        // features
  Index offset = 0;  // of the features of one sample, all nodes side by side
  Activation phi;
  Index bias = kNone;                 // slot
  Range bias_rows{};                  // of it, where not all
  bool stores_preactivation = false;  // phi' needs it, or it is the output
  bool keeps_slope = false;           // a pass of training can replace it by phi'
  bool learns = false;                // its value depends on some slot
  Index step = kNone;                 // of a sequence: 0 for samples that have ended before
};

// Rows of a slot whose gradient is computed at once: the sum over all terms, or nodes for a bias,
// that use the slot.
struct GradientBlock {
  Index slot;
  bool bias;
  Range rows;
  Index offset;  // in the part's gradient
  std::vector<Index> uses;
};

// A range of w that is updated at once. Parts cover w in order, in a cut fixed by the shapes.
struct GradientPart {
  Range range;
  Index layer;
  bool packed;  // its first slot is
  std::vector<GradientBlock> blocks;
  Index work = 0;  // per sample, in numbers of weights
};

template <class T>
class PlanBuilder;

template <class T>
class Plan {
 public:
  // Of all parameters, or in training without a gradient of those that are not trained: it is 0.
  explicit Plan(PlanBuilder<T>&& builder, bool training = false);

  Index inputs() const { return nodes_.front().rows; }
  Index outputs() const { return nodes_.back().rows; }
  Index size() const { return size_; }
  const Activation& output() const { return nodes_.back().phi; }

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(Index i) const { return nodes_[static_cast<std::size_t>(i)]; }
  // In the order of the forward pass.
  const std::vector<Term<T>>& terms() const { return terms_; }
  const std::vector<Slot>& slots() const { return slots_; }
  const Slot& slot(Index i) const { return slots_[static_cast<std::size_t>(i)]; }
  const std::vector<GradientPart>& parts() const { return parts_; }
  // Slots without a gradient, as parts, which are packed only.
  const std::vector<GradientPart>& frozen() const { return frozen_; }
  // f(range) for the ranges of all parameters that have a gradient, in order, and their number.
  template <class F>
  void for_trained(F&& f) const {
    Index begin = 0;
    for (const GradientPart& part : frozen_) {
      if (part.range.begin > begin) f(Range{begin, part.range.begin});
      begin = part.range.end;
    }
    if (size_ > begin) f(Range{begin, size_});
  }
  Index trained_size() const {
    Index size = 0;
    for_trained([&](Range range) { size += range.size(); });
    return size;
  }
  // The node and the shape of each layer's output.
  const std::vector<Index>& layer_outputs() const { return layer_outputs_; }
  const std::vector<Shape>& layer_shapes() const { return layer_shapes_; }
  // Layers that have parameters, in order.
  const std::vector<LayerParameters>& parameters() const { return parameters_; }

  // Steps of a sequence, or positions, that have outputs of their own; else 1.
  Index output_steps() const { return outputs() / layer_shapes_.back().sizes.back(); }
  // The parameters of a layer of the list, shared ones not counted.
  Index layer_size(Index layer) const {
    Index size = 0;
    for (const Slot& slot : slots_) size += slot.layer == layer ? slot.range.size() : 0;
    return size;
  }
  // In the order of the layers.
  const std::vector<RecurrentState>& states() const { return states_; }
  // Their features, side by side.
  Index state_size() const {
    Index size = 0;
    for (const RecurrentState& state : states_) size += node(state.after).rows;
    return size;
  }

  // Elements of all nodes of one sample, each from a whole pack on.
  Index sample_size() const { return sample_size_; }
  // Samples of a chunk: kChunkSamples, or whole panels of about kChunkBytes where a sample takes
  // more. One takes its nodes' h and delta, a where phi' needs it, masks, and transposed factors.
  Index chunk_samples() const { return chunk_samples_; }
  // All maps compute one sample by itself.
  bool predicts_one_by_one() const { return one_by_one_; }
  // Multiplications and additions of a forward pass of one row.
  double operations_per_row() const { return operations_; }
  bool packs() const { return packs_; }
  // Some products are those of bfloat16, in passes over batches, or calls, of so many samples.
  bool rounds(Index samples) const { return rounds_ && samples >= kMinBf16Samples; }
  // X is read by a product whose weights are packed: its rows are as wide as memory pages.
  bool wide_inputs() const { return wide_inputs_; }

  // Outputs depend on random draws in training.
  bool is_stochastic() const { return stochastic_; }

  // Fills w with the initial parameters of this seed.
  void initialize(std::uint64_t seed, T* w, ThreadTeam& team) const;

 private:
  void link_terms();
  void size_chunks();
  void choose_rounded();
  bool has_gradient(const Slot& slot) const { return !training_ || slot.is_trained(); }
  void add_parts();
  std::vector<Index> uses_of(Index slot) const;
  Index work_of(const Term<T>& term) const;

  std::vector<std::shared_ptr<const LinearMap<T>>> maps_;
  std::vector<Node> nodes_;
  std::vector<Term<T>> terms_;
  std::vector<Slot> slots_;
  std::vector<LayerParameters> parameters_;
  std::vector<GradientPart> parts_, frozen_;
  std::vector<Index> layer_outputs_;
  std::vector<Shape> layer_shapes_;
  std::vector<RecurrentState> states_;
  Index size_ = 0, sample_size_ = 0, chunk_samples_ = kChunkSamples;
  double operations_ = 0;
  bool training_, packs_ = false, wide_inputs_ = false, stochastic_ = false;
  bool rounds_;
  bool one_by_one_ = true;
};

extern template class Plan<float>;
extern template class Plan<double>;

}  // namespace fastmlp
