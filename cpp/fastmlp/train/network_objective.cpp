#include "fastmlp/train/network_objective.hpp"

#include <cmath>

#include "fastmlp/kernels/transpose.hpp"

namespace fastmlp {
template <class T>
NetworkObjective<T>::NetworkObjective(const Network<T>& network, Loss loss)
    : network_(network), output_{network.output(), std::move(loss)} {}

template <class T>
void NetworkObjective<T>::set_team(Team& team) {
  team_ = &team;
  pass_.team = &team;
  packed_ = false;
  Index largest = 0;
  for (const Part& part : network_.parts()) largest = std::max(largest, part.range.size());
  while (part_gradients_.size() < static_cast<std::size_t>(team.size())) {
    part_gradients_.emplace_back(largest);
  }
  deal_parts();
}

// A layer that stays with one member moves less memory between cores; but where one has more than
// its share of the work, pieces of every layer come in turn, about one for each member, so that all
// have as much to do.
template <class T>
void NetworkObjective<T>::deal_parts() {
  const Index members = team_->size();
  const auto& parts = network_.parts();
  const auto n = static_cast<Index>(parts.size());
  dealt_.resize(parts.size());
  std::iota(dealt_.begin(), dealt_.end(), Index(0));
  Index largest = 0;
  for (const auto& layer : network_.layers()) {
    largest = std::max(largest, layer->parameters().size());
  }
  if (largest * members <= network_.size()) return;
  dealt_.clear();
  const auto layer_of = [&](Index i) { return parts[static_cast<std::size_t>(i)].pieces[0].layer; };
  for (Index m = 0; m < members; ++m) {
    for (Index first = 0, end = 0; first < n; first = end) {
      while (end < n && layer_of(end) == layer_of(first)) ++end;
      const Range share{first + m * (end - first) / members,
                        first + (m + 1) * (end - first) / members};
      for (Index i = share.begin; i < share.end; ++i) dealt_.push_back(i);
    }
  }
}

template <class T>
void NetworkObjective<T>::select(const Data<T>& data, Rows rows, Index n) {
  data_ = data;
  rows_ = rows;
  n_ = n;
  weight_ = data.weights ? 0.0 : static_cast<double>(n);
  if (data.weights) {
    for (Index i = 0; i < n; ++i) weight_ += data.weight(rows[i]);
  }
  reserve(std::min(n, kBlockRows));
}

template <class T>
void NetworkObjective<T>::reserve(Index n) {
  if (n <= workspace_.samples) return;
  workspace_.samples = 0;  // until all is there: after a failure the next call starts over
  const Index targets = target_columns(output_.loss, network_.outputs());
  Workspace<T> workspace = network_.make_workspace(n, true);
  x_ = PanelMatrix<T>(network_.inputs(), n);
  x_samples_ = PanelMatrix<T>(n, network_.inputs());
  y_ = PanelMatrix<T>(targets, n);
  y_samples_ = PanelMatrix<T>(n, targets);
  values_ = Buffer<T>(n);
  scale_ = Buffer<T>(n);
  workspace_ = std::move(workspace);
  packed_ = false;
}

template <class T>
void NetworkObjective<T>::pack() {
  if (!packed_) network_.pack(workspace_, *team_);
  packed_ = false;
}

// Whether products read the samples of a block where the caller has them: in a row, not so wide
// that each takes a page, and with something behind them that whole packs may run over.
template <class T>
bool NetworkObjective<T>::reads_in_place(Range block) const {
  const Block<const T>& x = data_.x;
  const Index end = rows_.first + block.begin + round_up(block.size(), kLanes<T>);
  const Index overrun = round_up(x.cols, kLanes<T>) - x.cols;
  return !rows_.indices && !network_.layer(0).packs() &&
         end * x.stride + overrun <= x.rows * x.stride;
}

// Brings samples of the block that begins at block_begin of the batch into the workspace.
template <class T>
void NetworkObjective<T>::gather(Index block_begin, Range samples) {
  Index from[kTile<T>];
  const bool copied = samples_.data == x_samples_.panels().data;
  const T share = static_cast<T>(1 / weight_);
  for (Index i = samples.begin; i < samples.end; ++i) {
    const Index row = rows_[block_begin + i];
    from[i - samples.begin] = row;
    if (copied) x_samples_.set_row(i, data_.x.row(row), network_.inputs());
    scale_[i] = data_.weights ? static_cast<T>(data_.weight(row) / weight_) : share;
  }
  transpose(samples_, samples, {0, network_.inputs()}, x_);
  gather_targets(from, samples);
  smooth_targets(output_.loss, y_.columns(samples));
}

// The targets of rows from[0], from[1], …; one-hot where they are classes.
template <class T>
void NetworkObjective<T>::gather_targets(const Index* from, Range samples) {
  const Block<T> y = y_.columns(samples);
  if (data_.classes) {
    for (Index c = 0; c < y.rows; ++c) std::fill_n(y.row(c), y.cols, T(0));
    for (Index j = 0; j < y.cols; ++j) y.row(data_.classes[from[j]])[j] = T(1);
    return;
  }
  if (y.rows <= kLanes<T> / 4) {  // a square would be almost empty
    for (Index j = 0; j < y.cols; ++j) {
      const T* target = data_.y.row(from[j]);
      for (Index c = 0; c < y.rows; ++c) y.row(c)[j] = target[c];
    }
    return;
  }
  for (Index j = 0; j < y.cols; ++j) {
    y_samples_.set_row(samples.begin + j, data_.y.row(from[j]), y.rows);
  }
  transpose(y_samples_.panels(), samples, {0, y.rows}, y_);
}

// Samples in a tile of a batch of n: a panel, or as few as fill a cache line where members are done
// sooner with these.
template <class T>
Index NetworkObjective<T>::tile_columns(Index n) const {
  constexpr Index kNarrow = std::min<Index>(kTile<T>, kLine<T>);
  const auto longest = [&](Index width) {
    return ceil_div(ceil_div(n, width), team_->size()) * width;
  };
  return team_->shares() && longest(kNarrow) < longest(kTile<T>) ? kNarrow : kTile<T>;
}

// Forward, loss and, where asked for, backward of a block of samples; returns its share of the
// loss.
template <class T>
double NetworkObjective<T>::phase1(Range block, bool backward) {
  Pass pass = pass_;
  pass.first += block.begin;
  samples_ = x_samples_.panels();
  if (reads_in_place(block)) samples_ = {data_.x.row(rows_.first + block.begin), data_.x.stride};
  const Index width = tile_columns(block.size());
  team_->for_each(ceil_div(block.size(), width), [&](Index i, int) {
    const Range samples = tile(i, width, block.size());
    gather(block.begin, samples);
    const Block<T> a = network_.forward(pass, x_, samples, workspace_);
    Tape<T>& last = workspace_.tapes.back();
    Block<T> delta = last.delta.columns(samples);
    evaluate<T>(output_, a, y_.columns(samples), last.h.columns(samples),
                values_.data() + samples.begin, scale_.data() + samples.begin,
                backward ? &delta : nullptr);
    if (backward) network_.backward(pass, samples, workspace_);
  });
  double sum = 0;
  for (Index i = 0; i < block.size(); ++i) {
    sum += static_cast<double>(scale_[i]) * static_cast<double>(values_[i]);
  }
  return sum;
}

// The gradient of one part, over n samples in the workspace; `w` where the part is written to next
// and others have read it.
template <class T>
void NetworkObjective<T>::part_gradient(const Part& part, Index n, T* g, T* w) const {
  for (const auto& [layer, index, range] : part.pieces) {
    const auto l = static_cast<std::size_t>(layer);
    const Panels<T> input = l == 0 ? samples_ : workspace_.tapes[l - 1].samples.panels();
    Claim<T> claim;
    if (w && !network_.layer(layer).packs())
      claim = {w + range.begin, ceil_div(range.size(), kLine<T>)};
    network_.layer(layer).gradient(index, n, workspace_.tapes[l], input,
                                   g + (range.begin - part.range.begin), claim);
  }
}

// g (+)= the gradient over n samples in the workspace.
template <class T>
void NetworkObjective<T>::add_gradient(Index n, bool first, T* g) {
  const double work =
      network_.operations_per_row() * static_cast<double>(n) / static_cast<double>(parts());
  team_->for_each(parts(), [&](Index i, int member) {
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    T* from = part_gradients_[static_cast<std::size_t>(member)].data();
    T* to = g + part.range.begin;
    part_gradient(part, n, from);
    team_->progress(work);
    for (Index j = 0; j < part.range.size(); ++j) to[j] = first ? from[j] : to[j] + from[j];
  });
}

template <class T>
double NetworkObjective<T>::value(const T*) {
  pack();
  double sum = 0;
  for (Index b = 0; b < ceil_div(n_, kBlockRows); ++b)
    sum += phase1(tile(b, kBlockRows, n_), false);
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_grad(const T*, T* g) {
  pack();
  double sum = 0;
  for (Index b = 0; b < ceil_div(n_, kBlockRows); ++b) {
    const Range block = tile(b, kBlockRows, n_);
    sum += phase1(block, true);
    add_gradient(block.size(), b == 0, g);
  }
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_visit(T* w, Sink<T>& sink) {
  if (n_ > kBlockRows) {
    if (gradient_.size() != size()) gradient_ = Buffer<T>(size());
    const double sum = value_and_grad(w, gradient_.data());
    if (std::isfinite(sum)) visit_parts(w, sink);
    return sum;
  }
  pack();
  const double sum = phase1({0, n_}, true);
  if (std::isfinite(sum)) visit_parts(w, sink);
  return sum;
}

// Phase 2: a part's gradient is made, visited, and the part packed for the next forward pass, while
// it is in cache.
template <class T>
void NetworkObjective<T>::visit_parts(T* w, Sink<T>& sink) {
  team_->finish_each(parts(), [&](Index k, int member) {
    const Index i = dealt_[static_cast<std::size_t>(k)];
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    T* g = n_ > kBlockRows ? gradient_.data() + part.range.begin
                           : part_gradients_[static_cast<std::size_t>(member)].data();
    if (n_ <= kBlockRows) part_gradient(part, n_, g, team_->shares() ? w : nullptr);
    sink.visit(i, part.range, g);
    network_.pack(part, workspace_);
  });
  packed_ = true;
}

template <class T>
void NetworkObjective<T>::forward(Block<const T> x, Block<T> out) {
  n_ = x.rows;
  reserve(n_);
  samples_ = x_samples_.panels();
  pack();
  team_->for_each(ceil_div(n_, kTile<T>), [&](Index i, int) {
    const Range samples = tile(i, kTile<T>, n_);
    for (Index j = samples.begin; j < samples.end; ++j) x_samples_.set_row(j, x.row(j), x.cols);
    transpose(samples_, samples, {0, x.cols}, x_);
    const Block<T> a = network_.forward(pass_, x_, samples, workspace_);
    const Block<T> h = workspace_.tapes.back().h.columns(samples);
    activate<T>(network_.output(), a, h);
    transpose(h.rows, h.cols, h.data, h.stride, out.row(samples.begin), out.stride);
  });
}

template <class T>
void NetworkObjective<T>::backward(Block<const T> output_gradient, T* g) {
  Tape<T>& last = workspace_.tapes.back();
  team_->for_each(ceil_div(n_, kTile<T>), [&](Index i, int) {
    const Range samples = tile(i, kTile<T>, n_);
    const Block<T> delta = last.delta.columns(samples);
    transpose(delta.cols, delta.rows, output_gradient.row(samples.begin), output_gradient.stride,
              delta.data, delta.stride);
    differentiate<T>(network_.output(), last.a.columns(samples), last.h.columns(samples), delta);
    network_.backward(pass_, samples, workspace_);
  });
  add_gradient(n_, true, g);
}

template class NetworkObjective<float>;
template class NetworkObjective<double>;

}  // namespace fastmlp
