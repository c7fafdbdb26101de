// Transposition of tiles of kLanes x kLanes in registers.
#pragma once

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// Exchanges the off-diagonal squares of Half x Half elements in every pair of rows (i, i + Half),
// then those of half the size. Always inlined, because a call would pass the rows through memory.
template <class T, int Half, int Rows, int... I>
[[gnu::always_inline]] inline void transpose_stage(Pack<T> (&row)[Rows],
                                                   std::integer_sequence<int, I...> lanes) {
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    if (i & Half) continue;
    const Pack<T> a = row[i], b = row[i + Half];
    row[i] = lower_halves<T, Half>(a, b, lanes);
    row[i + Half] = upper_halves<T, Half>(a, b, lanes);
  }
  if constexpr (Half > 1) transpose_stage<T, Half / 2>(row, lanes);
}

// B (kLanes, rows) = A (rows, kLanes)ᵀ for at most kLanes rows. Whole packs are written, with zeros
// after the last row.
template <class T>
[[gnu::always_inline]] inline void transpose_tile(Index rows, const T* a, Index lda, T* b,
                                                  Index ldb) {
  Pack<T> row[kLanes<T>] = {};
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) {
    if (i < rows) row[i] = load(a + i * lda);
  }
  transpose_stage<T, static_cast<int>(kLanes<T>) / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 16
  for (Index j = 0; j < kLanes<T>; ++j) store(b + j * ldb, row[j]);
}

// B (kLanes, kLanes / 2) = A (kLanes / 2, kLanes)ᵀ, both halves of the columns at once. Whole packs
// are written; the second half of each is unspecified.
template <class T>
[[gnu::always_inline]] inline void transpose_half_tile(const T* a, Index lda, T* b, Index ldb) {
  constexpr int kHalf = static_cast<int>(kLanes<T>) / 2;
  Pack<T> row[kHalf];
#pragma GCC unroll 8
  for (Index i = 0; i < kHalf; ++i) row[i] = load(a + i * lda);
  transpose_stage<T, kHalf / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 8
  for (Index j = 0; j < kHalf; ++j) {
    store(b + j * ldb, row[j]);
    store(b + (j + kHalf) * ldb, swap_halves<T, kHalf>(row[j], LaneIndices<T>{}));
  }
}

}  // namespace fastmlp
