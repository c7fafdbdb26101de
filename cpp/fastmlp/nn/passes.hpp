// The passes through a plan, written once for all maps:
//   forward        a = b + sum of B(w) h_in,  h = phi(a)
//   backward       dL/dh_in = sum of B(w)ᵀ delta,  delta = phi'(a) ∘ dL/dh
//   part_gradient  dL/dw of one part: the sum over all uses of its slots
// They take a range of samples of one panel, or a part of the parameters, so the caller distributes
// the work; no result depends on the distribution.
#pragma once

#include <vector>

#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/kernels/window.hpp"
#include "fastmlp/nn/plan.hpp"

namespace fastmlp {

// Results of the passes over a batch of up to `samples` samples.
template <class T>
struct Workspace {
  struct NodeState {
    PanelMatrix<T> a;      // pre-activations, where Node::stores_preactivation, or phi' of them
    PanelMatrix<T> h;      // outputs; none of node 0, which is the caller's X
    PanelMatrix<T> delta;  // dL/dh, then dL/da

    PanelMatrix<T>& preactivation(const Node& node) { return node.stores_preactivation ? a : h; }
  };
  struct TermState {
    PanelMatrix<T> transposed;  // the factor of the weight gradient, samples in rows
    PanelMatrix<T> mask;
    Bf16Factors bf16;  // both, of slots that are rounded; then `transposed` is empty
  };

  Index samples = 0;
  bool keeps_slopes = false;  // passes forward leave phi'(a) where Node::keeps_slope
  std::vector<NodeState> nodes;
  std::vector<TermState> terms;
  std::vector<PackedWeights<T>> packed;  // by slot
  Bf16Panels rounded;                    // the input of the present product, by sample

  NodeState& node(Index i) { return nodes[static_cast<std::size_t>(i)]; }
  const NodeState& node(Index i) const { return nodes[static_cast<std::size_t>(i)]; }
  NodeState& output() { return nodes.back(); }
  bool has_slope(const Node& node) const { return keeps_slopes && node.keeps_slope; }
};

// The point around which directions are passed through a plan, by node.
template <class T>
struct Linearization {
  struct NodeState {
    PanelMatrix<T> slope;      // phi'(a)
    PanelMatrix<T> curvature;  // phi''(a) ∘ dL/dh; of softmax dL/dh itself
    ActivationDerivatives<T> columns(Range samples) {
      return {slope.columns(samples), curvature.columns(samples)};
    }
  };
  std::vector<NodeState> nodes;
  NodeState& node(Index i) { return nodes[static_cast<std::size_t>(i)]; }
};

// Memory operations that the forward products of a tile issue on behalf of later work.
template <class T>
class ForwardPrefetch {
 public:
  // Returns whether there are any.
  virtual bool schedule(Index node, Range samples, PrefetchSchedule<T>& schedule) const = 0;

