// Matrix products of panels. One kernel computes the three products of a dense layer, because
// operand A, of which single elements are broadcast, may have any strides. With features in rows
// and samples in lanes, W is read in place:
//   forward   A (n_out, n)     = W (n_out, n_in)  * H (n_in, n) + b
//   backward  D (n_in, n)      = Wᵀ (n_in, n_out) * delta (n_out, n)
//   gradient  dW (n_out, n_in) = delta (n_out, n) * Hᵀ (n, n_in)
#pragma once

#include "fastmlp/kernels/pack.hpp"
#include "fastmlp/kernels/prefetch_schedule.hpp"

namespace fastmlp {

// Operand A, read one element at a time: element (i, k) is
//   data[i * row + k / kNR * panel + k % kNR * column]
template <class T>
struct StridedOperand {
  const T* data;
  Index row;
  Index column;
  Index panel = kNR<T> * column;
};

// A function of rows of C, applied after they are stored, while they are in the first-level cache.
template <class T>
class RowEpilogue {
 public:
  virtual void apply(T* c, Index rows, Index cols, Index ldc) const = 0;

 protected:
  ~RowEpilogue() = default;
};

// Applied to S = A B + bias, or to S = C + (A B + bias) with `accumulate`; at most one of the first
// three is set. In registers: C = relu(S), or C = S ∘ relu'(H) for H (m, n) with the rows of C. Any
// other function is applied to rows after they are stored, in whole packs.
template <class T>
struct Epilogue {
  bool relu = false;
  const T* h = nullptr;
  const RowEpilogue<T>* function = nullptr;
  bool accumulate = false;
};

// C (m, n) = A (m, k) * B (k, n) + bias (m; nullptr is 0) and the epilogue; C is row-major with
// leading dimension ldc. Sums start from the bias and run over k in ascending order, so any cut of
// m and n gives the same bits. Rows of B are read and rows of C written in whole packs, up to
// kLanes - 1 elements beyond their ends. Columns are written right to left, so in an unpadded C
// (ldc == n) each row overwrites the excess of the previous one. With `accumulate` those elements
// are rewritten with their own values.
template <class T>
void gemm(Index m, Index n, Index k, const StridedOperand<T>& a, const PanelView<T>& b, T* c,
          Index ldc, const T* bias = nullptr, const Epilogue<T>& epilogue = {},
          PrefetchSchedule<T>* prefetch = nullptr);

// y (n) = W (n, k) x + bias for one sample x, or y += with `accumulate`.
template <class T>
void gemv(Index n, Index k, const T* w, const T* x, const T* bias, T* y, bool accumulate = false);

// y (rows of A) = sum over the columns [0, n) of A, n > 0, or y += with `accumulate`. A is read in
// whole packs of rows and columns.
template <class T>
void sum_columns(Index rows, Index n, const PanelView<T>& a, T* y, bool accumulate = false);

}  // namespace fastmlp
