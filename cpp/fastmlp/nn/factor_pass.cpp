#include "fastmlp/nn/factor_pass.hpp"

#include "fastmlp/kernels/transpose.hpp"

namespace fastmlp {

// Nodes are in the order of their computation, so all readers of a node come before it here.
template <class T>
void factor_pass(const Point<T>& point, Range samples, Index top,
                 const std::function<void(Index, const MatrixView<T>&)>& add) {
  const auto& [plan, w, context, x, workspace] = point;
  for (Index k = 1; k <= top; ++k) {
    fill_zero(workspace.node(k).delta.columns(samples));
  }
  Epilogue<T> sum;
  sum.accumulate = true;
  for (std::size_t i = plan.terms().size(); i-- > 0;) {
    const Term<T>& term = plan.terms()[i];
    const Index k = term.output;
    if (k > top) continue;
    auto& state = workspace.node(k);
    const MatrixView<T> delta = state.delta.columns(samples);
    if (term.last) {
      if (k < top) differentiate_node(plan, k, samples, workspace, delta);
      add(k, delta);
    }
    if (term.transposed == TransposedFactor::delta) {
      transpose(state.delta.panels(), {0, term.map->outputs()}, samples,
                workspace.terms[i].transposed);
    }
    if (!term.propagates) continue;
    const MapCall<T> call = make_call(plan, i, context, samples, w, workspace.packed, workspace);
    term.map->apply_transposed(call, state.delta.panel(samples.begin),
                               workspace.node(term.input).delta.columns(samples), sum);
  }
}

template void factor_pass(const Point<float>&, Range, Index,
                          const std::function<void(Index, const MatrixView<float>&)>&);
template void factor_pass(const Point<double>&, Range, Index,
                          const std::function<void(Index, const MatrixView<double>&)>&);

}  // namespace fastmlp
