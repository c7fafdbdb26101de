#include "fastmlp/nn/dense_map.hpp"

#include <algorithm>

#include "fastmlp/kernels/few_rows.hpp"

namespace fastmlp {
namespace {

// C (m, columns of B) = A B + bias and the epilogue, A packed in groups of kMR rows.
template <class T>
void multiply_packed(Index m, Index k, const PackedMatrix<T>& a, const PanelView<T>& b,
                     const MatrixView<T>& c, const T* bias, const Epilogue<T>& epilogue) {
  for (Index i = 0; i < m; i += kMR) {
    Epilogue<T> rows = epilogue;
    if (rows.h) rows.h += i * c.stride;
    gemm<T>(std::min(kMR, m - i), c.cols, k, {a.at(0, i), 1, kMR}, b, c.row(i), c.stride,
            bias ? bias + i : nullptr, rows);
  }
}

// The same for A and B rounded to bfloat16.
[[gnu::noinline, maybe_unused]] void multiply_rounded(const MapCall<float>& call,
                                                      const Bf16Matrix& a, Index k,
                                                      const PanelView<float>& b,
                                                      const MatrixView<float>& c,
                                                      const Epilogue<float>& epilogue) {
  if constexpr (kHasBf16) {
    pair_rows(b, k, c.cols, call.rounded->at(0, call.samples.begin));
    gemm(c.rows, c.cols, ceil_div(k, 2), a.at(0, 0), a.stride(),
         call.rounded->panel(call.samples.begin), c.data, c.stride, call.bias, epilogue);
  }
}

// C = A B + bias for a slot A with these strides, read from a copy where there is one.
template <class T>
[[gnu::always_inline]] inline void multiply(const MapCall<T>& call, const PackedMatrix<T>& packed,
                                            const Bf16Matrix& rounded, Index row, Index column,
                                            Index k, const PanelView<T>& b, const MatrixView<T>& c,
                                            const Epilogue<T>& epilogue) {
  if constexpr (kHasBf16 && std::is_same_v<T, float>) {
    if (!rounded.empty()) return multiply_rounded(call, rounded, k, b, c, epilogue);
  }
  if (!packed.empty()) {
    return multiply_packed<T>(c.rows, k, packed, b, c, call.bias, epilogue);
  }
  gemm<T>(c.rows, c.cols, k, {call.w, row, column}, b, c.data, c.stride, call.bias, epilogue,
          call.prefetch);
}

}  // namespace

template <class T>
void DenseMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                        const Epilogue<T>& epilogue) const {
  multiply<T>(call, call.packed->wt, call.packed->bf16, this->inputs(), 1, this->inputs(), x, a,
              epilogue);
}

template <class T>
void DenseMap<T>::apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const {
  gemv(this->outputs(), this->inputs(), w, x, bias, a, accumulate);
}

template <class T>
void DenseMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                   const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  multiply<T>(call, call.packed->w, call.packed->bf16_transposed, 1, this->inputs(),
              this->outputs(), delta, dx, epilogue);
}

// dW (rows, n_in) = delta (rows, n) Xᵀ (n, n_in)
template <class T>
void DenseMap<T>::weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate,
                                  T* g, PrefetchSchedule<T>* prefetch) const {
  const Index inputs = this->inputs();
  const PanelView<T> delta{factors.delta.data + rows.begin * factors.delta.row, factors.delta.row,
                           factors.delta.panel};
  if (has_few<T>(this->outputs(), inputs)) {
    if (prefetch) {
      prefetch->set_slots(1);
      prefetch->issue_next();
    }
    if (inputs <= kFewRows<T>) {
      return multiply_few(rows.size(), inputs, factors.samples, delta, factors.x, g, inputs,
                          Index{1}, accumulate);
    }
    return multiply_few(inputs, rows.size(), factors.samples, factors.x, delta, g, Index{1}, inputs,
                        accumulate);
  }
  Epilogue<T> sum;
  sum.accumulate = accumulate;
  if constexpr (kHasBf16 && std::is_same_v<T, float>) {
    if (const Bf16Factors* rounded = factors.bf16) {
      return gemm(rows.size(), inputs, ceil_div(factors.samples, 2),
                  rounded->rows.at(rows.begin, 0), rounded->rows.stride(),
                  rounded->transposed.panels(), g, inputs, nullptr, sum);
    }
  }
  gemm<T>(rows.size(), inputs, factors.samples, {delta.data, delta.row, 1, delta.panel},
          factors.transposed, g, inputs, nullptr, sum, prefetch);
}

template <class T>
void TransposedMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                             const Epilogue<T>& epilogue) const {
  original_.apply_transposed(call, x, a, epilogue);
}

// a = Wᵀ x, row by row of W
template <class T>
void TransposedMap<T>::apply_one(const T* w, const T* x, const T* bias, bool accumulate,
                                 T* a) const {
  const Index n = this->outputs();
  if (!accumulate) std::fill_n(a, n, T(0));
  for (Index i = 0; i < this->inputs(); ++i, w += n) {
    for (Index j = 0; j < n; ++j) a[j] += w[j] * x[i];
  }
  for (Index j = 0; bias && j < n; ++j) a[j] += bias[j];
}

template <class T>
void TransposedMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                        const MatrixView<T>& dx,
                                        const Epilogue<T>& epilogue) const {
  original_.apply(call, delta, dx, epilogue);
}

// dW (rows, n_out) = X (rows, n) deltaᵀ (n, n_out)
template <class T>
void TransposedMap<T>::weight_gradient(Range rows, const GradientFactors<T>& factors,
                                       bool accumulate, T* g, PrefetchSchedule<T>* prefetch) const {
  original_.weight_gradient(rows, factors.swapped(), accumulate, g, prefetch);
}

template class DenseMap<float>;
template class DenseMap<double>;
template class TransposedMap<float>;
template class TransposedMap<double>;

}  // namespace fastmlp
