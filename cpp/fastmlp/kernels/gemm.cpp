#include "fastmlp/kernels/gemm.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {
namespace {

// Rows of C held in registers: rows * kPanelPacks accumulators, as many packs of B and one
// broadcast must fit.
constexpr int kMaxRows = kVectorRegisters == 32 ? 12 : 6;

template <class T>
struct RegisterBlock {
  Index k;
  Strided<T> a;
  const T* b;
  Index ldb;
  T* c;
  Index ldc;
  const T* bias;
};

// C (Rows, Packs * kLanes) of one register block; the sum over k runs in registers.
template <class T, int Rows, int Packs>
void multiply_block(const RegisterBlock<T>& block) {
  const T *a = block.a.data, *b = block.b, *bias = block.bias;
  const Index steps = block.k, next_row = block.a.row, next_k = block.a.column, ldb = block.ldb;
  Pack<T> sum[Rows][Packs];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) sum[i][j] = bias ? load(bias + j * kLanes<T>) : Pack<T>{};
  }
  for (Index k = 0; k < steps; ++k, a += next_k, b += ldb) {
    Pack<T> row[Packs];
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) row[j] = load(b + j * kLanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Packs; ++j) sum[i][j] += a[i * next_row] * row[j];
    }
  }
  T* c = block.c;
  const Index ldc = block.ldc;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, c += ldc) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) store(c + j * kLanes<T>, sum[i][j]);
  }
}

template <class T>
using Kernel = void (*)(const RegisterBlock<T>&);

template <class T, int Packs, std::size_t... Rows>
constexpr std::array<Kernel<T>, sizeof...(Rows)> kernels(std::index_sequence<Rows...>) {
  return {multiply_block<T, static_cast<int>(Rows) + 1, Packs>...};
}

// kKernels<T>[packs - 1][rows - 1]
template <class T>
constexpr std::array<std::array<Kernel<T>, kMaxRows>, kPanelPacks> kKernels = {
    kernels<T, 1>(std::make_index_sequence<kMaxRows>{}),
    kernels<T, 2>(std::make_index_sequence<kMaxRows>{})};

// x·y with four running packs: enough to hide the latency of the additions.
template <class T>
T dot(Index k, const T* x, const T* y) {
  constexpr int kChains = 4;
  Pack<T> sum[kChains] = {};
  Index i = 0;
  for (; i + kChains * kLanes<T> <= k; i += kChains * kLanes<T>) {
#pragma GCC unroll 4
    for (int j = 0; j < kChains; ++j) {
      sum[j] += load(x + i + j * kLanes<T>) * load(y + i + j * kLanes<T>);
    }
  }
  for (; i + kLanes<T> <= k; i += kLanes<T>) sum[0] += load(x + i) * load(y + i);
  if (i < k) sum[1] += load_first(x + i, k - i) * load_first(y + i, k - i);
  return reduce_add<T>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// One stage of a transposition in registers: in every pair of rows (i, i + Half) the off-diagonal
// blocks of Half x Half elements change places.
template <class T, int Half, int... I>
void exchange_blocks(Pack<T> (&row)[kLanes<T>], std::integer_sequence<int, I...> lanes) {
  constexpr int kN = static_cast<int>(kLanes<T>);
#pragma GCC unroll 16
  for (int i = 0; i < kN; ++i) {
    if (i & Half) continue;
    const Pack<T> upper = row[i], lower = row[i + Half];
    row[i] =
        shuffle<T>(upper, lower, std::integer_sequence<int, (I & Half ? kN + I - Half : I)...>{});
    row[i + Half] =
        shuffle<T>(upper, lower, std::integer_sequence<int, (I & Half ? kN + I : I + Half)...>{});
  }
  if constexpr (Half > 1) exchange_blocks<T, Half / 2>(row, lanes);
}

// B (cols, rows) = A (rows, cols)ᵀ for at most kLanes rows and columns. Nothing beside A is read:
// it may be another thread's to write.
template <class T>
void transpose_square(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb) {
  Pack<T> row[kLanes<T>] = {};
#pragma GCC unroll 16
  for (Index i = 0; i < kLanes<T>; ++i) {
    if (i < rows) row[i] = load_row(a + i * lda, cols);
  }
  exchange_blocks<T, static_cast<int>(kLanes<T>) / 2>(row, LaneIndices<T>{});
#pragma GCC unroll 16
  for (Index j = 0; j < kLanes<T>; ++j) {
    if (j >= cols) continue;
    if (rows == kLanes<T>) {
      store(b + j * ldb, row[j]);
    } else {
      store_first(b + j * ldb, row[j], rows);
    }
  }
}

}  // namespace

template <class T>
void gemm(Index m, Index n, Index k, Strided<T> a, Panels<T> b, T* c, Index ldc, const T* bias) {
  if (m == 0) return;
  const Index packs = ceil_div(n, kLanes<T>);
  const Index row_blocks = ceil_div(m, kMaxRows);
  const Index block_rows = m / row_blocks,
              longer = m % row_blocks;  // the first `longer` have one row more
  for (Index last = packs; last > 0;) {
    const Index first =
        last >= kPanelPacks && last % kPanelPacks == 0 ? last - kPanelPacks : last - 1;
    const Index column = first * kLanes<T>;
    Range rows{0, 0};
    for (Index i = 0; i < row_blocks; ++i) {
      rows = {rows.end, rows.end + block_rows + (i < longer ? 1 : 0)};
      kKernels<T>[last - first - 1][rows.size() - 1](
          {k,
           {a.data + rows.begin * a.row, a.row, a.column},
           b.data + first / kPanelPacks * b.panel,
           b.row,
           c + rows.begin * ldc + column,
           ldc,
           bias ? bias + column : nullptr});
    }
    last = first;
  }
}

template <class T>
void gemv(Index n, Index k, const T* w, const T* x, const T* bias, T* y) {
  for (Index i = 0; i < n; ++i) y[i] = dot(k, w + i * k, x) + (bias ? bias[i] : T(0));
}

template <class T>
void sum_rows(Block<const T> a, T* y) {
  for (Index j = 0; j < a.cols; j += kLanes<T>) {
    Pack<T> sum{};
    for (Index i = 0; i < a.rows; ++i) sum += load(a.row(i) + j);
    store(y + j, sum);
  }
}

template <class T>
void transpose(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb) {
  constexpr Index kSide = kLanes<T>;
  for (Index i = 0; i < rows; i += kSide) {
    for (Index j = 0; j < cols; j += kSide) {
      transpose_square(std::min(kSide, rows - i), std::min(kSide, cols - j), a + i * lda + j, lda,
                       b + j * ldb + i, ldb);
    }
  }
}

template void gemm(Index, Index, Index, Strided<float>, Panels<float>, float*, Index, const float*);
template void gemm(Index, Index, Index, Strided<double>, Panels<double>, double*, Index,
                   const double*);
template void gemv(Index, Index, const float*, const float*, const float*, float*);
template void gemv(Index, Index, const double*, const double*, const double*, double*);
template void sum_rows(Block<const float>, float*);
template void sum_rows(Block<const double>, double*);
template void transpose(Index, Index, const float*, Index, float*, Index);
template void transpose(Index, Index, const double*, Index, double*, Index);

}  // namespace fastmlp
