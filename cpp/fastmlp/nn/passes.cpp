#include "fastmlp/nn/passes.hpp"

#include <algorithm>

#include "fastmlp/nn/epilogue.hpp"

namespace fastmlp {
namespace {

template <class T>
bool is_rounded(const Plan<T>& plan, const Term<T>& term, bool rounds) {
  return rounds && term.slot != kNone && plan.slot(term.slot).rounded;
}

// A factor of the weight gradient, X or delta, which is the one of `kind`, rounded.
template <class T>
void round_factor(const Term<T>& term, TransposedFactor kind, const PanelMatrix<T>& from,
                  Range samples, Bf16Factors& to) {
  if constexpr (kHasBf16 && std::is_same_v<T, float>) {
    if (to.rows.empty()) return;
    const Index rows = kind == TransposedFactor::x ? term.map->inputs() : term.map->outputs();
    if (kind == term.transposed) {
      pair_samples(from.panels(), rows, samples, to.transposed);
    } else {
      pair_samples(from.panels(), rows, samples, to.rows);
    }
  }
}

// Room for the rounded factors of terms, and for the inputs of their products.
template <class T>
void add_rounded(const Plan<T>& plan, Index n, bool backward, Workspace<T>& workspace) {
  Index widest = 0;
  for (std::size_t i = 0; i < plan.terms().size(); ++i) {
    const Term<T>& t = plan.terms()[i];
    if (!is_rounded(plan, t, true)) continue;
    const Index inputs = t.map->inputs(), outputs = t.map->outputs();
    widest = std::max({widest, inputs, backward && t.propagates ? outputs : 0});
    if (!backward || t.transposed == TransposedFactor::none) continue;
    const bool x = t.transposed == TransposedFactor::x;
    workspace.terms[i].bf16 = {Bf16Matrix(x ? outputs : inputs, n),
                               bf16_panels(n, x ? inputs : outputs)};
  }
  if (widest > 0) workspace.rounded = bf16_panels(widest, n);
}

}  // namespace

template <class T>
std::vector<PackedWeights<T>> make_packed(const Plan<T>& plan, bool backward, bool rounds) {
  std::vector<PackedWeights<T>> packed(plan.slots().size());
  for (const Term<T>& t : plan.terms()) {
    const bool rounded = is_rounded(plan, t, rounds);
    if (t.slot == kNone || !(rounded || plan.slot(t.slot).packed)) continue;
    const auto [rows, columns] = std::pair(plan.slot(t.slot).rows, plan.slot(t.slot).columns);
    PackedWeights<T>& of = packed[static_cast<std::size_t>(t.slot)];
    const bool transposed = t.map->traits().transposed == TransposedFactor::delta;
    const bool propagates = backward && t.propagates;
    const bool reads_w = !transposed || propagates, reads_wt = transposed || propagates;
    if (rounded) {
      if (reads_w && of.bf16.empty()) of.bf16 = {rows, columns};
      if (reads_wt && of.bf16_transposed.empty()) of.bf16_transposed = {columns, rows};
      continue;
    }
    if (reads_w && of.wt.empty()) of.wt = PackedMatrix<T>(columns, rows);
    if (reads_wt && of.w.empty()) of.w = PackedMatrix<T>(rows, columns);
  }
  return packed;
}

template <class T>
Workspace<T> make_workspace(const Plan<T>& plan, Index n, bool backward, bool rounds) {
  std::vector<bool> keeps(plan.terms().size());  // a transposed X, for itself or others
  for (const Term<T>& t : plan.terms()) {
    if (t.transposed == TransposedFactor::x && !is_rounded(plan, t, rounds)) {
      keeps[static_cast<std::size_t>(t.keeper)] = true;
    }
  }
  Workspace<T> workspace;
  workspace.samples = n;
  for (Index i = 0; i < static_cast<Index>(plan.nodes().size()); ++i) {
    const Node& node = plan.node(i);
    auto& state = workspace.nodes.emplace_back();
    if (i == 0) continue;
    state.h = PanelMatrix<T>(node.rows, n);
    if (node.stores_preactivation) state.a = PanelMatrix<T>(node.rows, n);
    if (backward) state.delta = PanelMatrix<T>(node.rows, n);
  }
  for (const Term<T>& t : plan.terms()) {
    const MapTraits& map = t.map->traits();
    const bool kept = keeps[workspace.terms.size()];
    auto& state = workspace.terms.emplace_back();
    if (!backward) continue;
    if (kept && (t.input > 0 || !t.map->reads_all())) {
      state.transposed = PanelMatrix<T>(n, t.map->input_rows().size());
    }
    if (t.transposed == TransposedFactor::delta && !is_rounded(plan, t, rounds)) {
      state.transposed = PanelMatrix<T>(n, map.outputs);
    }
    if (map.keeps_mask) state.mask = PanelMatrix<T>(map.outputs, n);
  }
  workspace.packed = make_packed(plan, backward, rounds);
  if (rounds) add_rounded(plan, n, backward, workspace);
  return workspace;
}

template <class T>
void pack(const Plan<T>& plan, const GradientPart& part, const T* w,
          std::vector<PackedWeights<T>>& packed) {
  if (!plan.packs()) return;
  for (const GradientBlock& block : part.blocks) {
    const Slot& slot = plan.slot(block.slot);
    if (!(slot.packed || slot.rounded)) continue;
    PackedWeights<T>& copies = packed[static_cast<std::size_t>(block.slot)];
    const T* from = w + slot.range.begin + block.rows.begin * slot.columns;
    const MatrixView<const T> rows{from, block.rows.size(), slot.columns, slot.columns};
    if (!copies.wt.empty()) pack_transposed(block.rows.begin, rows, copies.wt);
    if (!copies.w.empty()) pack_rows(block.rows.begin, rows, copies.w);
    if constexpr (kHasBf16 && std::is_same_v<T, float>) {
      if (!copies.bf16.empty()) pack_bf16(block.rows.begin, rows, copies.bf16);
      if (!copies.bf16_transposed.empty()) {
        pack_bf16_transposed(block.rows.begin, rows, copies.bf16_transposed);
      }
    }
  }
}

template <class T>
void pack(const Plan<T>& plan, const T* w, std::vector<PackedWeights<T>>& packed,
          ThreadTeam& team) {
  if (!plan.packs()) return;
  for (const auto* parts : {&plan.parts(), &plan.frozen()}) {
    team.parallel_for_uninterrupted(static_cast<Index>(parts->size()), [&](Index i, int) {
      pack(plan, (*parts)[static_cast<std::size_t>(i)], w, packed);
    });
  }
}

template <class T>
MatrixView<T> forward(const Point<T>& point, Range samples, const ForwardPrefetch<T>* prefetch) {
  const auto& [plan, w, context, x, workspace] = point;
  context.team->poll_interrupt(plan.operations_per_row() * static_cast<double>(samples.size()));
  for (std::size_t i = 0;; ++i) {
    const Term<T>& term = plan.terms()[i];
    if (term.silent) continue;
    auto& state = workspace.terms[i];
    const Node& node = plan.node(term.output);
    auto& made = workspace.node(term.output);
    const PanelMatrix<T>& input = term.input == 0 ? x : workspace.node(term.input).h;
    if (term.transposed == TransposedFactor::x && !state.transposed.empty()) {
      transpose_input(*term.map, input, samples, state.transposed);
    }
    round_factor(term, TransposedFactor::x, input, samples, state.bf16);
    const MatrixView<T> a = made.preactivation(node).columns(samples);
    const Activate<T> phi(node.phi, a.data, made.h.at(0, samples.begin), workspace.has_slope(node));
    Epilogue<T> epilogue = term.fuses_activation ? phi.epilogue() : Epilogue<T>{};
    epilogue.accumulate = !term.first;
    MapCall<T> call = make_call(plan, i, context, samples, w, workspace.packed, workspace);
    call.draws = true;
    if (term.bias != kNone) call.bias = w + term.bias;
    if (prefetch) {
      PrefetchSchedule<T> schedule;
      if (prefetch->schedule(term.output, samples, schedule)) call.prefetch = &schedule;
      term.map->apply(call, input.panel(samples.begin), a, epilogue);
    } else {
      term.map->apply(call, input.panel(samples.begin), a, epilogue);
    }
    if (i + 1 == plan.terms().size()) return a;
    if (!term.last) continue;
    if (!term.fuses_activation) phi.apply(a.data, a.rows, a.cols, a.stride);
    clear_ended_steps(node, context, samples, made.h.columns(samples));
  }
}

template <class T>
MatrixView<T> forward_from(const Point<T>& point, const MatrixView<T>& states, Index first,
                           Range samples, const ForwardPrefetch<T>* prefetch) {
  if (!states.data) return forward(point, samples, prefetch);
  T* from = states.row(first);
  for (const RecurrentState& of : point.plan.states()) {
    const MatrixView<T> h = point.workspace.node(of.before).h.columns(samples);
    transpose(samples.size(), h.rows, from, states.stride, h.data, h.stride);
    from += h.rows;
  }
  const MatrixView<T> a = forward(point, samples, prefetch);
  T* to = states.row(first);
  for (const RecurrentState& of : point.plan.states()) {
    const MatrixView<T> h = point.workspace.node(of.after).h.columns(samples);
    transpose(h.rows, samples.size(), h.data, h.stride, to, states.stride);
    to += h.rows;
  }
  return a;
}

template <class T>
void backward(const Point<T>& point, Range samples, PanelMatrix<T>* input_gradient,
              Linearization<T>* linearization) {
  const auto& [plan, w, context, x, workspace] = point;
  context.team->poll_interrupt(plan.operations_per_row() * static_cast<double>(samples.size()));
  for (std::size_t i = plan.terms().size(); i-- > 0;) {
    const Term<T>& term = plan.terms()[i];
    auto& state = workspace.terms[i];
    const PanelMatrix<T>& delta = workspace.node(term.output).delta;
    round_factor(term, TransposedFactor::delta, delta, samples, state.bf16);
    if (term.transposed == TransposedFactor::delta && !state.transposed.empty()) {
      transpose(delta.panels(), {0, term.map->outputs()}, samples, state.transposed);
    }
    if (!input_gradient && (!term.propagates || term.input == 0)) continue;
    const Node& node = plan.node(term.input);
    auto& below = workspace.node(term.input);
    const MatrixView<T> g = (term.input == 0 ? *input_gradient : below.delta).columns(samples);
    const MapCall<T> call = make_call(plan, i, context, samples, w, workspace.packed, workspace);
    if (term.input == 0) {
      Epilogue<T> epilogue;
      epilogue.accumulate = !term.first_back;
      term.map->apply_transposed(call, delta.panel(samples.begin), g, epilogue);
      continue;
    }
    const MatrixView<T> a = below.preactivation(node).columns(samples);
    const MatrixView<T> h = below.h.columns(samples);
    const Differentiate<T> phi(node.phi, a.data, h.data, g.data, workspace.has_slope(node));
    const bool fuses = term.fuses_derivative && !linearization;
    Epilogue<T> epilogue = fuses ? phi.epilogue() : Epilogue<T>{};
    epilogue.accumulate = !term.first_back;
    term.map->apply_transposed(call, delta.panel(samples.begin), g, epilogue);
    if (!term.last_back) continue;
    if (linearization) {
      const auto derivatives = linearization->node(term.input).columns(samples);
      linearize<T>(node.phi, a, h, derivatives, g);
      clear_ended_steps(node, context, samples, derivatives.slope);
      clear_ended_steps(node, context, samples, derivatives.curvature);
    } else if (!fuses) {
      phi.apply(g.data, g.rows, g.cols, g.stride);
    }
    clear_ended_steps(node, context, samples, g);
  }
}

template <class T>
void part_gradient(const Plan<T>& plan, const GradientPart& part, Index n, const InputViews<T>& x,
                   const Workspace<T>& workspace, T* g, PrefetchSchedule<T>* prefetch) {
  for_uses(part, [&](const GradientBlock& block, Index use, bool accumulate) {
    T* to = g + block.offset;
    if (block.bias) {
      return bias_gradient(plan, block, use, n, workspace.node(use).delta.panels(), accumulate, to);
    }
    const auto i = static_cast<std::size_t>(use);
    plan.terms()[i].map->weight_gradient(block.rows, factors_of(plan, i, n, x, workspace),
                                         accumulate, to, prefetch);
    prefetch = nullptr;  // issued by the first product
  });
}

#define FASTMLP_INSTANTIATE(T)                                                                  \
  template std::vector<PackedWeights<T>> make_packed(const Plan<T>&, bool, bool);               \
  template Workspace<T> make_workspace(const Plan<T>&, Index, bool, bool);                      \
  template void pack(const Plan<T>&, const GradientPart&, const T*,                             \
                     std::vector<PackedWeights<T>>&);                                           \
  template void pack(const Plan<T>&, const T*, std::vector<PackedWeights<T>>&, ThreadTeam&);    \
  template MatrixView<T> forward(const Point<T>&, Range, const ForwardPrefetch<T>*);            \
  template MatrixView<T> forward_from(const Point<T>&, const MatrixView<T>&, Index, Range,      \
                                      const ForwardPrefetch<T>*);                               \
  template void backward(const Point<T>&, Range, PanelMatrix<T>*, Linearization<T>*);           \
  template void part_gradient(const Plan<T>&, const GradientPart&, Index, const InputViews<T>&, \
                              const Workspace<T>&, T*, PrefetchSchedule<T>*);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
