// The R-operator (Pearlmutter 1994): how values and gradients change where w moves along v. A map
// is bilinear, so each product appears once with each of its factors differentiated:
//   r_forward        a' = B(v) h_in + B(w) h_in' + v_b,  h' = phi'(a) ∘ a'
//   r_backward       g' = B(w)ᵀ delta' + B(v)ᵀ delta,  delta' = phi'(a) ∘ g' + phi''(a) ∘ a' ∘ g
//   r_part_gradient  from (delta', h_in) and (delta, h_in')
// In a product u ∘ v the factor takes the part of the parameters: of its two terms, r_forward adds
// v ∘ u' by one and u ∘ v' by the other.
// Together they give H v; Gauss and Newton's matrix leaves out B(v)ᵀ delta, phi'' and (delta,
// h_in').
#pragma once

#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/nn/passes.hpp"

namespace fastmlp {

// One direction, for a batch of up to n samples.
template <class T>
struct TangentWorkspace {
  struct NodeState {
    PanelMatrix<T> a, h, delta;  // a', h', delta'
  };
  std::vector<NodeState> nodes;
  std::vector<PanelMatrix<T>> transposed;  // by term
  std::vector<PackedWeights<T>> packed;    // of v, by slot

  NodeState& node(Index i) { return nodes[static_cast<std::size_t>(i)]; }
  const NodeState& node(Index i) const { return nodes[static_cast<std::size_t>(i)]; }
};

template <class T>
TangentWorkspace<T> make_tangent_workspace(const Plan<T>& plan, Index n);

// Throws where the second derivative of an activation of the user is missing.
template <class T>
void require_second_derivatives(const Plan<T>& plan);

template <class T>
Linearization<T> make_linearization(const Plan<T>& plan, Index n);

// A point, and a direction there whose wide slots are packed in the tangent workspace.
template <class T>
struct Tangent {
  const Plan<T>& plan;
  const T *w, *v;
  Curvature curvature;
  const PassContext& context;
  Workspace<T>& point;  // after forward and backward with `linearization`
  Linearization<T>& linearization;
  TangentWorkspace<T>& direction;
};

// Up to a' of the last node.
template <class T>
void r_forward(const Tangent<T>& tangent, const PanelMatrix<T>& x, Range samples);

// From delta' of the last node.
template <class T>
void r_backward(const Tangent<T>& tangent, Range samples);

// The part's range of the product with v, over n samples; g must be padded by one register.
template <class T>
void r_part_gradient(const Tangent<T>& tangent, const GradientPart& part, Index n,
                     const InputViews<T>& x, T* g);

}  // namespace fastmlp
