#include "fastmlp/train/network_objective.hpp"

#include <cmath>

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
}

template <class T>
void NetworkObjective<T>::select(const Data<T>& data, const Index* rows, Index n) {
  data_ = data;
  rows_ = rows;
  n_ = n;
  weight_ = data.weights ? 0.0 : static_cast<double>(n);
  if (data.weights) {
    for (Index i = 0; i < n; ++i) weight_ += data.weight(rows ? rows[i] : i);
  }
  reserve(std::min(n, kBlockRows));
}

template <class T>
void NetworkObjective<T>::reserve(Index rows) {
  if (rows <= workspace_.rows) return;
  workspace_.rows = 0;  // until all is there: after a failure the next call starts over
  Workspace<T> workspace = network_.make_workspace(rows, true);
  x_ = Matrix<T>(rows, network_.inputs());
  if (is_wide<T>(network_.inputs())) x_panels_ = PanelMatrix<T>(rows, network_.inputs());
  y_ = Matrix<T>(rows, target_columns(output_.loss, network_.outputs()));
  values_ = Buffer<T>(rows);
  scale_ = Buffer<T>(rows);
  workspace_ = std::move(workspace);
  packed_ = false;
}

template <class T>
void NetworkObjective<T>::pack() {
  if (!packed_) network_.pack(n_, workspace_, *team_);
  packed_ = false;
}

// Copies rows of the block that begins at block_begin of the batch into the workspace.
template <class T>
void NetworkObjective<T>::gather(Index block_begin, Range rows) {
  const Block<T> x = x_.block(), y = y_.block();
  for (Index i = rows.begin; i < rows.end; ++i) {
    const Index from = rows_ ? rows_[block_begin + i] : block_begin + i;
    std::copy_n(data_.x.row(from), x.cols, x.row(i));
    data_.copy_targets(from, y.cols, y.row(i));
    smooth_targets(output_.loss, y.cols, y.row(i));
    scale_[i] = static_cast<T>(data_.weight(from) / weight_);
  }
  if (!x_panels_.empty()) x_panels_.copy_rows(x.part(rows), rows.begin);
}

// Forward, loss and, where asked for, backward of a block of rows; returns its share of the loss.
template <class T>
double NetworkObjective<T>::phase1(Range block, bool backward) {
  Pass pass = pass_;
  pass.first += block.begin;
  team_->for_each(ceil_div(block.size(), network_.tile_rows()), [&](Index i, int) {
    const Range rows = tile(i, network_.tile_rows(), block.size());
    gather(block.begin, rows);
    const Block<T> a = network_.forward(n_, pass, x_.part(rows), rows, workspace_);
    Tape<T>& last = workspace_.tapes.back();
    Block<T> delta = last.delta.part(rows);
    evaluate<T>(output_, a, y_.part(rows), last.h.part(rows), values_.data() + rows.begin,
                scale_.data() + rows.begin, backward ? &delta : nullptr);
    if (backward) network_.backward(n_, pass, rows, workspace_);
  });
  double sum = 0;
  for (Index i = 0; i < block.size(); ++i) {
    sum += static_cast<double>(scale_[i]) * static_cast<double>(values_[i]);
  }
  return sum;
}

// What layer l was given, as its gradient reads it.
template <class T>
Panels<T> NetworkObjective<T>::input_panels(Index l) const {
  if (l == 0) return x_panels_.empty() ? in_place(x_.block()) : x_panels_.panels();
  const Tape<T>& below = workspace_.tapes[static_cast<std::size_t>(l - 1)];
  return below.h_panels.empty() ? in_place(below.h.block()) : below.h_panels.panels();
}

// The gradient of one part, over the rows in the workspace.
template <class T>
void NetworkObjective<T>::part_gradient(const Part& part, Index rows, T* g) const {
  const Tape<T>& tape = workspace_.tapes[static_cast<std::size_t>(part.layer)];
  network_.layer(part.layer).gradient(part.index, rows, tape, input_panels(part.layer), g);
}

// g (+)= the gradient over the rows in the workspace.
template <class T>
void NetworkObjective<T>::add_gradient(Index rows, bool first, T* g) {
  const double work =
      network_.operations_per_row() * static_cast<double>(rows) / static_cast<double>(parts());
  team_->for_each(parts(), [&](Index i, int member) {
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    T* from = part_gradients_[static_cast<std::size_t>(member)].data();
    T* to = g + part.range.begin;
    part_gradient(part, rows, from);
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
double NetworkObjective<T>::value_and_visit(const T* w, Sink<T>& sink) {
  if (n_ > kBlockRows) {
    if (gradient_.size() != size()) gradient_ = Buffer<T>(size());
    const double sum = value_and_grad(w, gradient_.data());
    if (std::isfinite(sum)) visit_parts(sink);
    return sum;
  }
  pack();
  const double sum = phase1({0, n_}, true);
  if (std::isfinite(sum)) visit_parts(sink);
  return sum;
}

// Phase 2: a part's gradient is made, visited, and the part packed for the next forward pass, while
// it is in cache.
template <class T>
void NetworkObjective<T>::visit_parts(Sink<T>& sink) {
  team_->finish_each(parts(), [&](Index i, int member) {
    const Part& part = network_.parts()[static_cast<std::size_t>(i)];
    T* g = n_ > kBlockRows ? gradient_.data() + part.range.begin
                           : part_gradients_[static_cast<std::size_t>(member)].data();
    if (n_ <= kBlockRows) part_gradient(part, n_, g);
    sink.visit(i, part.range, g);
    network_.pack(part, n_, workspace_);
  });
  packed_ = network_.packs(n_);
}

template <class T>
void NetworkObjective<T>::forward(Block<const T> x, Block<T> out) {
  n_ = x.rows;
  reserve(n_);
  pack();
  team_->for_each(ceil_div(n_, network_.tile_rows()), [&](Index i, int) {
    const Range rows = tile(i, network_.tile_rows(), n_);
    copy(x.part(rows), x_.part(rows));
    if (!x_panels_.empty()) x_panels_.copy_rows(x_.part(rows), rows.begin);
    const Block<T> a = network_.forward(n_, pass_, x_.part(rows), rows, workspace_);
    const Block<T> h = workspace_.tapes.back().h.part(rows);
    activate<T>(network_.output(), a, h);
    copy(h, out.part(rows));
  });
}

template <class T>
void NetworkObjective<T>::backward(Block<const T> output_gradient, T* g) {
  Tape<T>& last = workspace_.tapes.back();
  team_->for_each(ceil_div(n_, network_.tile_rows()), [&](Index i, int) {
    const Range rows = tile(i, network_.tile_rows(), n_);
    const Block<T> delta = last.delta.part(rows);
    copy(output_gradient.part(rows), delta);
    differentiate<T>(network_.output(), last.a.part(rows), last.h.part(rows), delta);
    network_.backward(n_, pass_, rows, workspace_);
  });
  add_gradient(n_, true, g);
}

template class NetworkObjective<float>;
template class NetworkObjective<double>;

}  // namespace fastmlp
