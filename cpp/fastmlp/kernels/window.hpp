// Products of a convolution. Samples are in lanes and a position is `channels` consecutive rows, so
// what a window covers is runs of consecutive rows: they are read where they lie, without im2col.
#pragma once

#include <vector>

#include "fastmlp/kernels/gemm.hpp"

namespace fastmlp {

// A run of `count` columns of A from `a` on, and of rows of B from `b` on, each from the window's
// place along the other axis.
struct WindowRun {
  Index a, b, count;
};

// The runs of each position along one axis.
class WindowRuns {
 public:
  void add(const WindowRun& run) { runs_.push_back(run); }
  void finish_position() { ends_.push_back(static_cast<Index>(runs_.size())); }

  Index positions() const { return static_cast<Index>(ends_.size()) - 1; }
  const WindowRun* begin(Index position) const { return runs_.data() + end_of(position); }
  const WindowRun* end(Index position) const { return runs_.data() + end_of(position + 1); }

 private:
  Index end_of(Index i) const { return ends_[static_cast<std::size_t>(i)]; }

  std::vector<WindowRun> runs_;
  std::vector<Index> ends_{0};  // of the runs of the positions before
};

// C at position (y, x), `rows` rows of it = bias + sum over the runs of y and of x and over k of
//   A (i, a_y + a_x + k) B (b_y + b_x + k, samples),
// then the epilogue. Element (i, k) of A is a[i * row + k * column] with a_y, a_x in elements.
template <class T>
struct WindowProduct {
  const T* a;
  Index row, column, rows;
  const WindowRuns &y, &x;
};

// B and C are panels of kNR columns, of which at most `cols` from the first on are computed, in
// whole packs. The rows of C are position after position. Each element is one sum in the order of
// the runs.
template <class T>
void multiply_windows(const WindowProduct<T>& product, Index cols, const T* b, T* c, const T* bias,
                      const Epilogue<T>& epilogue);

// Positions (y, x) of a grid, and the rows from one to the next in A and B.
struct WindowGrid {
  Index y, x;
  Index a_y, a_x, b_y, b_x;
};

// C (m, n) += the sum over positions and samples of row i of A times row offsets[j] of B, both with
// samples in lanes. Lanes are summed after groups of panels that follow from the grid, so an
// element depends on the order of positions and panels alone.
template <class T>
void add_window_dots(Index m, Index n, const PanelView<T>& a, const PanelView<T>& b,
                     const Index* offsets, const WindowGrid& grid, Index samples, T* c, Index ldc);

// y (rows) = the sum over `positions` groups of rows, and samples, of A, or y += with `accumulate`.
template <class T>
void sum_positions(Index rows, Index positions, Index samples, const PanelView<T>& a, T* y,
                   bool accumulate);

}  // namespace fastmlp
