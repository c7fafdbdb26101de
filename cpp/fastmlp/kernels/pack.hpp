// Packed copies of W (n_out, n_in) as operand A of a product, in panels of kMR rows, because the
// rows of a wide W are too far apart.
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

template <class T>
using PackedMatrix = PanelMatrix<T, kMR>;

// Copies rows of W from `first` on, a multiple of kMR, into Wᵀ (n_in, n_out) for forward passes or
// W (n_out, n_in) for backward passes. Whole panels bypass the caches if the copy exceeds l2_bytes().
template <class T>
void pack_transposed(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& wt);
template <class T>
void pack_rows(Index first, const MatrixView<const T>& rows, PackedMatrix<T>& w);

}  // namespace fastmlp
