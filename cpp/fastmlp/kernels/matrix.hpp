// Owned matrices in the two layouts of the kernels: rows padded to whole packs, and panels.
#pragma once

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/tuning.hpp"

namespace fastmlp {

// Row length of private matrices: whole packs, and no multiple of the distance at which rows would
// share cache sets.
template <class T>
constexpr Index padded(Index n) {
  const Index length = round_up(n, kLanes<T>);
  const bool aliases = length * static_cast<Index>(sizeof(T)) % kSetAliasBytes == 0;
  return aliases ? length + kLanes<T> : length;
}

// Row-major with padded rows, so that kernels need no ragged ends.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(Index rows, Index cols)
      : buffer_(rows * padded<T>(cols)), rows_(rows), cols_(cols), stride_(padded<T>(cols)) {}

  MatrixView<T> view() { return {buffer_.data(), rows_, cols_, stride_}; }
  MatrixView<const T> view() const { return {buffer_.data(), rows_, cols_, stride_}; }

 private:
  Buffer<T> buffer_;
  Index rows_ = 0;
  Index cols_ = 0;
  Index stride_ = 0;
};

// View of a matrix in panels of kNR columns: element (i, p * kNR + j) is data[p * panel + i * row +
// j]. A row-major matrix is one, with adjacent panels.
template <class T>
struct PanelView {
  const T* data = nullptr;
  Index row = kNR<T>;
  Index panel = kNR<T>;

  const T* at(Index i, Index j) const { return data + j / kNR<T> * panel + i * row + j % kNR<T>; }
};

// Panels of Width columns, each contiguous, so that the rows of a panel follow each other in memory
// for any number of columns. Columns and rows are allocated up to whole panels and packs, and one
// more pack of rows at the end, because a view from any row is read in whole packs of rows.
template <class T, Index Width = kNR<T>>
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(Index rows, Index cols)
      : buffer_((ceil_div(cols, Width) * round_up(rows, kLanes<T>) + kLanes<T>)*Width),
        rows_(rows),
        panel_(Width * round_up(rows, kLanes<T>)),
        bytes_(ceil_div(cols, Width) * panel_ * static_cast<Index>(sizeof(T))) {}

  bool empty() const { return rows_ == 0; }
  Index rows() const { return rows_; }
  Index bytes() const { return bytes_; }  // of all panels
  PanelView<T> panels() const { return {buffer_.data(), Width, panel_}; }
  // The columns of one panel from j on.
  PanelView<T> panel(Index j) const { return {at(0, j), Width, panel_}; }
  // Within a panel, rows are Width apart.
  T* at(Index i, Index j) { return buffer_.data() + j / Width * panel_ + i * Width + j % Width; }
  const T* at(Index i, Index j) const { return const_cast<PanelMatrix*>(this)->at(i, j); }
  // Columns within one panel.
  MatrixView<T> columns(Range range) { return {at(0, range.begin), rows_, range.size(), Width}; }
  MatrixView<const T> columns(Range range) const {
    return const_cast<PanelMatrix*>(this)->columns(range);
  }

  // Row i, up to whole panels.
  void clear_row(Index i) {
    const Index panels = bytes_ / (panel_ * static_cast<Index>(sizeof(T)));
    for (Index p = 0; p < panels; ++p) std::fill_n(at(i, p * Width), Width, T(0));
  }

  // Row i from n contiguous elements.
  void set_row(Index i, const T* __restrict from, Index n) {
    static_assert(Width % kLanes<T> == 0);
    T* __restrict to = at(i, 0);
    for (; n >= Width; n -= Width, from += Width, to += panel_) {
      for (Index j = 0; j < Width; j += kLanes<T>) store(to + j, load(from + j));
    }
    for (; n >= kLanes<T>; n -= kLanes<T>, from += kLanes<T>, to += kLanes<T>) {
      store(to, load(from));
    }
    copy_few(n, from, to);
  }

 private:
  Buffer<T> buffer_;
  Index rows_ = 0;
  Index panel_ = 0;
  Index bytes_ = 0;
};

}  // namespace fastmlp
