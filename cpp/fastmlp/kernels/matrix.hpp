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

  bool empty() const { return rows_ == 0; }
  Block<T> block() { return {buffer_.data(), rows_, cols_, stride_}; }
  Block<const T> block() const { return {buffer_.data(), rows_, cols_, stride_}; }
  Block<T> part(Range rows) { return block().part(rows); }
  Block<const T> part(Range rows) const { return block().part(rows); }

 private:
  Buffer<T> buffer_;
  Index rows_ = 0;
  Index cols_ = 0;
  Index stride_ = 0;
};

// The columns that a product takes at a time.
constexpr int kPanelPacks = 2;
template <class T>
constexpr Index kPanelColumns = kPanelPacks * kLanes<T>;

// A matrix as a product reads it, panel by panel of kPanelColumns: element (i, j) of panel p stands
// at data[p * panel + i * row + j]. A row-major block is one, with panels that lie side by side.
template <class T>
struct Panels {
  const T* data;
  Index row;
  Index panel = kPanelColumns<T>;
};

template <class T>
Panels<T> in_place(Block<const T> block) {
  return {block.data, block.stride};
}

// Panel after panel: walking down a panel reads memory in order, however wide the matrix is.
template <class T>
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(Index rows, Index cols)
      : buffer_(ceil_div(cols, kPanelColumns<T>) * kPanelColumns<T> * rows), rows_(rows) {}

  bool empty() const { return rows_ == 0; }
  Panels<T> panels() const { return {buffer_.data(), kPanelColumns<T>, rows_ * kPanelColumns<T>}; }
  // Element (0, column); a column of the same panel stands beside it, row i kPanelColumns further.
  T* column(Index column) {
    return buffer_.data() + column / kPanelColumns<T> * rows_ * kPanelColumns<T> +
           column % kPanelColumns<T>;
  }
  const T* column(Index c) const { return const_cast<PanelMatrix*>(this)->column(c); }

  // Rows from `first` on.
  void copy_rows(Block<const T> from, Index first) {
    for (Index j = 0; j < from.cols; j += kPanelColumns<T>) {
      T* to = column(j) + first * kPanelColumns<T>;
      for (Index i = 0; i < from.rows; ++i, to += kPanelColumns<T>) {
        for (int p = 0; p < kPanelPacks; ++p) {
          const Index column = j + p * kLanes<T>;
          store(to + p * kLanes<T>, load_row(from.row(i) + column, from.cols - column));
        }
      }
    }
  }

 private:
  Buffer<T> buffer_;
  Index rows_ = 0;
};

// Rows of a page or more: products walk down such a matrix by panels, or every row would cost a
// page walk.
template <class T>
constexpr bool is_wide(Index cols) {
  return cols >= 4096 / static_cast<Index>(sizeof(T));
}

}  // namespace fastmlp
