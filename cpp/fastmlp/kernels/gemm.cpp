#include "fastmlp/kernels/gemm.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {
namespace {

// So far on, what lies in one piece is asked for: further than processors look ahead by themselves,
// for they stop at the end of a page.
template <class T>
constexpr Index kPrefetchDistance = 3072 / sizeof(T);

// So many rows of a panel of C are far from filling a first-level cache; in whole blocks.
template <class T>
constexpr Index kL1Rows = 16384 / (kNR<T> * sizeof(T)) / kMR * kMR;

// What the product reads later, and how far on with every k: the next panel of B, A in packed rows
// further on, or the next rows of A. It may be in a far cache, or in that of another core.
template <class T>
struct PrefetchStream {
  const T* data;
  Index step;
};

template <class T>
struct MicroTile {
  Index k;
  const T* a;
  const StridedOperand<T>& steps;  // of a: by reference, for to copy what was just written stalls
  const T* b;
  Index ldb;
  T* c;
  Index ldc;
  const T* bias;
  bool relu;
  const T* h;
  Index columns;  // of C from here on
  PrefetchStream<T> ahead;
};

// relu(S) or S ∘ relu'(H) of one pack, of which h is the place in H.
template <class T, class P>
[[gnu::always_inline]] inline P apply_epilogue(const MicroTile<T>& block, P sum, const T* h) {
  return block.relu ? relu(sum) : sum * relu_slope(load_as<P>(h));
}

// The epilogue in registers.
template <class T, class P, int RowSelection, int Packs>
[[gnu::always_inline]] inline void finish(const MicroTile<T>& block,
                                          P (&sum)[RowSelection][Packs]) {
  if (!block.relu && !block.h) return;
#pragma GCC unroll 16
  for (int i = 0; i < RowSelection; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) {
      sum[i][j] = apply_epilogue(block, sum[i][j], block.h + i * block.ldc + j * kLanes<T>);
    }
  }
}

// C + S, then the epilogue. Lanes right of C keep their values, because in an unpadded C they are
// the first columns of the next row.
template <class T, class P, int RowSelection, int Packs>
[[gnu::always_inline]] inline void finish_accumulated(const MicroTile<T>& block,
                                                      P (&sum)[RowSelection][Packs]) {
  const bool transformed = block.relu || block.h;
#pragma GCC unroll 2
  for (int j = 0; j < Packs; ++j) {
    const Mask<T> in_c = first_lanes<T>(std::min(kLanes<T>, block.columns - j * kLanes<T>));
#pragma GCC unroll 16
    for (int i = 0; i < RowSelection; ++i) {
      const Index place = i * block.ldc + j * kLanes<T>;
      const P old = load(block.c + place), total = old + sum[i][j];
      sum[i][j] =
          in_c ? (transformed ? apply_epilogue(block, total, block.h + place) : total) : old;
    }
  }
}

// C of one register block, Packs packs of type P in each of its rows; the sum over k runs in
// registers. Accumulation is a template parameter: as a branch it cost registers.
template <class T, class P, int RowSelection, int Packs, bool Accumulate>
void micro_kernel(const MicroTile<T>& block) {
  const T *a = block.a, *b = block.b;
  const Index depth = block.k, ldb = block.ldb;
  const Index next_row = block.steps.row, next_k = block.steps.column;
  const Index next_panel = block.steps.panel - (kNR<T> - 1) * next_k;
  const T* ahead = block.ahead.data;
  P sum[RowSelection][Packs];
#pragma GCC unroll 16
  for (int i = 0; i < RowSelection; ++i) {
    const P start = block.bias ? block.bias[i] - P{} : P{};
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) sum[i][j] = start;
  }
  for (Index k = 0; k < depth; ++k, b += ldb) {
    P row[Packs];
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) row[j] = load_as<P>(b + j * kLanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < RowSelection; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Packs; ++j) sum[i][j] += a[i * next_row] * row[j];
    }
    a += (k + 1) % kNR<T> == 0 ? next_panel : next_k;
    if constexpr (RowSelection * Packs >= 10) {
      __builtin_prefetch(ahead, 0, 2);
      __builtin_prefetch(ahead + kLanes<T>, 0, 2);
      ahead += block.ahead.step;
    }
  }
  if constexpr (Accumulate) {
    finish_accumulated(block, sum);
  } else {
    finish(block, sum);
  }
  T* c = block.c;
  const Index ldc = block.ldc;
