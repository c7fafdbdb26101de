// Transposition in registers, square by square of kLanes x kLanes.
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// B (cols, rows) = A (rows, cols) transposed, both row-major; nothing beside A is read or beside B
// written.
template <class T>
void transpose(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb);

// Element (i, j) of `from` to (j, i) of `to` for these rows and columns, which begin at whole packs
// and are filled up to whole packs.
template <class T>
void transpose(const PanelView<T>& from, Range rows, Range columns, PanelMatrix<T>& to);

}  // namespace fastmlp
