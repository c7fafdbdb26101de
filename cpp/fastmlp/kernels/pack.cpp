#include "fastmlp/kernels/pack.hpp"

#include <algorithm>

#include "fastmlp/kernels/squares.hpp"
#include "fastmlp/kernels/transpose.hpp"

namespace fastmlp {
namespace {

// So many whole packs, from one cache line on to another; with `far` past the caches.
template <class T>
void write(Index packs, const T* from, T* to, bool far) {
  for (Index i = 0; i < packs * kLanes<T>; i += kLanes<T>) {
    if (far) {
      stream(to + i, load(from + i));
    } else {
      store(to + i, load(from + i));
    }
  }
}

// kLanes columns of a block of W side by side. Squares from the last rows up: what one writes over
// the end of its rows is overwritten by the next.
template <class T>
void pack_square(const T* w, Index stride, T* to, bool far) {
  alignas(64) T packed[(kBlockedRows + 1) * kLanes<T>];
  for (Index i = (kBlockedRows - 1) / kLanes<T> * kLanes<T>; i >= 0; i -= kLanes<T>) {
    transpose_over(std::min(kLanes<T>, kBlockedRows - i), w + i * stride, stride, packed + i,
                   kBlockedRows);
  }
  write(kBlockedRows, packed, to, far);
}

}  // namespace

template <class T>
void pack_transposed(Index first, const Block<const T>& rows, PackedMatrix<T>& wt) {
  const bool far = wt.bytes() > kSecondLevelCache;
  for (Index r = 0; r < rows.rows; r += kBlockedRows) {
    const T* block = rows.row(r);
    T* to = wt.at(0, first + r);
    Index j = 0;
    if (r + kBlockedRows <= rows.rows) {
      for (; j + kLanes<T> <= rows.cols; j += kLanes<T>) {
        pack_square(block + j, rows.stride, to + j * kBlockedRows, far);
      }
    }
    transpose(std::min(kBlockedRows, rows.rows - r), rows.cols - j, block + j, rows.stride,
              to + j * kBlockedRows, kBlockedRows);
  }
  if (far) finish_streams();
}

// Panel by panel, in the order of w: some rows of a panel are whole packs together.
template <class T>
void pack_rows(Index first, const Block<const T>& rows, PackedMatrix<T>& w) {
  constexpr Index kTogether = 4;
  static_assert(kTogether * kBlockedRows % kLanes<T> == 0);
  const bool large = w.bytes() > kSecondLevelCache;
  for (Index j = 0; j < rows.cols; j += kBlockedRows) {
    const Index width = std::min(kBlockedRows, rows.cols - j);
    T* to = w.at(first, j);
    const bool far = large && reinterpret_cast<std::uintptr_t>(to) % kVectorBytes == 0;
    for (Index i = 0; i < rows.rows; i += kTogether, to += kTogether * kBlockedRows) {
      const Index count = std::min(kTogether, rows.rows - i);
      if (count < kTogether || width < kBlockedRows) {
        copy(Block<const T>{rows.row(i) + j, count, width, rows.stride},
             Block<T>{to, count, width, kBlockedRows});
        continue;
      }
      alignas(64) T packed[kTogether * kBlockedRows];
      for (Index l = 0; l < kTogether; ++l) {
        std::copy_n(rows.row(i + l) + j, kBlockedRows, packed + l * kBlockedRows);
      }
      write(kTogether * kBlockedRows / kLanes<T>, packed, to, far);
    }
  }
  if (large) finish_streams();
}

template void pack_transposed(Index, const Block<const float>&, PackedMatrix<float>&);
template void pack_transposed(Index, const Block<const double>&, PackedMatrix<double>&);
template void pack_rows(Index, const Block<const float>&, PackedMatrix<float>&);
template void pack_rows(Index, const Block<const double>&, PackedMatrix<double>&);

}  // namespace fastmlp
