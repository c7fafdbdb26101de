// Accumulating products with every epilogue, in memory of exact length.
#include "product.hpp"

using namespace fastmlp;

namespace {

// C and the memory around it before and after an accumulating product.
template <class T>
struct Accumulated {
  Product<T> plain, result;
  std::vector<T> before;

  Accumulated(Index m, Index n, Index k, bool transposed, Index padding)
      : plain(m, n, k, transposed, padding, false), result(plain) {
    plain.compute(true);
    before = uniform<T>(static_cast<Index>(result.c.size()), 11);
    before.back() = kNan<T>;  // right of C, or in it where the last row fills its pack
    result.c = before;
  }
  void compute(Epilogue<T> epilogue) {
    epilogue.accumulate = true;
    gemm<T>(result.m, result.n, result.k, result.left(), {result.b.data(), result.ldb},
            result.c.data(), result.ldc, result.bias.data(), epilogue);
  }
  // Elements that differ from f(old + product, offset) in C or from the old ones outside of C.
  template <class F>
  Index wrong_elements(const F& f) const {
    Index wrong = 0;
    for (std::size_t offset = 0; offset < before.size(); ++offset) {
      const Index i = static_cast<Index>(offset) / result.ldc;
      const bool in_c = i < result.m && static_cast<Index>(offset) % result.ldc < result.n;
      const T expected = in_c ? f(before[offset] + plain.c[offset], offset) : before[offset];
      wrong += !same_bits(&result.c[offset], &expected, 1);
    }
    return wrong;
  }
};

// C <- 2 C + 1 in the columns of C.
template <class T>
struct Doubled final : RowEpilogue<T> {
  void apply(T* c, Index m, Index n, Index stride) const override {
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) c[i * stride + j] = 2 * c[i * stride + j] + 1;
    }
  }
};

}  // namespace

TEST_CASE_TEMPLATE("gemm adds to C with one rounding and changes nothing outside of C", T, float,
                   double) {
  Index wrong = 0;
  for (Index m = 1; m <= 40; m += m < 14 ? 1 : 5) {
    for (Index n = 1; n <= 70; ++n) {
      for (const Index k : {0, 1, 5, 33}) {
        for (const Index padding : {0, 1, 40}) {
          Accumulated<T> c(m, n, k, (m + n) % 2 == 0, padding);
          c.compute({});
          wrong += c.wrong_elements([](T sum, std::size_t) { return sum; });
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE(
    "relu and its derivative follow the accumulation and change nothing outside of C", T, float,
    double) {
  Index wrong = 0;
  for (const Index m : {1, 5, 12, 29}) {
    for (Index n = 1; n <= 70; ++n) {
      for (const Index padding : {0, 1, 40}) {
        Accumulated<T> forward(m, n, 7, false, padding), backward(forward);
        std::vector<T> h = uniform<T>(static_cast<Index>(forward.before.size()), 9);
        for (T& value : h) value = std::max(value, T(0));
        forward.compute({true});
        backward.compute({false, h.data()});
        wrong += forward.wrong_elements([](T sum, std::size_t) { return sum <= 0 ? T(0) : sum; });
        wrong += backward.wrong_elements(
            [&](T sum, std::size_t offset) { return sum * T(h[offset] > 0 ? 1 : 0); });
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("a function of rows follows the accumulation", T, float, double) {
  const Doubled<T> function;
  for (const Index m : {1, 12, 121, 300}) {
    for (const Index n : {1, 16, 33}) {
      Accumulated<T> c(m, n, 7, false, 40);
      c.compute({false, nullptr, &function});
      CHECK(c.wrong_elements([](T sum, std::size_t) { return 2 * sum + 1; }) == 0);
    }
  }
}

TEST_CASE_TEMPLATE("gemv adds to y with one rounding", T, float, double) {
  Index wrong = 0;
  for (Index n = 1; n <= 9; ++n) {
    for (const Index k : {0, 1, 16, 70}) {
      const std::vector<T> w = uniform<T>(std::max<Index>(n * k, 1), 4),
                           x = uniform<T>(std::max<Index>(k, 1), 5), bias = uniform<T>(n, 6),
                           before = uniform<T>(n, 7);
      std::vector<T> plain(before), y(before);
      gemv<T>(n, k, w.data(), x.data(), bias.data(), plain.data());
      gemv<T>(n, k, w.data(), x.data(), bias.data(), y.data(), true);
      for (std::size_t i = 0; i < y.size(); ++i) wrong += y[i] != before[i] + plain[i];
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("sum_columns adds to y, of views that start at any row", T, float, double) {
  Index wrong = 0;
  for (const Index rows : {1, 3, 8, 16, 37}) {
    for (Index n = 1; n <= 70; n += 3) {
      PanelMatrix<T> a(rows, n);
      for (Index i = 0; i < rows; ++i) a.set_row(i, uniform<T>(n, 20 + i).data(), n);
      for (Index first = 0; first < rows; ++first) {
        const PanelView<T> all = a.panels(), view{all.at(first, 0), all.row, all.panel};
        const std::vector<T> before = uniform<T>(rows - first, 8);
        std::vector<T> plain(before), y(before);
        sum_columns(rows - first, n, view, plain.data());
        sum_columns(rows - first, n, view, y.data(), true);
        for (std::size_t i = 0; i < y.size(); ++i) wrong += y[i] != before[i] + plain[i];
      }
    }
  }
  CHECK(wrong == 0);
}
