#include "fastmlp/kernels/pack.hpp"

#include <algorithm>

#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/kernels/transpose_registers.hpp"

namespace fastmlp {
namespace {

// Copies whole packs; nontemporal stores require an aligned destination.
template <class T>
void copy_packs(Index packs, const T* from, T* to, bool nontemporal) {
  for (Index i = 0; i < packs * kLanes<T>; i += kLanes<T>) {
    if (nontemporal) {
      store_nontemporal(to + i, load(from + i));
    } else {
      store(to + i, load(from + i));
    }
  }
}

// kLanes columns of kMR rows of W, transposed. Tiles go from the last rows up, because each writes
// beyond its rows and the next one overwrites that.
template <class T>
void pack_columns(const T* w, Index stride, T* to, bool nontemporal) {
  alignas(64) T packed[(kMR + 1) * kLanes<T>];
  for (Index i = (kMR - 1) / kLanes<T> * kLanes<T>; i >= 0; i -= kLanes<T>) {
    transpose_tile(std::min(kLanes<T>, kMR - i), w + i * stride, stride, packed + i, kMR);
  }
  copy_packs(kMR, packed, to, nontemporal);
}

}  // namespace

template <class T>
void pack_transposed(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& wt) {
  const bool nontemporal = wt.bytes() > l2_bytes();
  for (Index r = 0; r < rows.rows; r += kMR) {
    const T* w = rows.row(r);
    T* to = wt.at(0, first + r);
    Index j = 0;
    if (r + kMR <= rows.rows) {
      for (; j + kLanes<T> <= rows.cols; j += kLanes<T>) {
        pack_columns(w + j, rows.stride, to + j * kMR, nontemporal);
      }
    }
    transpose(std::min(kMR, rows.rows - r), rows.cols - j, w + j, rows.stride, to + j * kMR, kMR);
  }
  if (nontemporal) store_fence();
}

// Panel by panel, in the order of w, several rows of a panel at a time.
template <class T>
void pack_rows(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& w) {
  constexpr Index kTogether = kPackedRowsTogether;
  static_assert(kTogether * kMR % kLanes<T> == 0);
  const bool large = w.bytes() > l2_bytes();
  for (Index j = 0; j < rows.cols; j += kMR) {
    const Index width = std::min(kMR, rows.cols - j);
    T* to = w.at(first, j);
    const bool nontemporal = large && reinterpret_cast<std::uintptr_t>(to) % kVectorBytes == 0;
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
      copy_packs(kTogether * kMR / kLanes<T>, packed, to, nontemporal);
    }
  }
  if (large) store_fence();
}

template void pack_transposed(Index, const MatrixView<const float>&, PackedMatrix<float>&);
template void pack_transposed(Index, const MatrixView<const double>&, PackedMatrix<double>&);
template void pack_rows(Index, const MatrixView<const float>&, PackedMatrix<float>&);
template void pack_rows(Index, const MatrixView<const double>&, PackedMatrix<double>&);

}  // namespace fastmlp
