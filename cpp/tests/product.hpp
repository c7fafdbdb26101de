// A matrix product whose operands have exactly the memory that kernels may access.
#pragma once

#include "fastmlp/kernels/gemm.hpp"
#include "testing.hpp"

namespace fastmlp {

// Length of `rows` rows of n elements, `stride` apart, each extended to whole packs.
template <class T>
Index padded_length(Index rows, Index stride, Index n) {
  return rows == 0 ? round_up(n, kLanes<T>) : (rows - 1) * stride + round_up(n, kLanes<T>);
}

template <class T>
struct Product {
  Index m, n, k, ldb, ldc;
  bool transposed;  // A is stored (k, m)
  std::vector<T> a, b, bias, c;

  Product(Index m, Index n, Index k, bool transposed, Index padding, bool whole_numbers)
      : m(m), n(n), k(k), ldb(n + padding), ldc(n + padding), transposed(transposed) {
    const auto draw = [&](Index size, std::uint64_t seed) {
      return whole_numbers ? integers<T>(size, seed) : uniform<T>(size, seed);
    };
    a = draw(m * k, 1);
    b = draw(padded_length<T>(k, ldb, n), 2);
    bias = draw(m, 3);
    c.assign(static_cast<std::size_t>(padded_length<T>(m, ldc, n)), kNan<T>);
  }

  StridedOperand<T> left(Index row = 0) const {
    return transposed ? StridedOperand<T>{a.data() + row, 1, m}
                      : StridedOperand<T>{a.data() + row * k, k, 1};
  }
  void compute(bool with_bias) {
    gemm<T>(m, n, k, left(), {b.data(), ldb}, c.data(), ldc, with_bias ? bias.data() : nullptr);
  }
  T element(Index i, Index j, bool with_bias) const {
    T sum = with_bias ? bias[static_cast<std::size_t>(i)] : T(0);
    for (Index l = 0; l < k; ++l) {
      sum += a[static_cast<std::size_t>(transposed ? l * m + i : i * k + l)] *
             b[static_cast<std::size_t>(l * ldb + j)];
    }
    return sum;
  }
  Index wrong_elements(bool with_bias) const {
    Index wrong = 0;
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        wrong += c[static_cast<std::size_t>(i * ldc + j)] != element(i, j, with_bias);
      }
    }
    return wrong;
  }
};

}  // namespace fastmlp