 protected:
  ~ForwardPrefetch() = default;
};

// Buffers for forward passes, and with `backward` for gradients too, of batches of n samples. With
// `rounds` the products of slots that are rounded are those of bfloat16, for these passes alone.
template <class T>
Workspace<T> make_workspace(const Plan<T>& plan, Index n, bool backward, bool rounds);

// Copies of the wide slots of a vector like w, and with `rounds` of those that are rounded, of one
// part or all.
template <class T>
std::vector<PackedWeights<T>> make_packed(const Plan<T>& plan, bool backward, bool rounds = false);
template <class T>
void pack(const Plan<T>& plan, const GradientPart& part, const T* w,
          std::vector<PackedWeights<T>>& packed);
template <class T>
void pack(const Plan<T>& plan, const T* w, std::vector<PackedWeights<T>>& packed, ThreadTeam& team);

// The operands of term i in a pass over the vector `w`, whose wide slots are packed; masks are
// those of the workspace.
template <class T>
MapCall<T> make_call(const Plan<T>& plan, std::size_t i, const PassContext& context, Range samples,
                     const T* w, const std::vector<PackedWeights<T>>& packed,
                     Workspace<T>& workspace) {
  const Term<T>& term = plan.terms()[i];
  MapCall<T> call{context, samples};
  if (term.slot != kNone) {
    call.w = w + term.weights;
    call.packed = &packed[static_cast<std::size_t>(term.slot)];
  }
  if (term.factor != kNone) call.factor = &workspace.node(term.factor).h;
  call.mask = &workspace.terms[i].mask;
  call.rounded = &workspace.rounded;
  return call;
}

// What a map reads of X, samples in rows.
template <class T>
void transpose_input(const LinearMap<T>& map, const PanelMatrix<T>& x, Range samples,
                     PanelMatrix<T>& to) {
  transpose(map.read_rows(x.panels()), {0, map.input_rows().size()}, samples, to);
}

// Sets a node's values, or derivatives, to 0 for samples whose sequence has ended before its step:
// phi is 0 there.
template <class T>
void clear_ended_steps(const Node& node, const PassContext& context, Range samples,
                       const MatrixView<T>& values) {
  if (!context.lengths || node.step == kNone) return;
  clear_ended<T>(context.lengths + samples.begin, node.step, values);
}

// Parameters, a batch X (n_in, n), and the results there. The passes have so few arguments that
// all are in registers: on the stack they would be stored by halves and loaded whole, a
// store-forwarding stall that tiny networks feel.
template <class T>
struct Point {
  const Plan<T>& plan;
  const T* w;
  const PassContext& context;
  const PanelMatrix<T>& x;
  Workspace<T>& workspace;
};

// From X to the last node's pre-activations of these samples, which are returned: the output
// activation is applied by OutputLoss.
template <class T>
MatrixView<T> forward(const Point<T>& point, Range samples,
                      const ForwardPrefetch<T>* prefetch = nullptr);

// The same, where `states` (n, Plan::state_size) has rows, from those of the samples, from row
// `first` on, before the first step; they become the states after the last one.
template <class T>
MatrixView<T> forward_from(const Point<T>& point, const MatrixView<T>& states, Index first,
                           Range samples, const ForwardPrefetch<T>* prefetch = nullptr);

// G <- phi'(A) ∘ G of node i, after a pass forward.
template <class T>
void differentiate_node(const Plan<T>& plan, Index i, Range samples, Workspace<T>& workspace,
                        const MatrixView<T>& g) {
  const Node& node = plan.node(i);
  auto& state = workspace.node(i);
  differentiate<T>(node.phi, state.preactivation(node).columns(samples), state.h.columns(samples),
                   g, workspace.has_slope(node));
}

// From delta of the last node to delta of all nodes that depend on parameters; with
// `input_gradient` of all nodes, and dL/dX (n_in, n). `linearization` keeps the derivatives that
// directions need.
template <class T>
void backward(const Point<T>& point, Range samples, PanelMatrix<T>* input_gradient = nullptr,
              Linearization<T>* linearization = nullptr);

// X in both orders: features in rows (n_in, n), and samples in rows (n, n_in).
template <class T>
struct InputViews {
  PanelView<T> features, samples;
};

// f(block, use, accumulate) for all uses of the slots of a part, `accumulate` from the second on.
template <class F>
void for_uses(const GradientPart& part, F&& f) {
  for (const GradientBlock& block : part.blocks) {
    bool accumulate = false;
    for (const Index use : block.uses) {
      f(block, use, accumulate);
      accumulate = true;
    }
  }
}

// The factors of the weight gradient of term i.
template <class T>
GradientFactors<T> factors_of(const Plan<T>& plan, std::size_t i, Index n, const InputViews<T>& x,
                              const Workspace<T>& workspace) {
  const Term<T>& term = plan.terms()[i];
  const PanelMatrix<T>* transposed = &workspace.terms[i].transposed;
  if (transposed->empty()) {  // a branch, because tiny networks would wait for the index
    transposed = &workspace.terms[static_cast<std::size_t>(term.keeper)].transposed;
  }
  return {workspace.node(term.output).delta.panels(),
          term.input == 0 ? x.features : workspace.node(term.input).h.panels(),
          transposed->empty() ? x.samples : transposed->panels(), n,
          workspace.terms[i].bf16.rows.empty() ? nullptr : &workspace.terms[i].bf16};
}

// g (+)= dL/db of a block: delta of a node, summed over n samples and all positions. The first use
// of some rows sets the others to 0.
template <class T>
void bias_gradient(const Plan<T>& plan, const GradientBlock& block, Index node, Index n,
                   const PanelView<T>& delta, bool accumulate, T* g) {
  const Node& of = plan.node(node);
  const Index rows = block.rows.end;
  if (const Index some = of.bias_rows.size()) {
    if (!accumulate) std::fill_n(g, rows, T(0));
    return sum_columns(some, n, delta, g + of.bias_rows.begin, true);
  }
  if (of.rows == rows) return sum_columns(rows, n, delta, g, accumulate);
  sum_positions(rows, of.rows / rows, n, delta, g, accumulate);
}

// g = dL/dw of a part, over the first n samples of the workspace; g must be padded by one register.
// `prefetch` is issued on the caller's behalf.
template <class T>
void part_gradient(const Plan<T>& plan, const GradientPart& part, Index n, const InputViews<T>& x,
                   const Workspace<T>& workspace, T* g, PrefetchSchedule<T>* prefetch = nullptr);

}  // namespace fastmlp
