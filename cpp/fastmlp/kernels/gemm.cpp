#include "fastmlp/kernels/gemm.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "fastmlp/kernels/math.hpp"
#include "fastmlp/kernels/tuning.hpp"

namespace fastmlp {
namespace {

// Memory to prefetch, `step` elements further for every k: the next panel of B, packed A at
// kPrefetchDistance, or the next rows of A. It may be in a far cache or in that of another core.
template <class T>
struct PrefetchStream {
  const T* data;
  Index step;
};

template <class T>
struct MicroTile {
  Index k;
  const T* a;
  const StridedOperand<T>& strides;  // of a. By reference: copying a struct just written by fields
                                     // causes a store-forwarding stall.
  const T* b;
  Index ldb;
  T* c;
  Index ldc;
  const T* bias;
  bool relu;
  const T* h;
  Index columns;  // of C from here on
  PrefetchStream<T> prefetch;
};

// relu(S) or S ∘ relu'(H) of the pack at `offset` in C and H.
template <class T, class P>
[[gnu::always_inline]] inline P apply_epilogue(const MicroTile<T>& tile, P sum, Index offset) {
  return tile.relu ? relu(sum) : sum * relu_slope(load_as<P>(tile.h + offset));
}

// The epilogue in registers.
template <class T, class P, int Rows, int Packs>
[[gnu::always_inline]] inline void finish(const MicroTile<T>& tile, P (&sum)[Rows][Packs]) {
  if (!tile.relu && !tile.h) return;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) {
      sum[i][j] = apply_epilogue(tile, sum[i][j], i * tile.ldc + j * kLanes<T>);
    }
  }
}

// C + S, then the epilogue. Lanes right of C keep their values, because in an unpadded C they are
// the first columns of the next row.
template <class T, class P, int Rows, int Packs>
[[gnu::always_inline]] inline void finish_accumulated(const MicroTile<T>& tile,
                                                      P (&sum)[Rows][Packs]) {
  const bool transformed = tile.relu || tile.h;
#pragma GCC unroll 2
  for (int j = 0; j < Packs; ++j) {
    const Mask<T> in_c = first_lanes<T>(std::min(kLanes<T>, tile.columns - j * kLanes<T>));
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const Index offset = i * tile.ldc + j * kLanes<T>;
      const P old = load(tile.c + offset), total = old + sum[i][j];
      sum[i][j] = in_c ? (transformed ? apply_epilogue(tile, total, offset) : total) : old;
    }
  }
}

// C (Rows, Packs packs of type P) of one tile; the sums over k stay in registers. Accumulation is a
// template parameter, because a branch would save more registers on every call.
template <class T, class P, int Rows, int Packs, bool Accumulate>
void micro_kernel(const MicroTile<T>& tile) {
  const T *a = tile.a, *b = tile.b;
  const Index depth = tile.k, ldb = tile.ldb;
  const Index next_row = tile.strides.row, next_k = tile.strides.column;
  const Index next_panel = tile.strides.panel - (kNR<T> - 1) * next_k;
  const T* prefetched = tile.prefetch.data;
  P sum[Rows][Packs];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    const P start = tile.bias ? tile.bias[i] - P{} : P{};
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) sum[i][j] = start;
  }
  for (Index k = 0; k < depth; ++k, b += ldb) {
    P row[Packs];
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) row[j] = load_as<P>(b + j * kLanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Packs; ++j) sum[i][j] += a[i * next_row] * row[j];
    }
    a += (k + 1) % kNR<T> == 0 ? next_panel : next_k;
    if constexpr (Rows * Packs >= kPrefetchingSums) {
      __builtin_prefetch(prefetched, 0, 2);
      __builtin_prefetch(prefetched + kLanes<T>, 0, 2);
      prefetched += tile.prefetch.step;
    }
  }
  if constexpr (Accumulate) {
    finish_accumulated(tile, sum);
  } else {
    finish(tile, sum);
  }
  T* c = tile.c;
  const Index ldc = tile.ldc;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, c += ldc) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) std::memcpy(c + j * kLanes<T>, &sum[i][j], sizeof(P));
  }
}

template <class T>
using Kernel = void (*)(const MicroTile<T>&);

template <class T, class P, int Packs, bool Accumulate, std::size_t... Rows>
constexpr std::array<Kernel<T>, sizeof...(Rows)> kernels(std::index_sequence<Rows...>) {
  return {micro_kernel<T, P, static_cast<int>(Rows) + 1, Packs, Accumulate>...};
}

