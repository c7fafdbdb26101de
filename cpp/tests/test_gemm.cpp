#include "product.hpp"

using namespace fastmlp;

namespace {

// Recomputes rows x columns of C in separate memory and compares the bits.
template <class T>
bool cut_agrees(const Product<T>& whole, Range rows, Range columns) {
  const Index n = columns.size();
  std::vector<T> c(static_cast<std::size_t>(padded_length<T>(rows.size(), n, n)));
  std::vector<T> b(static_cast<std::size_t>(padded_length<T>(whole.k, n, n)));
  for (Index l = 0; l < whole.k; ++l) {
    std::copy_n(whole.b.begin() + l * whole.ldb + columns.begin, n, b.begin() + l * n);
  }
  gemm<T>(rows.size(), n, whole.k, whole.left(rows.begin), {b.data(), n}, c.data(), n,
          whole.bias.data() + rows.begin);
  for (Index i = 0; i < rows.size(); ++i) {
    const T* expected = whole.c.data() + (rows.begin + i) * whole.ldc + columns.begin;
    if (!same_bits(c.data() + i * n, expected, n)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE_TEMPLATE("gemm is the sum of products at all edges from 1 to 40", T, float, double) {
  Index wrong = 0;
  for (Index m = 1; m <= 40; ++m) {
    for (Index n = 1; n <= 40; ++n) {
      for (const Index k : {0, 1, 2, 5, 17, 40}) {
        const bool transposed = (m + n) % 2 == 0, with_bias = (m + n + k) % 3 != 0;
        Product<T> product(m, n, k, transposed, (m + k) % 4 == 0 ? 3 : 0, true);
        product.compute(with_bias);
        wrong += product.wrong_elements(with_bias);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("gemm is the sum of products for shapes of real layers", T, float, double) {
  struct Size {
    Index m, n, k;
  };
  for (const auto& [m, n, k] : {Size{32, 10, 64},
                                {128, 128, 784},
                                {128, 784, 32},
                                {10, 64, 128},
                                {1, 300, 300},
                                {300, 1, 300},
                                {97, 89, 101}}) {
    for (const bool transposed : {false, true}) {
      Product<T> product(m, n, k, transposed, 0, true);
      product.compute(true);
      CHECK(product.wrong_elements(true) == 0);
    }
  }
}

TEST_CASE_TEMPLATE("any cut of the rows and columns of a product gives the same bits", T, float,
                   double) {
  Index differing = 0;
  for (const Index m : {1, 5, 12, 13, 24, 37}) {
    for (const Index n : {1, 7, 16, 33, 40}) {
      Product<T> whole(m, n, 29, m % 2 == 0, 0, false);
      whole.compute(true);
      for (Index row = 0; row <= m; ++row) {
        for (Index column = 0; column <= n; ++column) {
          differing += !cut_agrees(whole, {0, row}, {column, n});
          differing += !cut_agrees(whole, {row, m}, {0, column});
        }
      }
    }
  }
  CHECK(differing == 0);
}

TEST_CASE_TEMPLATE("gemm ignores the gaps between the rows of B", T, float, double) {
  Product<T> product(13, 5, 9, false, 2, true);
  for (Index l = 0; l + 1 < product.k; ++l) {
    std::fill_n(product.b.begin() + l * product.ldb + product.n, 2, kNan<T>);
  }
  product.compute(true);
  CHECK(product.wrong_elements(true) == 0);
}

TEST_CASE_TEMPLATE("gemv is the sum of products and reads nothing outside of its arrays", T, float,
                   double) {
  Index wrong = 0;
  for (Index n = 1; n <= 40; ++n) {
    for (Index k = 0; k <= 200; k += k < 40 ? 1 : 37) {
      const std::vector<T> w = integers<T>(std::max<Index>(n * k, 1), 4),
                           x = integers<T>(std::max<Index>(k, 1), 5), bias = integers<T>(n, 6);
      std::vector<T> y(static_cast<std::size_t>(n)), plain(y);
      gemv<T>(n, k, w.data(), x.data(), bias.data(), y.data());
      gemv<T>(n, k, w.data(), x.data(), nullptr, plain.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        T sum = 0;
        for (Index l = 0; l < k; ++l) {
          sum += w[i * static_cast<std::size_t>(k) + static_cast<std::size_t>(l)] *
                 x[static_cast<std::size_t>(l)];
        }
        wrong += (plain[i] != sum) + (y[i] != sum + bias[i]);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("sum_columns adds the valid columns only", T, float, double) {
  Index wrong = 0;
  for (const Index rows : {1, 2, 3, 5, 7, 8, 9, 12, 16, 40}) {
    for (Index n = 1; n <= 70; ++n) {
      PanelMatrix<T> a(rows, n);
      const std::vector<T> values = integers<T>(rows * n, 7);
      for (Index i = 0; i < rows; ++i) a.set_row(i, values.data() + i * n, n);
      for (Index i = 0; i < rows; ++i) {  // after the last column
        for (Index j = n; j < round_up(n, kNR<T>); ++j) *a.at(i, j) = kNan<T>;
      }
      std::vector<T> y(static_cast<std::size_t>(rows));
      sum_columns(rows, n, a.panels(), y.data());
      for (Index i = 0; i < rows; ++i) {
        T sum = 0;
        for (Index j = 0; j < n; ++j) sum += values[static_cast<std::size_t>(i * n + j)];
        wrong += y[static_cast<std::size_t>(i)] != sum;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("operands in panels give the bits of operands in rows", T, float, double) {
  for (Index n = 1; n <= 70; ++n) {
    for (const Index k : {1, 9, 40, 70}) {
      Product<T> product(13, n, k, false, 0, false);
      PanelMatrix<T> left(13, k), right(k, n);
      for (Index i = 0; i < 13; ++i) left.set_row(i, product.a.data() + i * k, k);
      for (Index i = 0; i < k; ++i) right.set_row(i, product.b.data() + i * n, n);
      product.compute(true);
      const std::vector<T> expected = product.c;
      const PanelView<T> a = left.panels();
      gemm<T>(13, n, k, {a.data, a.row, 1, a.panel}, right.panels(), product.c.data(), n,
              product.bias.data());
      REQUIRE(same_bits(product.c.data(), expected.data(), 13 * n));
    }
  }
}
