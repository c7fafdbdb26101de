#include "fastmlp/kernels/transpose.hpp"

#include <algorithm>
#include <utility>

namespace fastmlp {
namespace {

// One stage of a transposition in registers: in every pair of rows (i, i + Half) the off-diagonal
// blocks of Half x Half elements change places. Inlined always, or the rows would go through
// memory.
template <class T, int Half, int Rows, int... I>
[[gnu::always_inline]] inline void exchange_blocks(Pack<T> (&row)[Rows],
                                                   std::integer_sequence<int, I...> lanes) {
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    if (i & Half) continue;
    const Pack<T> a = row[i], b = row[i + Half];
    row[i] = lower_halves<T, Half>(a, b, lanes);
    row[i + Half] = upper_halves<T, Half>(a, b, lanes);
  }
  if constexpr (Half > 1) exchange_blocks<T, Half / 2>(row, lanes);
}

// B (cols, rows) = A (rows, cols)ᵀ for at most kLanes rows and columns. Nothing beside A is read:
// it may be another thread's to write.
template <class T>
void transpose_ragged(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb) {
  Pack<T> row[kLanes<T>] = {};
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) {
    if (i < rows) row[i] = load_row(a + i * lda, cols);
  }
  exchange_blocks<T, static_cast<int>(kLanes<T>) / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 16
  for (Index j = 0; j < kLanes<T>; ++j) {
    if (j < cols) store_first(b + j * ldb, row[j], rows);
  }
}

// The same for whole packs of columns; writes whole packs, zeros behind the last row.
template <class T>
[[gnu::always_inline]] inline void transpose_over(Index rows, const T* a, Index lda, T* b,
                                                  Index ldb) {
  Pack<T> row[kLanes<T>] = {};
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) {
    if (i < rows) row[i] = load(a + i * lda);
  }
  exchange_blocks<T, static_cast<int>(kLanes<T>) / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 16
  for (Index j = 0; j < kLanes<T>; ++j) store(b + j * ldb, row[j]);
}

// B (kLanes, kLanes / 2) = A (kLanes / 2, kLanes)ᵀ: both halves of the columns at once. Writes
// whole packs, the second half of each anything.
template <class T>
[[gnu::always_inline]] inline void transpose_wide(const T* a, Index lda, T* b, Index ldb) {
  constexpr int kHalf = static_cast<int>(kLanes<T>) / 2;
  Pack<T> row[kHalf];
#pragma GCC unroll 8
  for (Index i = 0; i < kHalf; ++i) row[i] = load(a + i * lda);
  exchange_blocks<T, kHalf / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 8
  for (Index j = 0; j < kHalf; ++j) {
    store(b + j * ldb, row[j]);
    store(b + (j + kHalf) * ldb, exchange<T, kHalf>(row[j], LaneIndices<T>{}));
  }
}

template <class T>
void transpose_square(const T* a, Index lda, T* b, Index ldb) {
  transpose_over(kLanes<T>, a, lda, b, ldb);
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
        transpose_square(from, lda, to, ldb);
      } else {
        transpose_ragged(std::min(kSide, rows - i), std::min(kSide, cols - j), from, lda, to, ldb);
      }
    }
  }
}

// Squares from the last rows up: what one writes over the end of its rows of B is overwritten by
// the next. The last columns have nothing behind them, and are written to the letter.
template <class T>
void pack_columns(Index rows, Index cols, const T* a, Index lda, T* b) {
  constexpr Index kSide = kLanes<T>;
  Index j = 0;
  for (; j + 2 * kSide <= cols; j += kSide) {
    for (Index i = (rows - 1) / kSide * kSide; i >= 0; i -= kSide) {
      transpose_over(std::min(kSide, rows - i), a + i * lda + j, lda, b + j * rows + i, rows);
    }
  }
  transpose(rows, cols - j, a + j, lda, b + j * rows, rows);
}

template <class T>
void transpose(const Panels<T>& from, Range rows, Range columns, PanelMatrix<T>& to) {
  if (columns.size() <= kLanes<T> / 4) {  // a square would be almost empty
    for (Index i = rows.begin; i < rows.end; ++i) {
      const T* x = from.at(i, columns.begin);
      T* y = to.at(columns.begin, i);
      for (Index j = 0; j < columns.size(); ++j) y[j * kPanelColumns<T>] = x[j];
    }
    return;
  }
  for (Index i = rows.begin; i < rows.end; i += kLanes<T>) {
    const bool wide = rows.end - i <= kLanes<T> / 2;
    for (Index j = columns.begin; j < columns.end; j += kLanes<T>) {
      if (wide)
        transpose_wide(from.at(i, j), from.row, to.at(j, i), kPanelColumns<T>);
      else
        transpose_square(from.at(i, j), from.row, to.at(j, i), kPanelColumns<T>);
    }
  }
}

template void transpose(Index, Index, const float*, Index, float*, Index);
template void transpose(Index, Index, const double*, Index, double*, Index);
template void pack_columns(Index, Index, const float*, Index, float*);
template void pack_columns(Index, Index, const double*, Index, double*);
template void transpose(const Panels<float>&, Range, Range, PanelMatrix<float>&);
template void transpose(const Panels<double>&, Range, Range, PanelMatrix<double>&);

}  // namespace fastmlp