// Half a pack is half the work if it is at least as wide as the processor's execution units.
template <class T>
using Half = std::conditional_t<kVectorBytes == 64, typename Simd<T>::Half, Pack<T>>;

// kKernels<T, accumulate>[packs][rows - 1], half a pack at 0, which lane masks exclude.
template <class T, bool Accumulate>
constexpr std::array<std::array<Kernel<T>, kMR>, kPanelPacks + 1> kKernels = {
    kernels<T, std::conditional_t<Accumulate, Pack<T>, Half<T>>, 1, Accumulate>(
        std::make_index_sequence<kMR>{}),
    kernels<T, Pack<T>, 1, Accumulate>(std::make_index_sequence<kMR>{}),
    kernels<T, Pack<T>, 2, Accumulate>(std::make_index_sequence<kMR>{})};

// The last pack of n columns is at most half full.
template <class T>
bool ends_in_half(Index n) {
  return kVectorBytes == 64 && (n - 1) % kLanes<T> < kLanes<T> / 2;
}

// y (n) = W x + bias, Rows rows at a time, or y += with `accumulate`; the last ones by fewer.
template <class T, int Rows>
void multiply_rows(Index n, Index k, const T* w, const T* x, const T* bias, T* y, bool accumulate) {
  for (; n >= Rows; n -= Rows, w += Rows * k, y += Rows) {
    Pack<T> sum[Rows] = {};
    for (Index l = 0; l < k; l += kLanes<T>) {
      const Index count = std::min(kLanes<T>, k - l);
      const Pack<T> factor = load_first(x + l, count);
#pragma GCC unroll 8
      for (Index i = 0; i < Rows; ++i) sum[i] += load_first(w + i * k + l, count) * factor;
    }
    Pack<T> sums = sum_each<T>(sum);
    if (bias) {
      sums += load_first(bias, Rows);
      bias += Rows;
    }
    store_first(y, accumulate ? load_first(y, Rows) + sums : sums, Rows);
  }
  if constexpr (Rows > 1) multiply_rows<T, Rows / 2>(n, k, w, x, bias, y, accumulate);
}

// y (rows) = sum over the columns [0, n) of at most Count rows of A from `first` on, or y += with
// `accumulate`; `valid` selects the lanes of the last pack of columns. A by reference: copying a
// struct that was just written by fields causes a store-forwarding stall.
template <class T, int Count>
void sum_rows(Index first, Index rows, Index n, const PanelView<T>& a, const Mask<T>& valid, T* y,
              bool accumulate) {
  if constexpr (Count > 1) {
    if (rows <= Count / 2) return sum_rows<T, Count / 2>(first, rows, n, a, valid, y, accumulate);
  }
  Pack<T> sum[Count] = {};
  for (Index j = 0; j < n; j += kLanes<T>) {
    const T* from = a.at(first, j);
    const Mask<T> used = j + kLanes<T> < n ? Mask<T>{} - 1 : valid;
#pragma GCC unroll 16
    for (Index i = 0; i < Count; ++i) sum[i] += used ? load(from + i * a.row) : Pack<T>{};
  }
  const Pack<T> sums = sum_each<T>(sum);
  store_first(y, accumulate ? load_first(y, rows) + sums : sums, rows);
}

// The product in parts of rows, each followed by the row epilogue. Not inlined, because another
// loop in gemm made small products 4 % slower.
template <class T>
[[gnu::noinline]] void multiply_in_parts(Index m, Index n, Index k, const StridedOperand<T>& a,
                                         const PanelView<T>& b, T* c, Index ldc, const T* bias,
                                         const Epilogue<T>& epilogue,
                                         PrefetchSchedule<T>* prefetch) {
  if (prefetch) prefetch->set_slots(ceil_div(m, kMR) * ceil_div(n, kNR<T>));
  for (Index i = 0; i < m; i += kL1Rows<T>) {
    gemm<T>(std::min(kL1Rows<T>, m - i), n, k, {a.data + i * a.row, a.row, a.column, a.panel}, b,
            c + i * ldc, ldc, bias ? bias + i : nullptr,
            {false, nullptr, epilogue.function, epilogue.accumulate}, prefetch);
  }
}

