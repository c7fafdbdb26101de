// Products of which one factor has few rows: the gradient of a layer with few inputs or outputs.
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// C (m, few) = A (m, n) Bᵀ (n, few), or C += with `accumulate`, for at most kFewRows rows of B and
// n > 0: the lanes of A and B, samples, are summed. Element (i, j) of C is c[i * row + j * column].
// A is read in whole packs of rows, A and B in whole packs of columns. The sum of an element
// depends on n alone.
template <class T>
void multiply_few(Index m, Index few, Index n, const PanelView<T>& a, const PanelView<T>& b, T* c,
                  Index row, Index column, bool accumulate);

}  // namespace fastmlp
