// W (n_out, n_in) in the orders in which products read it as their broadcast operand, block of rows
// after block of rows: where rows are wide, W itself is too far apart.
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// Rows of the broadcast operand that a product takes at a time.
constexpr Index kMR = kVectorRegisters == 32 ? 12 : 6;
template <class T>
using PackedMatrix = PanelMatrix<T, kMR>;

// Some rows of W, from `first` on, a whole number of blocks, into Wᵀ (n_in, n_out) for forward
// passes, or into W (n_out, n_in) for backward ones. Where that is larger than a second-level
// cache, whole blocks are written past the caches, by processors that can.
template <class T>
void pack_transposed(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& wt);
template <class T>
void pack_rows(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& w);

}  // namespace fastmlp
