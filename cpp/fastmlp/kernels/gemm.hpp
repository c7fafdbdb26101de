// Matrix products on row-major blocks. One kernel serves the three products of a dense layer,
// because the operand that is only broadcast may have any strides. Activations stand feature by
// feature, samples side by side, so the weights are read where they lie:
//   forward   A (n_out, n)     = W (n_out, n_in)  * H (n_in, n) + b
//   backward  D (n_in, n)      = Wᵀ (n_in, n_out) * delta (n_out, n)
//   gradient  dW (n_out, n_in) = delta (n_out, n) * Hᵀ (n, n_in)
#pragma once

#include "fastmlp/kernels/pack.hpp"
#include "fastmlp/kernels/prefetch_schedule.hpp"

namespace fastmlp {

// The operand that is read one element at a time: element (i, k) stands at
//   data[i * row + k / kNR * panel + k % kNR * column]
template <class T>
struct StridedOperand {
  const T* data;
  Index row;
  Index column;
  Index panel = kNR<T> * column;
};

// What is done with rows of C as soon as they are stored, while the first-level cache has them.
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

// C (m, n) = A (m, k) * B (k, n) + bias (m), nullptr meaning 0, and the epilogue; C row-major with
// leading dimension ldc. Every sum is over k in ascending order, begun with the bias, so any cut of
// m and n gives the same bits.
// B and C are touched in whole packs: each of their rows may be overrun by up to kLanes - 1
// elements. Columns are written right to left, so in an unpadded C (ldc == n) the overrun of one
// row is overwritten by the next. With `accumulate` the lanes right of C are written too, but with
// the values that they hold.
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
