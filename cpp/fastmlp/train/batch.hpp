// A batch in the layout of the passes: features and targets in rows, samples in lanes. It is
// gathered chunk by chunk, a tile of samples at a time.
#pragma once

#include <optional>

#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/nn/loss.hpp"
#include "fastmlp/nn/plan.hpp"
#include "fastmlp/train/dataset.hpp"

namespace fastmlp {

template <class T>
class Batch {
 public:
  // Samples of wide inputs are always copied, because each would take a page in the caller's
  // memory.
  Batch(const Plan<T>& plan, const Loss& loss)
      : inputs_(plan.inputs()),
        targets_(target_columns(loss, plan.outputs())),
        classes_(group_units(plan.output(), targets_)),
        wide_(plan.wide_inputs()) {}

  // Allocates for chunks of n samples.
  void reserve(Index n);
  // The samples of the batches that follow. The loss of n of them is divided by n * mean_weight, or
  // without that by their sum of weights.
  void set_data(const Dataset<T>& data, std::optional<double> mean_weight);
  // Of a part of a batch the divisor is that of the whole.
  void select(RowSelection rows, Index n, std::optional<double> divisor = std::nullopt);
  // The selection of another batch.
  void select_as(const Batch& other) {
    data_ = other.data_;
    rows_ = other.rows_;
    n_ = other.n_;
    mean_weight_ = other.mean_weight_;
    weight_ = other.weight_;
    divisor_ = other.divisor_;
  }
  bool has_data(const Dataset<T>& data, std::optional<double> mean_weight) const {
    return data == data_ && mean_weight == mean_weight_;
  }
  // The present batch are these samples, in memory order.
  bool has_rows(RowSelection rows, Index n) const {
    return n == n_ && !rows.indices && !rows_.indices && rows.first == rows_.first;
  }

  const Dataset<T>& data() const { return data_; }
  Index size() const { return n_; }
  // Samples that are evaluated at a time, without a gradient: a chunk, but fewer of sparse ones, so
  // that the copies of their rows stay small. Sums do not depend on it.
  Index evaluated_rows() const;
  double weight() const { return weight_; }    // sum_i w_i
  double divisor() const { return divisor_; }  // sum_i w_i, or n * mean_weight

  // Samples of the following calls are counted from the beginning of the chunk.
  void start_chunk(Range chunk);
  void gather(Range samples, const Loss& loss);
  // The same for a batch of one sample, with its features side by side in `x`.
  void gather_one(const Loss& loss, T* x);
  // The same for n rows of X without targets; X and the lengths may change afterwards.
  void start_gather(Index n, const std::int64_t* lengths);
  void gather_inputs(const SampleRows<T>& x, Range samples);

  const PanelMatrix<T>& x() const { return x_; }                  // (n_in, n)
  MatrixView<T> y(Range samples) { return y_.columns(samples); }  // (n_targets, samples)
  // (n_terms, samples), without data where all are 1.
  MatrixView<const T> terms(Range samples) const {
    return data_.terms.data ? terms_.columns(samples) : MatrixView<const T>{};
  }
  const T* scale() const { return scale_.data(); }   // w_i / divisor
  PanelView<T> samples() const { return samples_; }  // (n, n_in)
  // Of the sequences, where they are given.
  const Index* lengths() const { return data_.lengths ? lengths_.data() : nullptr; }

 private:
  bool can_view_in_place(Range chunk) const;
  void gather_targets(const Index* from, Range samples);

  Index inputs_, targets_, classes_;
  bool wide_;
  Dataset<T> data_;
  RowSelection rows_;
  Index n_ = 0, chunk_begin_ = 0;
  std::optional<double> mean_weight_;
  double weight_ = 0, divisor_ = 0;
  PanelMatrix<T> x_, y_, terms_;
  PanelMatrix<T> x_samples_, y_samples_;  // copies, samples in rows
  PanelView<T> samples_;                  // x_samples_, or the caller's X
  bool copies_ = true;
  Buffer<T> scale_;
  Buffer<Index> lengths_;
};

extern template class Batch<float>;
extern template class Batch<double>;

}  // namespace fastmlp
