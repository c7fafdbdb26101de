// Transposition in registers, by tiles of kLanes x kLanes.
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// B (cols, rows) = A (rows, cols)ᵀ, both row-major. No element outside of A is read or outside of B
// written.
template <class T>
void transpose(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb);

// to(j, i) = from(i, j) for these rows and columns, which start at whole packs and are extended to
// whole packs.
template <class T>
void transpose(const PanelView<T>& from, Range rows, Range columns, PanelMatrix<T>& to);

}  // namespace fastmlp