// A product of several tiles.
template <class T>
[[gnu::noinline]] void multiply_tiles(Index m, Index n, Index k, const StridedOperand<T>& a,
                                      const PanelView<T>& b, T* c, Index ldc, const T* bias,
                                      const Epilogue<T>& epilogue, PrefetchSchedule<T>* prefetch) {
  const Index packs = ceil_div(n, kLanes<T>);
  const Index row_tiles = ceil_div(m, kMR);
  const bool splits = !epilogue.accumulate && k >= kSplitDepth && ends_in_half<T>(n);
  const Index whole = packs - splits;
  if (prefetch) prefetch->set_slots(row_tiles * (ceil_div(whole, kPanelPacks) + splits));
  Index tile_rows = m, longer = 0;  // the first `longer` tiles have one row more
  if (row_tiles > 1) {
    tile_rows = m / row_tiles;
    longer = m % row_tiles;
  }
  const auto& by_packs = epilogue.accumulate ? kKernels<T, true> : kKernels<T, false>;
  for (Index last = packs; last > 0;) {
    const bool in_pair = last <= whole && last % kPanelPacks == 0;
    const Index first = last - (in_pair ? kPanelPacks : 1);
    const Index column = first * kLanes<T>;
    const auto& by_rows = by_packs[n - column <= kLanes<T> / 2 ? 0 : last - first];
    Range rows{0, 0};
    for (Index i = 0; i < row_tiles; ++i) {
      rows = {rows.end, rows.end + tile_rows + (i < longer ? 1 : 0)};
      const PrefetchStream<T> stream =
          first > 0 ? PrefetchStream<T>{b.data + (first - 1) / kPanelPacks * b.panel, b.row}
          : a.row == 1 && a.column == kMR
              ? PrefetchStream<T>{a.data + kPrefetchDistance<T>, a.column}
              : PrefetchStream<T>{a.data + rows.end * a.row,
                                  a.column == 1 ? rows.size() : a.column};
      if (prefetch) prefetch->issue_next();
      by_rows[rows.size() - 1](
          {k, a.data + rows.begin * a.row, a, b.at(0, column), b.row, c + rows.begin * ldc + column,
           ldc, bias ? bias + rows.begin : nullptr, epilogue.relu,
           epilogue.h ? epilogue.h + rows.begin * ldc + column : nullptr, n - column, stream});
    }
    last = first;
  }
  if (epilogue.function) epilogue.function->apply(c, m, n, ldc);
}

}  // namespace

template <class T>
void gemm(Index m, Index n, Index k, const StridedOperand<T>& a, const PanelView<T>& b, T* c,
          Index ldc, const T* bias, const Epilogue<T>& epilogue, PrefetchSchedule<T>* prefetch) {
  if (m == 0 || n == 0) return;
  if (m > kL1Rows<T> && epilogue.function) {
    return multiply_in_parts(m, n, k, a, b, c, ldc, bias, epilogue, prefetch);
  }
  constexpr Index kMaxRows = std::min<Index>(kMR, kPrefetchingSums - 1);
  if (m > kMaxRows || n > kLanes<T>) {
    return multiply_tiles(m, n, k, a, b, c, ldc, bias, epilogue, prefetch);
  }
  // One tile, without the loops, which take longer than its arithmetic.
  if (prefetch) {
    prefetch->set_slots(1);
    prefetch->issue_next();
  }
  const auto& by_packs = epilogue.accumulate ? kKernels<T, true> : kKernels<T, false>;
  by_packs[n <= kLanes<T> / 2 ? 0 : 1][m - 1](
      {k, a.data, a, b.data, b.row, c, ldc, bias, epilogue.relu, epilogue.h, n, {a.data, 0}});
  if (epilogue.function) epilogue.function->apply(c, m, n, ldc);
}

template <class T>
void gemv(Index n, Index k, const T* w, const T* x, const T* bias, T* y, bool accumulate) {
  multiply_rows<T, kGemvRows<T>>(n, k, w, x, bias, y, accumulate);
}

// kLanes rows at a time.
template <class T>
void sum_columns(Index rows, Index n, const PanelView<T>& a, T* y, bool accumulate) {
  constexpr Index kRows = kLanes<T>;
  const Mask<T> valid = first_lanes<T>((n - 1) % kLanes<T> + 1);
  for (Index i = 0; i < rows; i += kRows) {
    sum_rows<T, static_cast<int>(kRows)>(i, std::min(kRows, rows - i), n, a, valid, y + i,
                                         accumulate);
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
