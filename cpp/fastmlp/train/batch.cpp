#include "fastmlp/train/batch.hpp"

#include "fastmlp/kernels/transpose.hpp"

namespace fastmlp {

template <class T>
void Batch<T>::reserve(Index n) {
  x_ = PanelMatrix<T>(inputs_, n);
  x_samples_ = PanelMatrix<T>(n, inputs_);
  y_ = PanelMatrix<T>(targets_, n);
  y_samples_ = PanelMatrix<T>(n, targets_);
  scale_ = Buffer<T>(n);
  lengths_ = Buffer<Index>(n);
  terms_ = PanelMatrix<T>();
}

template <class T>
void Batch<T>::set_data(const Dataset<T>& data, std::optional<double> mean_weight) {
  data_ = data;
  mean_weight_ = mean_weight;
}

template <class T>
void Batch<T>::select(RowSelection rows, Index n, std::optional<double> divisor) {
  rows_ = rows;
  n_ = n;
  weight_ = data_.weights ? 0.0 : static_cast<double>(n);
  if (data_.weights) {
    for (Index i = 0; i < n; ++i) weight_ += data_.weight(rows[i]);
  }
  divisor_ = divisor ? *divisor : mean_weight_ ? static_cast<double>(n) * *mean_weight_ : weight_;
}

template <class T>
Index Batch<T>::evaluated_rows() const {
  if (data_.x.is_dense()) return kChunkSamples;
  const Index bytes = inputs_ * static_cast<Index>(sizeof(T)), tile = kTileColumns<T>;
  return std::clamp(round_up(kSparseCopyBytes / bytes, tile), tile, kChunkSamples);
}

template <class T>
void Batch<T>::start_chunk(Range chunk) {
  chunk_begin_ = chunk.begin;
  const Index terms = data_.terms.cols;
  if (terms_.rows() != terms) terms_ = PanelMatrix<T>(terms, scale_.size());
  copies_ = !can_view_in_place(chunk);
  samples_ = copies_ ? x_samples_.panels()
                     : PanelView<T>{data_.x.row(rows_.first + chunk.begin), data_.x.stride};
}

// True if products can read the samples of a chunk in the caller's memory: they are consecutive,
// and whole packs that extend beyond the last one stay inside X.
template <class T>
bool Batch<T>::can_view_in_place(Range chunk) const {
  const SampleRows<T>& x = data_.x;
  if (!x.is_dense()) return false;
  const Index end = rows_.first + chunk.begin + round_up(chunk.size(), kLanes<T>);
  const Index overrun = round_up(x.cols, kLanes<T>) - x.cols;
  return !rows_.indices && !wide_ && end * x.stride + overrun <= x.rows * x.stride;
}

template <class T>
void Batch<T>::gather(Range samples, const Loss& loss) {
  Index from[kNR<T>] = {};
  const T equal = static_cast<T>(1 / divisor_);
  for (Index i = samples.begin; i < samples.end; ++i) {
    const Index row = rows_[chunk_begin_ + i];
    from[i - samples.begin] = row;
    if (copies_) copy_row(data_.x, row, x_samples_, i);
    scale_[i] = data_.weights ? static_cast<T>(data_.weight(row) / divisor_) : equal;
  }
  for (Index i = samples.begin; data_.lengths && i < samples.end; ++i) {
    lengths_[i] = data_.lengths[from[i - samples.begin]];
  }
  transpose(samples_, samples, {0, inputs_}, x_);
  gather_targets(from, samples);
  smooth_targets(loss, classes_, y_.columns(samples));
}

template <class T>
void Batch<T>::gather_one(const Loss& loss, T* x) {
  const Index row = rows_[0];
  if (data_.x.is_dense()) {
    const T* from = data_.x.row(row);
    for (Index j = 0; j < inputs_; j += kLanes<T>) store(x + j, load_row(from + j, inputs_ - j));
  } else {
    spread_row(data_.x, row, x, 1);
  }
  scale_[0] = static_cast<T>(data_.weight(row) / divisor_);
  gather_targets(&row, {0, 1});
  smooth_targets(loss, classes_, y_.columns({0, 1}));
}

// The targets of rows from[0], from[1], …; one-hot where they are classes.
template <class T>
void Batch<T>::gather_targets(const Index* from, Range samples) {
  const MatrixView<T> y = y_.columns(samples);
  for (Index j = 0; j < y.cols; ++j) {
    for (Index k = 0; k < data_.terms.cols; ++k) {
      *terms_.at(k, samples.begin + j) = data_.terms.row(from[j])[k];
    }
  }
  if (data_.classes) {
    for (Index c = 0; c < y.rows; ++c) std::fill_n(y.row(c), y.cols, T(0));
    const Index groups = data_.groups, n = y.rows / groups;
    for (Index j = 0; j < y.cols; ++j) {
      for (Index g = 0; g < groups; ++g) {
        y.row(g * n + data_.class_of(from[j] * groups + g, n))[j] = T(1);
      }
    }
    return;
  }
  if (y.cols == 1 || y.rows <= kMaxScalarColumns<T>) {  // a transposed tile would be almost empty
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

template <class T>
void Batch<T>::start_gather(Index n, const std::int64_t* lengths) {
  n_ = n;
  data_.lengths = lengths;
  data_.terms = {};
  samples_ = x_samples_.panels();
}

template <class T>
void Batch<T>::gather_inputs(const SampleRows<T>& x, Range samples) {
  for (Index i = samples.begin; i < samples.end; ++i) copy_row(x, i, x_samples_, i);
  if (data_.lengths) {
    std::copy_n(data_.lengths + samples.begin, samples.size(), lengths_.data() + samples.begin);
  }
  transpose(x_samples_.panels(), samples, {0, inputs_}, x_);
}

template class Batch<float>;
template class Batch<double>;

}  // namespace fastmlp
