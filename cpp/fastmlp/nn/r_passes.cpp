#include "fastmlp/nn/r_passes.hpp"

namespace fastmlp {
namespace {

// The call of a term for the parameters, or for the direction.
template <class T>
MapCall<T> call_of(const Tangent<T>& tangent, std::size_t i, Range samples, bool direction) {
  MapCall<T> call =
      make_call(tangent.plan, i, tangent.context, samples, direction ? tangent.v : tangent.w,
                direction ? tangent.direction.packed : tangent.point.packed, tangent.point);
  const Index factor = tangent.plan.terms()[i].factor;
  if (direction && factor != kNone) call.factor = &tangent.direction.node(factor).h;
  return call;
}

template <class T>
Epilogue<T> sum(bool accumulate) {
  Epilogue<T> epilogue;
  epilogue.accumulate = accumulate;
  return epilogue;
}

// Rows of each node that have derivatives: none of the input, node 0, which is a constant.
template <class T>
std::vector<Index> differentiable_rows(const Plan<T>& plan) {
  std::vector<Index> rows;
  for (const Node& node : plan.nodes()) rows.push_back(rows.empty() ? 0 : node.rows);
  return rows;
}

}  // namespace

template <class T>
void require_second_derivatives(const Plan<T>& plan) {
  for (const Node& node : plan.nodes()) require_second_derivative(node.phi);
}

template <class T>
TangentWorkspace<T> make_tangent_workspace(const Plan<T>& plan, Index n) {
  TangentWorkspace<T> tangent;
  for (const Index rows : differentiable_rows(plan)) {
    tangent.nodes.push_back(
        {PanelMatrix<T>(rows, n), PanelMatrix<T>(rows, n), PanelMatrix<T>(rows, n)});
  }
  for (const Term<T>& term : plan.terms()) {
    const MapTraits& map = term.map->traits();
    PanelMatrix<T>& factor = tangent.transposed.emplace_back();
    const bool keeps = term.keeper + 1 == static_cast<Index>(tangent.transposed.size());
    const bool turns_x = keeps && map.transposed == TransposedFactor::x && term.propagates;
    if (turns_x) factor = PanelMatrix<T>(n, term.map->input_rows().size());
    if (map.transposed == TransposedFactor::delta) factor = PanelMatrix<T>(n, map.outputs);
  }
  tangent.packed = make_packed(plan, true);
  return tangent;
}

template <class T>
Linearization<T> make_linearization(const Plan<T>& plan, Index n) {
  Linearization<T> linearization;
  for (const Index rows : differentiable_rows(plan)) {
    linearization.nodes.push_back({PanelMatrix<T>(rows, n), PanelMatrix<T>(rows, n)});
  }
  return linearization;
}

template <class T>
void r_forward(const Tangent<T>& tangent, const PanelMatrix<T>& x, Range samples) {
  const Plan<T>& plan = tangent.plan;
  TangentWorkspace<T>& direction = tangent.direction;
  bool accumulate = false;
  for (std::size_t i = 0; i < plan.terms().size(); ++i) {
    const Term<T>& term = plan.terms()[i];
    const Node& node = plan.node(term.output);
    const MatrixView<T> ra = direction.node(term.output).a.columns(samples);
    if (i == 0 || plan.terms()[i - 1].output != term.output) accumulate = false;
    if (term.slot != kNone) {  // B(v) h_in + v_b
      const PanelMatrix<T>& input = term.input == 0 ? x : tangent.point.node(term.input).h;
      MapCall<T> call = call_of(tangent, i, samples, true);
      if (term.bias != kNone) call.bias = tangent.v + term.bias;
      term.map->apply(call, input.panel(samples.begin), ra, sum<T>(accumulate));
      accumulate = true;
    }
    if (term.propagates) {  // B(w) h_in'
      const PanelMatrix<T>& input = direction.node(term.input).h;
      if (!direction.transposed[i].empty() && term.transposed == TransposedFactor::x) {
        transpose_input(*term.map, input, samples, direction.transposed[i]);
      }
      term.map->apply(call_of(tangent, i, samples, false), input.panel(samples.begin), ra,
                      sum<T>(accumulate));
      accumulate = true;
    }
    if (!term.last) continue;
    if (!accumulate) fill_zero(ra);
    if (i + 1 == plan.terms().size()) return;
    r_activate<T>(node.phi, tangent.point.node(term.output).h.columns(samples),
                  tangent.linearization.node(term.output).columns(samples), ra,
                  direction.node(term.output).h.columns(samples));
  }
}

template <class T>
void r_backward(const Tangent<T>& tangent, Range samples) {
  const Plan<T>& plan = tangent.plan;
  const bool hessian = tangent.curvature == Curvature::hessian;
  for (std::size_t i = plan.terms().size(); i-- > 0;) {
    const Term<T>& term = plan.terms()[i];
    const PanelMatrix<T>& rdelta = tangent.direction.node(term.output).delta;
    if (term.transposed == TransposedFactor::delta) {
      transpose(rdelta.panels(), {0, term.map->outputs()}, samples,
                tangent.direction.transposed[i]);
    }
    if (!term.propagates) continue;
    auto& below = tangent.direction.node(term.input);
    const MatrixView<T> rg = below.delta.columns(samples);
    term.map->apply_transposed(call_of(tangent, i, samples, false), rdelta.panel(samples.begin), rg,
                               sum<T>(!term.first_back));
    if (hessian && (term.slot != kNone || term.factor != kNone)) {
      const PanelMatrix<T>& delta = tangent.point.node(term.output).delta;
      term.map->apply_transposed(call_of(tangent, i, samples, true), delta.panel(samples.begin), rg,
                                 sum<T>(true));
    }
    if (!term.last_back) continue;
    r_differentiate<T>(
        plan.node(term.input).phi, tangent.point.node(term.input).h.columns(samples),
        tangent.linearization.node(term.input).columns(samples),
        hessian ? MatrixView<const T>(below.a.columns(samples)) : MatrixView<const T>{},
        below.h.columns(samples), rg);
  }
}

template <class T>
void r_part_gradient(const Tangent<T>& tangent, const GradientPart& part, Index n,
                     const InputViews<T>& x, T* g) {
  const Plan<T>& plan = tangent.plan;
  const Workspace<T>& point = tangent.point;
  const TangentWorkspace<T>& direction = tangent.direction;
  for_uses(part, [&](const GradientBlock& block, Index use, bool accumulate) {
    T* to = g + block.offset;
    if (block.bias) {
      return bias_gradient(plan, block, use, n, direction.node(use).delta.panels(), accumulate, to);
    }
    const auto i = static_cast<std::size_t>(use);
    const Term<T>& term = plan.terms()[i];
    GradientFactors<T> factors = factors_of(plan, i, n, x, point);  // (delta', h_in)
    factors.delta = direction.node(term.output).delta.panels();
    const bool needs_x = term.transposed == TransposedFactor::x;
    if (!needs_x) factors.transposed = direction.transposed[i].panels();
    term.map->weight_gradient(block.rows, factors, accumulate, to, nullptr);
    if (tangent.curvature == Curvature::gauss_newton || !term.propagates) return;
    factors = factors_of(plan, i, n, x, point);  // (delta, h_in')
    factors.x = direction.node(term.input).h.panels();
    const auto keeper = static_cast<std::size_t>(term.keeper);
    if (needs_x) factors.transposed = direction.transposed[keeper].panels();
    term.map->weight_gradient(block.rows, factors, true, to, nullptr);
  });
}

#define FASTMLP_INSTANTIATE(T)                                                 \
  template void require_second_derivatives(const Plan<T>&);                    \
  template Linearization<T> make_linearization(const Plan<T>&, Index);         \
  template TangentWorkspace<T> make_tangent_workspace(const Plan<T>&, Index);  \
  template void r_forward(const Tangent<T>&, const PanelMatrix<T>&, Range);    \
  template void r_backward(const Tangent<T>&, Range);                          \
  template void r_part_gradient(const Tangent<T>&, const GradientPart&, Index, \
                                const InputViews<T>&, T*);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
