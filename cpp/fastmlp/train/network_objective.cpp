#include "fastmlp/train/network_objective.hpp"

#include <cmath>

#include "fastmlp/kernels/transpose.hpp"

namespace fastmlp {
template <class T>
NetworkObjective<T>::NetworkObjective(const Network<T>& network, Loss loss)
    : network_(network),
      output_loss_{network.output(), std::move(loss)},
      batch_(network.inputs(), target_columns(output_loss_.loss, network.outputs()),
             network.layer(0).packs()) {}

template <class T>
void NetworkObjective<T>::set_team(ThreadTeam& team) {
  team_ = &team;
  pass_.team = &team;
  packed_ = false;
  Index largest = 0;
  for (const Part& part : network_.parts()) largest = std::max(largest, part.range.size());
  while (part_gradients_.size() < static_cast<std::size_t>(team.size())) {
    part_gradients_.emplace_back(largest);
  }
  assign_parts();
}

// A layer that stays with one member moves less memory between cores; but where one has more than
// its share of the work, pieces of every layer come in turn, about one for each member, so that all
// have as much to do.
template <class T>
void NetworkObjective<T>::assign_parts() {
  const Index members = team_->size();
  const auto& parts = network_.parts();
  const auto n = static_cast<Index>(parts.size());
  Index largest = 0;
  for (const auto& layer : network_.layers()) {
    largest = std::max(largest, layer->parameters().size());
  }
  assignments_.clear();
  const auto deal = [&](Range range) {
    for (Index i = range.begin; i < range.end; ++i) {
      const Index begin = assignments_.empty() ? 0 : assignments_.back().share.end;
      assignments_.push_back({i, {begin, begin + parts[static_cast<std::size_t>(i)].range.size()}});
    }
  };
  if (largest * members <= network_.size()) return deal({0, n});
  const auto layer_of = [&](Index i) { return parts[static_cast<std::size_t>(i)].pieces[0].layer; };
  for (Index m = 0; m < members; ++m) {
    for (Index first = 0, end = 0; first < n; first = end) {
      while (end < n && layer_of(end) == layer_of(first)) ++end;
      deal({first + m * (end - first) / members, first + (m + 1) * (end - first) / members});
    }
  }
}

template <class T>
void NetworkObjective<T>::select(const Dataset<T>& data, RowSelection rows, Index n) {
  batch_.select(data, rows, n);
  ++version_;
  reserve(std::min(n, kChunkRows));
}

template <class T>
void NetworkObjective<T>::reserve(Index n) {
  if (n <= workspace_.samples) return;
  workspace_.samples = 0;  // until all is there: after a failure the next call starts over
  Workspace<T> workspace = network_.make_workspace(n, true);
  batch_.reserve(n);
  values_ = Buffer<T>(n);
  workspace_ = std::move(workspace);
  packed_ = false;
}

template <class T>
void NetworkObjective<T>::pack() {
  if (!packed_) network_.pack(workspace_, *team_);
  packed_ = false;
}

// Samples in a tile of a batch of n: a panel, or half of one where members are done sooner with
// these. Tiles that share a panel share no cache line: panels of one line are not halved.
template <class T>
Index NetworkObjective<T>::tile_columns(Index n) const {
  constexpr Index kNarrow = std::min<Index>(kTile<T>, kLine<T>);
  static_assert(kNarrow == kTile<T> || kNarrow % kLine<T> == 0);
  const Index members = team_->size();
  const auto longest = [&](Index width) {  // samples of the member with the most
    const Index tiles = ceil_div(n, width);
    Index most = 0;
    for (Index m = 0; m < members; ++m) {
      const Index begin = m * tiles / members, end = (m + 1) * tiles / members;
      most = std::max(most, std::min(n, end * width) - begin * width);
    }
    return most;
  };
  return team_->is_parallel() && longest(kNarrow) < longest(kTile<T>) ? kNarrow : kTile<T>;
}

// Forward, loss and, where asked for, backward of a block of samples; returns its share of the
// loss.
template <class T>
double NetworkObjective<T>::forward_backward(Range block, bool backward) {
  PassContext pass = pass_;
  pass.first += block.begin;
  batch_.start_chunk(block);
  const Index width = tile_columns(block.size());
  team_->parallel_for(ceil_div(block.size(), width), [&](Index i, int) {
    const Range samples = tile(i, width, block.size());
    batch_.gather(samples, output_loss_.loss);
    const MatrixView<T> a = network_.forward(pass, batch_.x(), samples, workspace_);
    Tape<T>& last = workspace_.tapes.back();
    MatrixView<T> delta = last.delta.columns(samples);
    evaluate<T>(output_loss_, a, batch_.y(samples), last.h.columns(samples),
                values_.data() + samples.begin, batch_.scale() + samples.begin,
                backward ? &delta : nullptr);
    if (backward) network_.backward(pass, samples, workspace_);
  });
  double sum = 0;
  for (Index i = 0; i < block.size(); ++i) {
    sum += static_cast<double>(batch_.scale()[i]) * static_cast<double>(values_[i]);
  }
  return sum;
}

// The gradient of one part, over n samples in the workspace.
template <class T>
void NetworkObjective<T>::part_gradient(const Part& part, Index n, T* g,
                                        PrefetchSchedule<T>* prefetch) const {
  for (const auto& [layer, index, range] : part.pieces) {
    const auto l = static_cast<std::size_t>(layer);
    const PanelView<T> input = l == 0 ? batch_.samples() : workspace_.tapes[l - 1].samples.panels();
    network_.layer(layer).gradient(index, n, workspace_.tapes[l], input,
                                   g + (range.begin - part.range.begin), prefetch);
    prefetch = nullptr;  // they are all run by now
  }
}

// What is done while the gradient of a part is made, if anything: its parameters are written to
// next, where `written` is given, and others have read what is not packed of them; a share of the
// next batch is read soon.
template <class T>
bool NetworkObjective<T>::schedule_prefetch(const Part& part, Range share, T* written,
                                            PrefetchSchedule<T>& prefetch) const {
  const bool claims = written && team_->is_parallel() && !network_.layer(part.pieces[0].layer).packs();
  if (claims) {
    prefetch.ownership.data = written + part.range.begin;
    prefetch.ownership.lines = ceil_div(part.range.size(), kLine<T>);
  }
  const bool asks = batch_.expects() && batch_.size() <= kChunkRows;
  if (asks) batch_.schedule_next_batch(share, size(), prefetch.next_batch);
  return claims || asks;
}

// g (+)= the gradient over n samples in the workspace; `written` as in schedule_prefetch.
template <class T>
void NetworkObjective<T>::add_gradient(Index n, bool first, T* written, T* g) {
  const double work =
      network_.operations_per_row() * static_cast<double>(n) / static_cast<double>(parts());
  team_->parallel_for(parts(), [&](Index i, int member) {
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    T* from = part_gradients_[static_cast<std::size_t>(member)].data();
    T* to = g + part.range.begin;
    PrefetchSchedule<T> prefetch;
    const bool any = schedule_prefetch(part, part.range, written, prefetch);
    part_gradient(part, n, from, any ? &prefetch : nullptr);
    team_->poll_interrupt(work);
    for (Index j = 0; j < part.range.size(); ++j) to[j] = first ? from[j] : to[j] + from[j];
  });
}

template <class T>
double NetworkObjective<T>::value(const T*) {
  packed_ = false;
  pack();
  double sum = 0;
  for (Index b = 0; b < ceil_div(batch_.size(), kChunkRows); ++b)
    sum += forward_backward(tile(b, kChunkRows, batch_.size()), false);
  return sum;
}

// The loss, and g, its gradient; `written` are the parameters if the caller updates them next.
template <class T>
double NetworkObjective<T>::sum_gradient(T* written, T* g) {
  pack();
  double sum = 0;
  for (Index b = 0; b < ceil_div(batch_.size(), kChunkRows); ++b) {
    const Range block = tile(b, kChunkRows, batch_.size());
    const bool last = block.end == batch_.size();
    sum += forward_backward(block, true);
    add_gradient(block.size(), b == 0, last ? written : nullptr, g);
  }
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) {
  packed_ = packed_ && packed_version_ == consumer.version();
  if (T* whole = consumer.whole_gradient()) return sum_gradient(w, whole);
  if (batch_.size() > kChunkRows) {
    if (gradient_.size() != size()) gradient_ = Buffer<T>(size());
    const double sum = sum_gradient(nullptr, gradient_.data());
    if (std::isfinite(sum)) gradient_and_update(w, consumer);
    return sum;
  }
  pack();
  const double sum = forward_backward({0, batch_.size()}, true);
  if (std::isfinite(sum)) gradient_and_update(w, consumer);
  return sum;
}

// Phase 2: a part's gradient is made, visited, and the part packed for the next forward pass, while
// it is in cache.
template <class T>
void NetworkObjective<T>::gradient_and_update(T* w, GradientConsumer<T>& consumer) {
  consumer.start(parts(), w);
  team_->parallel_for_uninterrupted(parts(), [&](Index k, int member) {
    const auto [i, share] = assignments_[static_cast<std::size_t>(k)];
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    const bool whole = batch_.size() > kChunkRows;  // the gradient is made already
    T* g = whole ? gradient_.data() + part.range.begin
                 : part_gradients_[static_cast<std::size_t>(member)].data();
    if (!whole) {
      PrefetchSchedule<T> prefetch;
      const bool any = schedule_prefetch(part, share, w, prefetch);
      part_gradient(part, batch_.size(), g, any ? &prefetch : nullptr);
    }
    consumer.consume(i, part.range, g);
    network_.pack(part, workspace_);
  });
  packed_ = true;
  packed_version_ = consumer.version();
}

template <class T>
void NetworkObjective<T>::forward(MatrixView<const T> x, MatrixView<T> out) {
  reserve(x.rows);
  batch_.start_gather(x.rows);
  pack();
  team_->parallel_for(ceil_div(batch_.size(), kTile<T>), [&](Index i, int) {
    const Range samples = tile(i, kTile<T>, batch_.size());
    batch_.gather_inputs(x, samples);
    const MatrixView<T> a = network_.forward(pass_, batch_.x(), samples, workspace_);
    const MatrixView<T> h = workspace_.tapes.back().h.columns(samples);
    activate<T>(network_.output(), a, h);
    transpose(h.rows, h.cols, h.data, h.stride, out.row(samples.begin), out.stride);
  });
}

template <class T>
void NetworkObjective<T>::backward(MatrixView<const T> output_gradient, T* g) {
  Tape<T>& last = workspace_.tapes.back();
  team_->parallel_for(ceil_div(batch_.size(), kTile<T>), [&](Index i, int) {
    const Range samples = tile(i, kTile<T>, batch_.size());
    const MatrixView<T> delta = last.delta.columns(samples);
    transpose(delta.cols, delta.rows, output_gradient.row(samples.begin), output_gradient.stride,
              delta.data, delta.stride);
    differentiate<T>(network_.output(), last.a.columns(samples), last.h.columns(samples), delta);
    network_.backward(pass_, samples, workspace_);
  });
  add_gradient(batch_.size(), true, nullptr, g);
}

template class NetworkObjective<float>;
template class NetworkObjective<double>;

}  // namespace fastmlp