#pragma GCC unroll 16
  for (int i = 0; i < RowSelection; ++i, c += ldc) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) std::memcpy(c + j * kLanes<T>, &sum[i][j], sizeof(P));
  }
}

template <class T>
using Kernel = void (*)(const MicroTile<T>&);

template <class T, class P, int Packs, bool Accumulate, std::size_t... RowSelection>
constexpr std::array<Kernel<T>, sizeof...(RowSelection)> kernels(
    std::index_sequence<RowSelection...>) {
  return {micro_kernel<T, P, static_cast<int>(RowSelection) + 1, Packs, Accumulate>...};
}

// Half a pack is half the work where it is at least as wide as the units of a processor.
template <class T>
using Half = std::conditional_t<kVectorBytes == 64, typename Simd<T>::Half, Pack<T>>;

// kKernels<T, accumulate>[packs][rows - 1], half a pack at 0, which lane masks exclude.
template <class T, bool Accumulate>
constexpr std::array<std::array<Kernel<T>, kMR>, kPanelPacks + 1> kKernels = {
    kernels<T, std::conditional_t<Accumulate, Pack<T>, Half<T>>, 1, Accumulate>(
        std::make_index_sequence<kMR>{}),
    kernels<T, Pack<T>, 1, Accumulate>(std::make_index_sequence<kMR>{}),
    kernels<T, Pack<T>, 2, Accumulate>(std::make_index_sequence<kMR>{})};

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

// y (rows) = sum over the columns [0, n) of the rows of A, at most Count; of the last pack of
// columns the valid lanes. With `accumulate` they are added to y.
template <class T, int Count>
void sum_rows(Index rows, Index n, const PanelView<T>& a, const Mask<T>& valid, T* y,
              bool accumulate) {
  if constexpr (Count > 1) {
    if (rows <= Count / 2) return sum_rows<T, Count / 2>(rows, n, a, valid, y, accumulate);
  }
  Pack<T> sum[Count] = {};
  for (Index j = 0; j < n; j += kLanes<T>) {
    const T* from = a.at(0, j);
    const Mask<T> used = j + kLanes<T> < n ? Mask<T>{} - 1 : valid;
#pragma GCC unroll 16
    for (Index i = 0; i < Count; ++i) sum[i] += used ? load(from + i * a.row) : Pack<T>{};
  }
  const Pack<T> sums = sum_each<T>(sum);
  store_first(y, accumulate ? load_first(y, rows) + sums : sums, rows);
}

// The product in parts of rows, each with its function. Out of line, for with one loop more small
// products took 4 % longer.
template <class T>
[[gnu::noinline]] void multiply_in_parts(Index m, Index n, Index k, const StridedOperand<T>& a,
                                         const PanelView<T>& b, T* c, Index ldc, const T* bias,
                                         const Epilogue<T>& epilogue,
                                         PrefetchSchedule<T>* prefetch) {
  if (prefetch) prefetch->divide(ceil_div(m, kMR) * ceil_div(n, kNR<T>));
  for (Index i = 0; i < m; i += kL1Rows<T>) {
    gemm<T>(std::min(kL1Rows<T>, m - i), n, k, {a.data + i * a.row, a.row, a.column, a.panel}, b,
            c + i * ldc, ldc, bias ? bias + i : nullptr,
            {false, nullptr, epilogue.function, epilogue.accumulate}, prefetch);
  }
}

}  // namespace

