// Matrix products on row-major blocks. One kernel serves the three products of a dense layer,
// because an operand that is only broadcast may have any strides:
//   forward   A (n, n_out)    = X (n, n_in)        * Wt (n_in, n_out) + b
//   backward  D (n, n_in)     = delta (n, n_out)   * W  (n_out, n_in)
//   gradient  dW (n_out, n_in) = deltaᵀ (n_out, n) * X  (n, n_in)
#pragma once

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// The operand that is read one element at a time: element (i, k) stands at data[i * row + k *
// column].
template <class T>
struct Strided {
  const T* data;
  Index row;
  Index column;
};

// C (m, n) = bias + A (m, k) * B (k, n); C row-major with leading dimension ldc; `bias` has n
// entries, nullptr means zero. Every element is one sum over k in ascending order, so any cut of m
// and n gives the same bits. B, bias and C are touched in whole packs: each of their rows may be
// overrun by up to kLanes - 1 elements. Columns are written right to left, so in an unpadded C (ldc
// == n) the overrun of one row is overwritten by the next.
template <class T>
void gemm(Index m, Index n, Index k, Strided<T> a, Panels<T> b, T* c, Index ldc,
          const T* bias = nullptr);

// y (n) = W (n, k) x + bias for one row x: W is read in place, where packing Wt would cost more
// than the product.
template <class T>
void gemv(Index n, Index k, const T* w, const T* x, const T* bias, T* y);

// y (cols) = sum of the rows of A, in ascending order; whole packs of y are written.
template <class T>
void sum_rows(Block<const T> a, T* y);

// B (cols, rows) = A (rows, cols) transposed, both row-major; nothing beside A is read or beside B
// written.
template <class T>
void transpose(Index rows, Index cols, const T* a, Index lda, T* b, Index ldb);

}  // namespace fastmlp
