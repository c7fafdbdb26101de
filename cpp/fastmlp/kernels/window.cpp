#include "fastmlp/kernels/window.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {
namespace {

template <class T>
struct WindowTile {
  const T* a;
  Index row, column;
  const T* b;
  const WindowRun *y, *y_end, *x, *x_end;
  T* c;
  const T* bias;
  bool relu, accumulate;
};

// C (Rows, Packs packs) at one position; the sums over all runs stay in registers.
template <class T, int Rows, int Packs>
void window_kernel(const WindowTile<T>& tile) {
  constexpr Index kRow = kNR<T>;
  const Index next_row = tile.row, next_k = tile.column;
  Pack<T> sum[Rows][Packs];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    const Pack<T> start = tile.bias ? tile.bias[i] - Pack<T>{} : Pack<T>{};
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) {
      sum[i][j] = tile.accumulate ? start + load(tile.c + i * kRow + j * kLanes<T>) : start;
    }
  }
  for (const WindowRun* y = tile.y; y != tile.y_end; ++y) {
    for (const WindowRun* x = tile.x; x != tile.x_end; ++x) {
      const T* a = tile.a + y->a + x->a;
      const T* b = tile.b + (y->b + x->b) * kRow;
      for (Index k = x->count; k > 0; --k, a += next_k, b += kRow) {
        Pack<T> row[Packs];
#pragma GCC unroll 2
        for (int j = 0; j < Packs; ++j) row[j] = load(b + j * kLanes<T>);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
          for (int j = 0; j < Packs; ++j) sum[i][j] += a[i * next_row] * row[j];
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) {
      store(tile.c + i * kRow + j * kLanes<T>, tile.relu ? relu(sum[i][j]) : sum[i][j]);
    }
  }
}

// Heights of tiles: any number of rows is a few of them, and the module stays small.
template <class T>
struct WindowKernel {
  Index rows;
  void (*by_packs[kPanelPacks])(const WindowTile<T>&);
};
template <class T, int Rows>
constexpr WindowKernel<T> kWindowKernel{Rows,
                                        {window_kernel<T, Rows, 1>, window_kernel<T, Rows, 2>}};

// The kernel of the next tile, of `left` rows: the lowest that needs no more tiles than the
// highest.
template <class T>
const WindowKernel<T>& next_kernel(Index left) {
  static constexpr WindowKernel<T> kKernels[] = {
      kWindowKernel<T, 1>,  kWindowKernel<T, 2>,       kWindowKernel<T, 3>,
      kWindowKernel<T, 4>,  kWindowKernel<T, kMR / 2>, kWindowKernel<T, kMR * 2 / 3>,
      kWindowKernel<T, kMR>};
  const Index equal = ceil_div(left, ceil_div(left, kMR));
  const WindowKernel<T>* kernel = kKernels;
  for (const WindowKernel<T>& each : kKernels) {
    if (each.rows > left) break;
    kernel = &each;
    if (each.rows >= equal) break;
  }
  return *kernel;
}

// C = C ∘ relu'(H), whole packs.
template <class T>
void multiply_slopes(Index rows, Index cols, const T* h, T* c) {
  for (Index i = 0; i < rows * kNR<T>; i += kNR<T>) {
    for (Index j = i; j < i + cols; j += kLanes<T>) {
      store(c + j, load(c + j) * relu_slope(load(h + j)));
    }
  }
}

// The i-th of n/max ranges of nearly equal size that cover [0, n).
Range nearly_equal(Index i, Index n, Index max) {
  const Index count = ceil_div(n, max);
  return {i * n / count, (i + 1) * n / count};
}

// Sums of rows of A times rows of B over a grid, in lanes.
template <class T>
struct DotTile {
  PanelView<T> a, b;
  const Index* offsets;
  const WindowGrid& grid;
  Index samples;
};

// The pack of samples that is summed as the q-th: the last one is the first, because only after it
// lanes without a sample have to be cleared.
template <class T>
Index pack_in_turn(Index q, Index samples) {
  return (q == 0 ? ceil_div(samples, kLanes<T>) - 1 : q - 1) * kLanes<T>;
}
template <class T>
Mask<T> lanes_of_last(Index samples) {
  return first_lanes<T>((samples - 1) % kLanes<T> + 1);
}

template <class T, int Rows, int Cols>
void dot_kernel(const DotTile<T>& tile, Pack<T>* out) {
  constexpr Index kRow = kNR<T>;
  const WindowGrid grid = tile.grid;
  Index offset[Cols];
#pragma GCC unroll 4
  for (int j = 0; j < Cols; ++j) offset[j] = tile.offsets[j] * kRow;
  Pack<T> sum[Rows][Cols] = {};
  for (Index q = 0; q * kLanes<T> < tile.samples; ++q) {
    const Index first = pack_in_turn<T>(q, tile.samples);
    const T *a_y = tile.a.at(0, first), *b_y = tile.b.at(0, first);
    for (Index y = 0; y < grid.y; ++y, a_y += grid.a_y * kRow, b_y += grid.b_y * kRow) {
      const T *a = a_y, *b = b_y;
      for (Index x = 0; x < grid.x; ++x, a += grid.a_x * kRow, b += grid.b_x * kRow) {
        Pack<T> row[Rows];
#pragma GCC unroll 6
        for (int i = 0; i < Rows; ++i) row[i] = load(a + i * kRow);
#pragma GCC unroll 4
        for (int j = 0; j < Cols; ++j) {
          const Pack<T> with = load(b + offset[j]);
#pragma GCC unroll 6
          for (int i = 0; i < Rows; ++i) sum[i][j] += row[i] * with;
        }
      }
    }
    if (q > 0) continue;
    const Mask<T> valid = lanes_of_last<T>(tile.samples);
#pragma GCC unroll 6
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < Cols; ++j) sum[i][j] = valid ? sum[i][j] : Pack<T>{};
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < Cols; ++j) out[i * Cols + j] = sum[i][j];
  }
}

