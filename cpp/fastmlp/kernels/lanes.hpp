// Loops over the elements of a view, a pack at a time.
#pragma once

#include <algorithm>

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// f(i, j) for every pack of a view; contiguous rows of whole packs count as a single row.
template <class T, class F>
void for_elements(MatrixView<T> out, F&& f) {
  const bool contiguous = round_up(out.cols, kLanes<T>) == out.stride;
  const Index rows = contiguous ? 1 : out.rows;
  const Index length = contiguous ? out.rows * out.stride : out.cols;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < length; j += kLanes<T>) f(i, j);
  }
}

// A pack of one row.
template <class T>
struct PackOfRow {
  Index i, j;
  template <class View>
  Pack<T> load_from(const View& view) const {
    return load(view.row(i) + j);
  }
  void store_to(const MatrixView<T>& view, Pack<T> values) const { store(view.row(i) + j, values); }
};

// The ends of two rows in one pack. In memory each is followed by half a pack that is not used.
template <class T>
struct EndsOfRows {
  static constexpr int kHalf = static_cast<int>(kLanes<T>) / 2;
  Index i, next, j;
  template <class View>
  Pack<T> load_from(const View& view) const {
    return lower_halves<T, kHalf>(load(view.row(i) + j), load(view.row(next) + j),
                                  LaneIndices<T>{});
  }
  void store_to(const MatrixView<T>& view, Pack<T> values) const {
    store(view.row(i) + j, values);
    store(view.row(next) + j, swap_halves<T, kHalf>(values, LaneIndices<T>{}));
  }
};

// Whether rows end in at most half a pack, which two of them can share.
template <class T>
bool ends_can_share(const MatrixView<T>& view) {
  return view.rows > 1 && (view.cols - 1) % kLanes<T> < kLanes<T> / 2;
}

// f(lanes) for all elements of such a view.
template <class T, class F>
void for_shared_ends(const MatrixView<T>& out, F&& f) {
  const Index ends = (out.cols - 1) / kLanes<T> * kLanes<T>;
  for (Index i = 0; i < out.rows; ++i) {
    for (Index j = 0; j < ends; j += kLanes<T>) f(PackOfRow<T>{i, j});
  }
  for (Index i = 0; i < out.rows; i += 2) {
    f(EndsOfRows<T>{i, std::min(i + 1, out.rows - 1), ends});
  }
}

}  // namespace fastmlp