template <class T>
void gemm(Index m, Index n, Index k, const StridedOperand<T>& a, const PanelView<T>& b, T* c,
          Index ldc, const T* bias, const Epilogue<T>& epilogue, PrefetchSchedule<T>* prefetch) {
  if (m == 0 || n == 0) return;
  if (m > kL1Rows<T> && epilogue.function) {
    return multiply_in_parts(m, n, k, a, b, c, ldc, bias, epilogue, prefetch);
  }
  const Index packs = ceil_div(n, kLanes<T>);
  const Index row_blocks = ceil_div(m, kMR);
  if (prefetch) prefetch->divide(row_blocks * ceil_div(packs, kPanelPacks));
  Index block_rows = m, longer = 0;  // so many, the first ones, have a row more
  if (row_blocks > 1) {
    block_rows = m / row_blocks;
    longer = m % row_blocks;
  }
  const auto& by_packs = epilogue.accumulate ? kKernels<T, true> : kKernels<T, false>;
  for (Index last = packs; last > 0;) {
    const Index first =
        last >= kPanelPacks && last % kPanelPacks == 0 ? last - kPanelPacks : last - 1;
    const Index column = first * kLanes<T>;
    const auto& by_rows = by_packs[n - column <= kLanes<T> / 2 ? 0 : last - first];
    Range rows{0, 0};
    for (Index i = 0; i < row_blocks; ++i) {
      rows = {rows.end, rows.end + block_rows + (i < longer ? 1 : 0)};
      const PrefetchStream<T> ahead =
          first > 0 ? PrefetchStream<T>{b.data + (first - 1) / kPanelPacks * b.panel, b.row}
          : a.row == 1 && a.column == kMR
              ? PrefetchStream<T>{a.data + kPrefetchDistance<T>, a.column}
              : PrefetchStream<T>{a.data + rows.end * a.row,
                                  a.column == 1 ? rows.size() : a.column};
      if (prefetch) prefetch->issue_next();
      by_rows[rows.size() - 1](
          {k, a.data + rows.begin * a.row, a, b.data + first / kPanelPacks * b.panel, b.row,
           c + rows.begin * ldc + column, ldc, bias ? bias + rows.begin : nullptr, epilogue.relu,
           epilogue.h ? epilogue.h + rows.begin * ldc + column : nullptr, n - column, ahead});
    }
    last = first;
  }
  if (epilogue.function) epilogue.function->apply(c, m, n, ldc);
}

template <class T>
void gemv(Index n, Index k, const T* w, const T* x, const T* bias, T* y, bool accumulate) {
  for (Index i = 0; i < n; ++i) {
    const T sum = dot(k, w + i * k, x) + (bias ? bias[i] : T(0));
    y[i] = accumulate ? y[i] + sum : sum;
  }
}

// As many rows at a time as a pack has lanes.
template <class T>
void sum_columns(Index rows, Index n, const PanelView<T>& a, T* y, bool accumulate) {
  constexpr Index kRows = kLanes<T>;
  const Mask<T> valid = first_lanes<T>((n - 1) % kLanes<T> + 1);
  for (Index i = 0; i < rows; i += kRows) {
    sum_rows<T, static_cast<int>(kRows)>(std::min(kRows, rows - i), n, {a.at(i, 0), a.row, a.panel},
                                         valid, y + i, accumulate);
  }
}

template void gemm(Index, Index, Index, const StridedOperand<float>&, const PanelView<float>&,
                   float*, Index, const float*, const Epilogue<float>&, PrefetchSchedule<float>*);
template void gemm(Index, Index, Index, const StridedOperand<double>&, const PanelView<double>&,
                   double*, Index, const double*, const Epilogue<double>&,
                   PrefetchSchedule<double>*);
template void gemv(Index, Index, const float*, const float*, const float*, float*, bool);
template void gemv(Index, Index, const double*, const double*, const double*, double*, bool);
template void sum_columns(Index, Index, const PanelView<float>&, float*, bool);
template void sum_columns(Index, Index, const PanelView<double>&, double*, bool);

}  // namespace fastmlp
