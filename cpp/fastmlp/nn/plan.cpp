#include "fastmlp/nn/plan.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "fastmlp/base/error.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/nn/plan_builder.hpp"

namespace fastmlp {
namespace {

// Elements that a sample takes in the workspace.
template <class T>
Index workspace_size(const std::vector<Node>& nodes, const std::vector<Term<T>>& terms) {
  Index size = 0;
  for (const Node& node : nodes) size += node.rows * (node.stores_preactivation ? 3 : 2);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Term<T>& term = terms[i];
    const MapTraits& map = term.map->traits();
    const bool keeps = term.keeper == static_cast<Index>(i);
    if (keeps && map.transposed == TransposedFactor::x) size += term.map->input_rows().size();
    if (map.transposed == TransposedFactor::delta || map.keeps_mask) size += map.outputs;
  }
  return size;
}

// The rows of a slot in blocks of nearly equal size, an even number of them for two threads; packed
// rows come in whole groups.
std::vector<Range> cut_rows(const Slot& slot) {
  if (slot.work() < kMinDividedElements) return {{0, slot.rows}};
  const Index whole = slot.rounded ? kBf16Rows : kMR;
  const Index group = slot.rounded || slot.packed ? whole : 1, groups = ceil_div(slot.rows, group);
  const Index positions = slot.reuse.by_terms ? 1 : slot.reuse.positions;
  const Index min_rows = slot.rounded    ? kBf16Rows
                         : slot.packed   ? kPackedBlockRows
                         : positions > 1 ? kDotRows
                                         : kMR;
  const Index elements = slot.reuse.by_terms ? kSummedBlockElements : kGradientBlockElements;
  const Index blocks =
      ceil_div(slot.rows, std::max(min_rows, elements / (slot.columns * positions)));
  const Index count = std::min(round_up(blocks, 2), groups);
  const auto boundary = [&](Index i) { return std::min(slot.rows, groups * i / count * group); };
  std::vector<Range> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) rows.push_back({boundary(i), boundary(i + 1)});
  return rows;
}

}  // namespace

template <class T>
Plan<T>::Plan(PlanBuilder<T>&& builder, bool training)
    : maps_(std::move(builder.maps_)),
      nodes_(std::move(builder.nodes_)),
      terms_(std::move(builder.terms_)),
      slots_(std::move(builder.slots_)),
      parameters_(std::move(builder.parameters_)),
      layer_outputs_(std::move(builder.outputs_)),
      states_(std::move(builder.states_)),
      size_(builder.size_),
      training_(training),
      rounds_(std::is_same_v<T, float> && builder.rounds_ && bf16_unit() != Bf16Unit::none) {
  for (const Index node : layer_outputs_) layer_shapes_.push_back(builder.shape(node));
  require(!parameters_.empty(), "Network: no layers, expected at least one Dense");
  Buffer<T>::check_available(size_);  // before parts are made in proportion to it
  link_terms();
  size_chunks();
  choose_rounded();
  add_parts();
  stochastic_ = std::any_of(terms_.begin(), terms_.end(),
                            [](const Term<T>& term) { return term.map->traits().stochastic; });
}

// Derives what the passes need from the list of all terms.
template <class T>
void Plan<T>::link_terms() {
  for (Node& n : nodes_) {
    n.stores_preactivation = uses_input(n.phi);
    n.keeps_slope = shares_work(n.phi);
    n.offset = sample_size_;
    sample_size_ += round_up(n.rows, kLanes<T>);
  }
  nodes_.back().stores_preactivation = true;
  nodes_.back().keeps_slope = false;  // its activation goes with the loss
  const Index output = static_cast<Index>(nodes_.size()) - 1;
  std::vector<bool> is_read(nodes_.size());
  const auto mark = [&](const Term<T>& t) {
    const bool marked = is_read[static_cast<std::size_t>(t.input)];
    is_read[static_cast<std::size_t>(t.input)] = true;
    return !marked;
  };
  for (auto t = terms_.rbegin(); t != terms_.rend(); ++t) t->first_back = mark(*t);
  is_read.assign(nodes_.size(), false);
  Index started = 0;                              // the node that has its first term
  std::map<std::array<Index, 3>, Index> keepers;  // by input and features
  for (Term<T>& t : terms_) {
    t.last_back = mark(t);
    t.first = !t.silent && t.output != started;
    if (t.first) started = t.output;
    t.last = &t == &terms_.back() || (&t + 1)->output != t.output;
    const Node& input = node(t.input);
    Node& made = nodes_[static_cast<std::size_t>(t.output)];
    const bool product = t.map->traits().runs_epilogue;
    t.fuses_activation = product && t.last && t.output != output && !needs_whole_tiles(made.phi);
    t.fuses_derivative = product && t.map->reads_all() && t.last_back && t.input > 0 &&
                         !needs_whole_tiles(input.phi);
    t.propagates = input.learns;
    const bool learns = t.slot != kNone && has_gradient(slot(t.slot));
    if (learns) t.transposed = t.map->traits().transposed;
    t.keeper = static_cast<Index>(&t - terms_.data());
    if (t.transposed == TransposedFactor::x) {
      const auto [begin, end] = t.map->input_rows();
      t.keeper = keepers.try_emplace({t.input, begin, end}, t.keeper).first->second;
    }
    one_by_one_ = one_by_one_ && !t.map->traits().by_panels;
    const bool bias_learns = made.bias != kNone && has_gradient(slot(made.bias));
    made.learns = made.learns || learns || bias_learns || t.propagates;
    if (t.first && made.bias != kNone) {
      t.bias = slot(made.bias).range.begin + made.bias_rows.begin;
    }
    if (t.slot == kNone) continue;
    t.weights = slot(t.slot).range.begin;
    packs_ = packs_ || slot(t.slot).packed;
    wide_inputs_ = wide_inputs_ || (t.input == 0 && slot(t.slot).packed);
    operations_ += 2.0 * static_cast<double>(work_of(t));
  }
}

