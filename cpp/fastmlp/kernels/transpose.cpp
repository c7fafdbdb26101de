#include "fastmlp/kernels/transpose.hpp"

#include <algorithm>

#include "fastmlp/kernels/transpose_registers.hpp"

namespace fastmlp {
namespace {

// B (cols, rows) = A (rows, cols)ᵀ for at most kLanes rows and columns. No element outside of A is
// read, because another thread may write it.
template <class T>
void transpose_ragged(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb) {
  Pack<T> row[kLanes<T>] = {};
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) {
    if (i < rows) row[i] = load_row(a + i * lda, cols);
  }
  transpose_stage<T, static_cast<int>(kLanes<T>) / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 16
  for (Index j = 0; j < kLanes<T>; ++j) {
    if (j < cols) store_first(b + j * ldb, row[j], rows);
  }
}

template <class T>
void transpose_full_tile(const T* a, Index lda, T* b, Index ldb) {
  transpose_tile(kLanes<T>, a, lda, b, ldb);
}

}  // namespace

template <class T>
void transpose(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb) {
  constexpr Index kSide = kLanes<T>;
  for (Index i = 0; i < rows; i += kSide) {
    for (Index j = 0; j < cols; j += kSide) {
      const T* from = a + i * lda + j;
      T* to = b + j * ldb + i;
      if (i + kSide <= rows && j + kSide <= cols) {
        transpose_full_tile(from, lda, to, ldb);
      } else {
        transpose_ragged(std::min(kSide, rows - i), std::min(kSide, cols - j), from, lda, to, ldb);
      }
    }
  }
}

template <class T>
void transpose(const PanelView<T>& from, Range rows, Range columns, PanelMatrix<T>& to) {
  if (columns.size() <= kMaxScalarColumns<T>) {
    for (Index i = rows.begin; i < rows.end; ++i) {
      const T* x = from.at(i, columns.begin);
      T* y = to.at(columns.begin, i);
      for (Index j = 0; j < columns.size(); ++j) y[j * kNR<T>] = x[j];
    }
    return;
  }
  for (Index i = rows.begin; i < rows.end; i += kLanes<T>) {
    const bool half = rows.end - i <= kLanes<T> / 2;
    for (Index j = columns.begin; j < columns.end; j += kLanes<T>) {
      if (half)
        transpose_half_tile(from.at(i, j), from.row, to.at(j, i), kNR<T>);
      else
        transpose_full_tile(from.at(i, j), from.row, to.at(j, i), kNR<T>);
    }
  }
}

template void transpose(Index, Index, const float*, Index, float*, Index);
template void transpose(Index, Index, const double*, Index, double*, Index);
template void transpose(const PanelView<float>&, Range, Range, PanelMatrix<float>&);
template void transpose(const PanelView<double>&, Range, Range, PanelMatrix<double>&);

}  // namespace fastmlp
