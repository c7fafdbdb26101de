#include "fastmlp/nn/sample_gradient.hpp"

namespace fastmlp {
namespace {

// The matrix from column j on, of which only one column is read.
template <class T>
PanelView<T> from_column(const PanelView<T>& view, Index j) {
  return {view.at(0, j), view.row, view.panel};
}
template <class T>
PanelView<T> from_row(const PanelView<T>& view, Index i) {
  return {view.at(i, 0), view.row, view.panel};
}

}  // namespace

// The weight gradients of a batch that consists of this sample.
template <class T>
void sample_gradient(const Plan<T>& plan, Index sample, const InputViews<T>& x,
                     const Workspace<T>& workspace, T* g) {
  for (const GradientPart& part : plan.parts()) {
    for_uses(part, [&](const GradientBlock& block, Index use, bool accumulate) {
      T* to = g + part.range.begin + block.offset;
      if (block.bias) {
        const PanelView<T> delta = from_column(workspace.node(use).delta.panels(), sample);
        return bias_gradient(plan, block, use, 1, delta, accumulate, to);
      }
      const auto i = static_cast<std::size_t>(use);
      GradientFactors<T> factors = factors_of(plan, i, 1, x, workspace);
      factors.delta = from_column(factors.delta, sample);
      factors.x = from_column(factors.x, sample);
      factors.transposed = from_row(factors.transposed, sample);
      plan.terms()[i].map->weight_gradient(block.rows, factors, accumulate, to, nullptr);
    });
  }
}

template void sample_gradient(const Plan<float>&, Index, const InputViews<float>&,
                              const Workspace<float>&, float*);
template void sample_gradient(const Plan<double>&, Index, const InputViews<double>&,
                              const Workspace<double>&, double*);

}  // namespace fastmlp
