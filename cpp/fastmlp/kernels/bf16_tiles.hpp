// The product by tiles of 16 rows of 64 bytes, as AMX has them: 2 x 2 tiles of sums, 32 x 32
// elements, two tiles of A and two of B. `Tiles` has the operations, of the processor or emulated.
#pragma once

#include <algorithm>

#include "fastmlp/kernels/bf16.hpp"
#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

constexpr Index kBlockColumns = kNR<float>;  // of sums that wait to be finished

// C (rows, columns) of the sums A B, which are kBlockColumns apart, with bias and epilogue. Packs
// from right to left, as in gemm.
inline void finish_block(Index rows, Index columns, const float* sums, float* c, Index ldc,
                         const float* bias, const Epilogue<float>& epilogue) {
  constexpr Index kLane = kLanes<float>;
  for (Index j = columns > kLane ? kLane : 0; j >= 0; j -= kLane) {
    const bool ragged = epilogue.accumulate && columns - j < kLane;
    const Mask<float> in_c = first_lanes<float>(std::min(kLane, columns - j));
    for (Index i = 0; i < rows; ++i) {
      float* const to = c + i * ldc + j;
      const Pack<float> old = load(to);
      Pack<float> sum = load(sums + i * kBlockColumns + j) + (bias ? bias[i] : 0.0f);
      if (epilogue.accumulate) sum += old;
      if (epilogue.relu) sum = relu(sum);
      if (epilogue.h) sum *= relu_slope(load(epilogue.h + i * ldc + j));
      store(to, ragged ? (in_c ? sum : old) : sum);
    }
  }
}

// Where a row of pairs ends within a tile, its rest is copied to tiles filled up with zeros.
struct LastTiles {
  static constexpr Index kSide = 16;
  alignas(64) Bf16Pair a[2 * kSide * kSide];
  alignas(64) Bf16Pair b[kSide * kNR<float>];

  LastTiles(Index rows, Index left, const Bf16Pair* from_a, Index lda, const Bf16Pair* from_b,
            Index ldb)
      : a{}, b{} {
    for (Index i = 0; i < rows; ++i) std::copy_n(from_a + i * lda, left, a + i * kSide);
    for (Index k = 0; k < left; ++k) std::copy_n(from_b + k * ldb, kNR<float>, b + k * kNR<float>);
  }
};

// sums (32, 32) += A (rows, 16 pairs) B (16 pairs, columns)
template <class Tiles>
void multiply_tiles(Tiles& tiles, bool lower, bool right, const Bf16Pair* a, Index lda,
                    const Bf16Pair* b, Index ldb) {
  tiles.template load<4>(a, lda);
  tiles.template load<6>(b, ldb);
  tiles.template multiply<0, 4, 6>();
  if (right) {
    tiles.template load<7>(b + 16, ldb);
    tiles.template multiply<1, 4, 7>();
  }
  if (!lower) return;
  tiles.template load<5>(a + 16 * lda, lda);
  tiles.template multiply<2, 5, 6>();
  if (right) tiles.template multiply<3, 5, 7>();
}

// As gemm, but for functions of rows.
template <class Tiles>
void gemm_by_tiles(Index m, Index n, Index pairs, const Bf16Pair* a, Index lda,
                   const PanelView<Bf16Pair>& b, float* c, Index ldc, const float* bias,
                   const Epilogue<float>& epilogue) {
  constexpr Index kSide = LastTiles::kSide, kBlock = 2 * kSide;
  Tiles tiles;
  for (Index j = (n - 1) / kBlock * kBlock; j >= 0; j -= kBlock) {
    for (Index i = 0; i < m; i += kBlock) {
      const bool lower = m - i > kSide, right = n - j > kSide;
      const Bf16Pair *from_a = a + i * lda, *from_b = b.at(0, j);
      tiles.template zero<0>();
      tiles.template zero<1>();
      tiles.template zero<2>();
      tiles.template zero<3>();
      Index k = 0;
      for (; k + kSide <= pairs; k += kSide) {
        multiply_tiles(tiles, lower, right, from_a + k, lda, from_b + k * b.row, b.row);
      }
      if (k < pairs) {
        const LastTiles last(std::min(kBlock, m - i), pairs - k, from_a + k, lda,
                             from_b + k * b.row, b.row);
        multiply_tiles(tiles, lower, right, last.a, kSide, last.b, kNR<float>);
      }
      alignas(64) float sums[kBlock * kBlock];
      tiles.template store<0>(sums, kBlock);
      tiles.template store<1>(sums + kSide, kBlock);
      tiles.template store<2>(sums + kSide * kBlock, kBlock);
      tiles.template store<3>(sums + kSide * kBlock + kSide, kBlock);
      Epilogue<float> block = epilogue;
      if (block.h) block.h += i * ldc + j;
      finish_block(std::min(kBlock, m - i), std::min(kBlock, n - j), sums, c + i * ldc + j, ldc,
                   bias ? bias + i : nullptr, block);
    }
  }
}

}  // namespace fastmlp
