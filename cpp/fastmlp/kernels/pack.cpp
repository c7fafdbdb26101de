#include "fastmlp/kernels/pack.hpp"

#include <algorithm>

#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/kernels/transpose_registers.hpp"

namespace fastmlp {
namespace {

// So many whole packs, from one cache line on to another; with `far` past the caches.
template <class T>
void write(Index packs, const T* from, T* to, bool far) {
  for (Index i = 0; i < packs * kLanes<T>; i += kLanes<T>) {
    if (far) {
      store_nontemporal(to + i, load(from + i));
    } else {
      store(to + i, load(from + i));
    }
  }
}

// kLanes columns of a block of W side by side. Squares from the last rows up: what one writes over
// the end of its rows is overwritten by the next.
template <class T>
void pack_square(const T* w, Index stride, T* to, bool far) {
  alignas(64) T packed[(kMR + 1) * kLanes<T>];
  for (Index i = (kMR - 1) / kLanes<T> * kLanes<T>; i >= 0; i -= kLanes<T>) {
    transpose_tile(std::min(kLanes<T>, kMR - i), w + i * stride, stride, packed + i, kMR);
  }
  write(kMR, packed, to, far);
}

}  // namespace

template <class T>
void pack_transposed(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& wt) {
  const bool far = wt.bytes() > kL2Bytes;
  for (Index r = 0; r < rows.rows; r += kMR) {
    const T* block = rows.row(r);
    T* to = wt.at(0, first + r);
    Index j = 0;
    if (r + kMR <= rows.rows) {
      for (; j + kLanes<T> <= rows.cols; j += kLanes<T>) {
        pack_square(block + j, rows.stride, to + j * kMR, far);
      }
    }
    transpose(std::min(kMR, rows.rows - r), rows.cols - j, block + j, rows.stride, to + j * kMR,
              kMR);
  }
  if (far) store_fence();
}

// Panel by panel, in the order of w: some rows of a panel are whole packs together.
template <class T>
void pack_rows(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& w) {
  constexpr Index kTogether = 4;
  static_assert(kTogether * kMR % kLanes<T> == 0);
  const bool large = w.bytes() > kL2Bytes;
  for (Index j = 0; j < rows.cols; j += kMR) {
    const Index width = std::min(kMR, rows.cols - j);
    T* to = w.at(first, j);
    const bool far = large && reinterpret_cast<std::uintptr_t>(to) % kVectorBytes == 0;
    for (Index i = 0; i < rows.rows; i += kTogether, to += kTogether * kMR) {
      const Index count = std::min(kTogether, rows.rows - i);
      if (count < kTogether || width < kMR) {
        copy(MatrixView<const T>{rows.row(i) + j, count, width, rows.stride},
             MatrixView<T>{to, count, width, kMR});
        continue;
      }
      alignas(64) T packed[kTogether * kMR];
      for (Index l = 0; l < kTogether; ++l) {
        std::copy_n(rows.row(i + l) + j, kMR, packed + l * kMR);
      }
      write(kTogether * kMR / kLanes<T>, packed, to, far);
    }
  }
  if (large) store_fence();
}

template void pack_transposed(Index, const MatrixView<const float>&, PackedMatrix<float>&);
template void pack_transposed(Index, const MatrixView<const double>&, PackedMatrix<double>&);
template void pack_rows(Index, const MatrixView<const float>&, PackedMatrix<float>&);
template void pack_rows(Index, const MatrixView<const double>&, PackedMatrix<double>&);

}  // namespace fastmlp