template <class T, std::size_t Rows, std::size_t... Cols>
constexpr auto dot_kernels(std::index_sequence<Cols...>) {
  return std::array<void (*)(const DotTile<T>&, Pack<T>*), sizeof...(Cols)>{
      dot_kernel<T, static_cast<int>(Rows) + 1, static_cast<int>(Cols) + 1>...};
}
template <class T, std::size_t... Rows>
constexpr auto dot_kernels_by_rows(std::index_sequence<Rows...>) {
  return std::array{dot_kernels<T, Rows>(std::make_index_sequence<kDotColumns>{})...};
}
// kDotKernels<T>[rows - 1][columns - 1]
template <class T>
constexpr auto kDotKernels = dot_kernels_by_rows<T>(std::make_index_sequence<kDotRows>{});

}  // namespace

template <class T>
void multiply_windows(const WindowProduct<T>& product, Index cols, const T* b, T* c, const T* bias,
                      const Epilogue<T>& epilogue) {
  const auto& [a, row, column, rows, y, x] = product;
  const Index across = x.positions(), positions = y.positions() * across;
  const Index together = std::max<Index>(1, kL1Rows<T> / rows);
  for (Index first = 0; first < positions; first += together) {
    const Index end = std::min(positions, first + together);
    for (Index i = 0; i < rows;) {
      const WindowKernel<T>& kernel = next_kernel<T>(rows - i);
      const auto run = kernel.by_packs[cols > kLanes<T>];
      for (Index p = first; p < end; ++p) {
        const Index at_y = p / across, at_x = p % across;
        run({a + i * row, row, column, b, y.begin(at_y), y.end(at_y), x.begin(at_x), x.end(at_x),
             c + (p * rows + i) * kNR<T>, bias ? bias + i : nullptr, epilogue.relu,
             epilogue.accumulate});
      }
      i += kernel.rows;
    }
    const Index done = first * rows * kNR<T>, height = (end - first) * rows;
    if (epilogue.h) multiply_slopes(height, cols, epilogue.h + done, c + done);
    if (epilogue.function) epilogue.function->apply(c + done, height, cols, kNR<T>);
  }
}

// Panels together, so that all tiles read A and B from a second-level cache; where the grid is
// small several, because each group ends in sums over lanes.
template <class T>
void add_window_dots(Index m, Index n, const PanelView<T>& a, const PanelView<T>& b,
                     const Index* offsets, const WindowGrid& grid, Index samples, T* c, Index ldc) {
  Pack<T> sums[kDotRows * kDotColumns];
  const Index panels = ceil_div(kDotSteps, grid.y * grid.x * kPanelPacks);
  for (Index first = 0; first < samples; first += panels * kNR<T>) {
    const Index group = std::min(samples - first, panels * kNR<T>);
    for (Index i = 0; i < ceil_div(m, Index{kDotRows}); ++i) {
      const Range rows = nearly_equal(i, m, kDotRows);
      for (Index j = 0; j < ceil_div(n, Index{kDotColumns}); ++j) {
        const Range columns = nearly_equal(j, n, kDotColumns);
        const auto kernel = kDotKernels<T>[static_cast<std::size_t>(rows.size() - 1)]
                                          [static_cast<std::size_t>(columns.size() - 1)];
        kernel({{a.at(rows.begin, first), a.row, a.panel},
                {b.at(0, first), b.row, b.panel},
                offsets + columns.begin,
                grid,
                group},
               sums);
        const Pack<T>* sum = sums;
        for (Index k = rows.begin; k < rows.end; ++k) {
          for (Index l = columns.begin; l < columns.end; ++l) {
            c[k * ldc + l] += reduce_add<T>(*sum++);
          }
        }
      }
    }
  }
}

// kRows rows at a time; where there are fewer, the last one is read again.
template <class T>
void sum_positions(Index rows, Index positions, Index samples, const PanelView<T>& a, T* y,
                   bool accumulate) {
  constexpr Index kRows = 4;
  for (Index first = 0; first < rows; first += kRows) {
    Pack<T> sum[kRows] = {};
    Index row[kRows];
    for (Index i = 0; i < kRows; ++i) row[i] = std::min(first + i, rows - 1) * a.row;
    for (Index q = 0; q * kLanes<T> < samples; ++q) {
      const T* from = a.at(0, pack_in_turn<T>(q, samples));
      for (Index p = 0; p < positions; ++p, from += rows * a.row) {
#pragma GCC unroll 4
        for (Index i = 0; i < kRows; ++i) sum[i] += load(from + row[i]);
      }
      const Mask<T> valid = q == 0 ? lanes_of_last<T>(samples) : Mask<T>{} - 1;
      for (Index i = 0; i < kRows; ++i) sum[i] = valid ? sum[i] : Pack<T>{};
    }
    for (Index i = 0; i < std::min(kRows, rows - first); ++i) {
      y[first + i] = (accumulate ? y[first + i] : T(0)) + reduce_add<T>(sum[i]);
    }
  }
}

#define FASTMLP_INSTANTIATE(T)                                                           \
  template void multiply_windows(const WindowProduct<T>&, Index, const T*, T*, const T*, \
                                 const Epilogue<T>&);                                    \
  template void add_window_dots(Index, Index, const PanelView<T>&, const PanelView<T>&,  \
                                const Index*, const WindowGrid&, Index, T*, Index);      \
  template void sum_positions(Index, Index, Index, const PanelView<T>&, T*, bool);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