// Of one row, in numbers of weights.
template <class T>
Index Plan<T>::work_of(const Term<T>& term) const {
  const Slot& of = slot(term.slot);
  const MapTraits& map = term.map->traits();
  return of.reuse.by_terms ? map.outputs * term.map->input_rows().size() : of.work();
}

template <class T>
void Plan<T>::size_chunks() {
  const Index bytes = workspace_size(nodes_, terms_) * static_cast<Index>(sizeof(T));
  const Index panels = std::max<Index>(1, kChunkBytes / bytes / kNR<T>);
  chunk_samples_ = std::min(kChunkSamples, panels * kNR<T>);
}

// Weights whose products are all dense, and large enough.
template <class T>
void Plan<T>::choose_rounded() {
  const bool rounds = rounds_;
  rounds_ = false;
  for (std::size_t s = 0; rounds && s < slots_.size(); ++s) {
    Slot& of = slots_[s];
    const std::vector<Index> uses = uses_of(static_cast<Index>(s));
    const auto can_round = [&](Index i) {
      return terms_[static_cast<std::size_t>(i)].map->traits().rounds;
    };
    of.rounded = !of.bias && std::min(of.rows, of.columns) >= kMinBf16Width &&
                 std::all_of(uses.begin(), uses.end(), can_round);
    rounds_ = rounds_ || of.rounded;
    packs_ = packs_ || of.rounded;
  }
}

// The terms that use a slot; for a bias the nodes.
template <class T>
std::vector<Index> Plan<T>::uses_of(Index slot) const {
  std::vector<Index> uses;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (terms_[i].slot == slot) uses.push_back(static_cast<Index>(i));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].bias == slot) uses.push_back(static_cast<Index>(i));
  }
  return uses;
}

// Biases go with the last block of their layer's weights; after that, blocks are joined up to
// kMergedPartElements, because calls dominate the time of a tiny network.
template <class T>
void Plan<T>::add_parts() {
  std::vector<GradientPart> unmerged;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    const Slot& of = slots_[s];
    const auto index = static_cast<Index>(s);
    const bool learns = has_gradient(of);
    std::vector<GradientPart>& parts = learns ? unmerged : frozen_;
    const bool joins = of.bias && !parts.empty() && parts.back().layer == of.layer &&
                       parts.back().range.end == of.range.begin;
    for (const Range rows : of.bias ? std::vector<Range>{{0, of.rows}} : cut_rows(of)) {
      const Range range{of.range.begin + rows.begin * of.columns,
                        of.range.begin + rows.end * of.columns};
      if (!joins) parts.push_back({{range.begin, range.begin}, of.layer, of.packed, {}});
      GradientPart& part = parts.back();
      part.blocks.push_back({index, of.bias, rows, range.begin, uses_of(index)});
      part.range.end = range.end;
      part.work += range.size() * of.reuse.positions;
    }
  }
  for (GradientPart& next : unmerged) {
    if (parts_.empty() || parts_.back().work + next.work > kMergedPartElements ||
        parts_.back().range.end != next.range.begin) {
      parts_.push_back({{next.range.begin, next.range.begin}, next.layer, next.packed, {}});
    }
    GradientPart& part = parts_.back();
    part.range.end = next.range.end;
    part.work += next.work;
    for (GradientBlock& block : next.blocks) {
      block.offset -= part.range.begin;
      part.blocks.push_back(std::move(block));
    }
  }
}

template <class T>
void Plan<T>::initialize(std::uint64_t seed, T* w, ThreadTeam& team) const {
  std::fill_n(w, size_, T(0));
  Index layer = kNone;
  Rng rng(seed, Stream::initialization, 0);
  for (const Slot& s : slots_) {  // those of a layer share a stream
    if (s.layer != layer) {
      rng = Rng(seed, Stream::initialization, static_cast<std::uint32_t>(s.layer));
    }
    layer = s.layer;
    for (const InitialBlock& block : s.initial) {
      const Index rows = block.rows.size(), columns = block.columns.size();
      Buffer<double> values(rows * columns);
      const auto draw = [&](const auto& init) {
        init.fill({columns, rows, rows * s.reuse.taps}, rng, values.data(), team);
      };
      std::visit(draw, block.init);
      T* const to = w + s.range.begin + block.rows.begin * s.columns + block.columns.begin;
      for (Index i = 0; i < rows; ++i) {
        std::transform(values.data() + i * columns, values.data() + (i + 1) * columns,
                       to + i * s.columns, [](double value) { return static_cast<T>(value); });
        if (all_finite(columns, to + i * s.columns)) continue;
        const char* name = std::visit([](const auto& init) { return init.class_name; }, block.init);
        throw std::invalid_argument("Network: layers[" + std::to_string(s.layer) + "] draws from " +
                                    name + " a weight that is too large for float" +
                                    std::to_string(8 * sizeof(T)) + ", expected smaller settings");
      }
    }
  }
}

template class Plan<float>;
template class Plan<double>;

}  // namespace fastmlp
