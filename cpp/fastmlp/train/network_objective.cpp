#include "fastmlp/train/network_objective.hpp"

#include <cmath>

namespace fastmlp {
namespace {

// Collects the parts of a gradient: assigned, or added to what is there.
template <class T>
class Collect final : public Sink<T> {
 public:
  Collect(T* g, bool add) : g_(g), add_(add) {}
  void visit(Index, Range range, T* g) override {
    T* out = g_ + range.begin;
    for (Index i = 0; i < range.size(); ++i) out[i] = add_ ? out[i] + g[i] : g[i];
  }

 private:
  T* g_;
  bool add_;
};

}  // namespace

template <class T>
NetworkObjective<T>::NetworkObjective(const Network<T>& network, Loss loss)
    : network_(network), output_{network.output(), std::move(loss)} {
  Index largest = 0;
  for (Index l = 0; l < network.depth(); ++l) {
    for (Index i = 0; i < network.layer(l).parts(); ++i) {
      parts_.push_back({l, i, network.layer(l).part(i)});
      largest = std::max(largest, parts_.back().range.size());
    }
  }
  part_gradient_ = Buffer<T>(largest);
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
  workspace_ = network_.make_workspace(rows, true);
  x_ = Matrix<T>(rows, network_.inputs());
  y_ = Matrix<T>(rows, network_.outputs());
  values_ = Buffer<T>(rows);
  scale_ = Buffer<T>(rows);
}

// Copies rows of the batch into the workspace, from row 0 on.
template <class T>
void NetworkObjective<T>::gather(Range rows) {
  const Index inputs = network_.inputs(), outputs = network_.outputs();
  const Block<T> x = x_.block(), y = y_.block();
  for (Index i = rows.begin; i < rows.end; ++i) {
    const Index from = rows_ ? rows_[i] : i, to = i % kBlockRows;
    std::copy_n(data_.x.row(from), inputs, x.row(to));
    data_.copy_targets(from, outputs, y.row(to));
    scale_[to] = static_cast<T>(data_.weight(from) / weight_);
  }
}

// Forward, loss and, where asked for, backward of a block of rows; returns its share of the loss.
template <class T>
double NetworkObjective<T>::phase1(Range block, bool backward) {
  const double work = network_.operations_per_row() * (backward ? 2.0 : 1.0);
  double sum = 0;
  for (Index i = 0; i < ceil_div(block.size(), kTileRows); ++i) {
    const Range rows = tile(i, kTileRows, block.size());
    gather({block.begin + rows.begin, block.begin + rows.end});
    const Block<T> a = network_.forward(n_, x_.part(rows), rows, workspace_);
    Tape<T>& last = workspace_.tapes.back();
    Block<T> delta = last.delta.part(rows);
    evaluate<T>(output_, a, y_.part(rows), last.h.part(rows), values_.data() + rows.begin,
                scale_.data() + rows.begin, backward ? &delta : nullptr);
    if (backward) network_.backward(rows, workspace_);
    for (Index r = rows.begin; r < rows.end; ++r) {
      sum += static_cast<double>(scale_[r]) * static_cast<double>(values_[r]);
    }
    watch_.worked(work * static_cast<double>(rows.size()));
  }
  return sum;
}

// The gradient of the rows in the workspace, part by part.
template <class T>
void NetworkObjective<T>::phase2(Index rows, Sink<T>& sink) {
  const auto tape = [&](Index l) -> Tape<T>& { return workspace_.tapes[static_cast<std::size_t>(l)]; };
  for (Index i = 0; i < parts(); ++i) {
    const auto& [l, index, range] = parts_[static_cast<std::size_t>(i)];
    const Block<const T> input = l == 0 ? x_.part({0, rows}) : tape(l - 1).h.part({0, rows});
    network_.layer(l).gradient(index, tape(l).delta.part({0, rows}), input, part_gradient_.data());
    sink.visit(i, range, part_gradient_.data());
  }
}

template <class T>
double NetworkObjective<T>::value(const T*) {
  network_.pack(n_, workspace_);
  double sum = 0;
  for (Index b = 0; b < ceil_div(n_, kBlockRows); ++b) sum += phase1(tile(b, kBlockRows, n_), false);
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_grad(const T*, T* g) {
  network_.pack(n_, workspace_);
  double sum = 0;
  for (Index b = 0; b < ceil_div(n_, kBlockRows); ++b) {
    const Range block = tile(b, kBlockRows, n_);
    sum += phase1(block, true);
    Collect<T> collect(g, b > 0);
    phase2(block.size(), collect);
  }
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_visit(const T* w, Sink<T>& sink) {
  if (n_ <= kBlockRows) {
    network_.pack(n_, workspace_);
    const double sum = phase1({0, n_}, true);
    if (std::isfinite(sum)) phase2(n_, sink);
    return sum;
  }
  if (gradient_.size() != size()) gradient_ = Buffer<T>(size());
  const double sum = value_and_grad(w, gradient_.data());
  if (!std::isfinite(sum)) return sum;
  for (Index i = 0; i < parts(); ++i) {
    const Range range = parts_[static_cast<std::size_t>(i)].range;
    sink.visit(i, range, gradient_.data() + range.begin);
  }
  return sum;
}

template <class T>
void NetworkObjective<T>::forward(Block<const T> x, Block<T> out) {
  n_ = x.rows;
  reserve(n_);
  network_.pack(n_, workspace_);
  for (Index i = 0; i < n_; ++i) std::copy_n(x.row(i), x.cols, x_.block().row(i));
  Tape<T>& last = workspace_.tapes.back();
  for (Index i = 0; i < ceil_div(n_, kTileRows); ++i) {
    const Range rows = tile(i, kTileRows, n_);
    const Block<T> a = network_.forward(n_, x_.part(rows), rows, workspace_);
    activate<T>(network_.output(), a, last.h.part(rows));
    watch_.worked(network_.operations_per_row() * static_cast<double>(rows.size()));
  }
  for (Index i = 0; i < n_; ++i) std::copy_n(last.h.block().row(i), out.cols, out.row(i));
}

template <class T>
void NetworkObjective<T>::backward(Block<const T> output_gradient, T* g) {
  Tape<T>& last = workspace_.tapes.back();
  for (Index i = 0; i < ceil_div(n_, kTileRows); ++i) {
    const Range rows = tile(i, kTileRows, n_);
    const Block<T> delta = last.delta.part(rows);
    for (Index r = 0; r < rows.size(); ++r) {
      std::copy_n(output_gradient.row(rows.begin + r), delta.cols, delta.row(r));
    }
    differentiate<T>(network_.output(), last.a.part(rows), last.h.part(rows), delta);
    network_.backward(rows, workspace_);
    watch_.worked(network_.operations_per_row() * static_cast<double>(rows.size()));
  }
  Collect<T> collect(g, false);
  phase2(n_, collect);
}

template class NetworkObjective<float>;
template class NetworkObjective<double>;

}  // namespace fastmlp
