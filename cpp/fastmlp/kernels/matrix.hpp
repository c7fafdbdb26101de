// Owned matrices in private memory, in the two forms that kernels want.
#pragma once

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// Row-major, rows padded to whole packs, so that kernels need no ragged ends.
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

// In bytes: what is larger is not at hand when it is wanted again.
constexpr Index kL2Bytes = 1 << 20;

// The columns that a product takes at a time.
constexpr int kPanelPacks = 2;
template <class T>
constexpr Index kNR = kPanelPacks * kLanes<T>;

// A matrix as a product reads it, panel by panel of kNR: element (i, j) of panel p stands
// at data[p * panel + i * row + j]. A row-major block is one, with panels that lie side by side.
template <class T>
struct PanelView {
  const T* data = nullptr;
  Index row = kNR<T>;
  Index panel = kNR<T>;

  const T* at(Index i, Index j) const { return data + j / kNR<T> * panel + i * row + j % kNR<T>; }
};

// Panel after panel of Width columns, each of which lies in one piece: walking down a panel reads
// memory in order, however wide the matrix is. Columns and rows are there up to whole panels and
// packs, followed by one more pack of rows, because a view that starts at any row is read in whole
// packs of rows.
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
  Index bytes() const { return bytes_; }  // of its panels
  PanelView<T> panels() const { return {buffer_.data(), Width, panel_}; }
  // The columns of one panel from j on, as a product reads them.
  PanelView<T> panel(Index j) const { return {at(0, j), Width, panel_}; }
  // In the same panel, row i + 1 stands Width further and column j + 1 beside it.
  T* at(Index i, Index j) { return buffer_.data() + j / Width * panel_ + i * Width + j % Width; }
  const T* at(Index i, Index j) const { return const_cast<PanelMatrix*>(this)->at(i, j); }
  // Columns of one panel.
  MatrixView<T> columns(Range range) { return {at(0, range.begin), rows_, range.size(), Width}; }
  MatrixView<const T> columns(Range range) const {
    return const_cast<PanelMatrix*>(this)->columns(range);
  }

  // Row i from n numbers that lie side by side.
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
