#include "fastmlp/kernels/few_rows.hpp"
#include "testing.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("products with few rows sum over the valid samples, wherever C has them", T,
                   float, double) {
  Index wrong = 0;
  for (Index few = 1; few <= kFewRows<T>; ++few) {
    for (const Index m : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40}) {
      for (Index n = 1; n <= 70; ++n) {
        PanelMatrix<T> a(m, n), b(few, n);
        std::vector<T> left = integers<T>(m * n, 7), right = integers<T>(few * n, 8);
        for (Index i = 0; i < m; ++i) a.set_row(i, left.data() + i * n, n);
        for (Index j = 0; j < few; ++j) b.set_row(j, right.data() + j * n, n);
        for (Index s = n; s < round_up(n, kNR<T>); ++s) {  // after the last column
          for (Index i = 0; i < m; ++i) *a.at(i, s) = kNan<T>;
          for (Index j = 0; j < few; ++j) *b.at(j, s) = kNan<T>;
        }
        const bool accumulate = n % 2 == 0, turned = n % 3 == 0;
        const Index row = turned ? 1 : few, column = turned ? m : 1;
        std::vector<T> c(static_cast<std::size_t>(m * few + 1), T(accumulate ? 5 : 1000));
        multiply_few(m, few, n, a.panels(), b.panels(), c.data(), row, column, accumulate);
        wrong += c.back() != T(accumulate ? 5 : 1000);  // the element after C
        for (Index i = 0; i < m; ++i) {
          for (Index j = 0; j < few; ++j) {
            T sum = accumulate ? T(5) : T(0);
            for (Index s = 0; s < n; ++s) sum += *a.at(i, s) * *b.at(j, s);
            wrong += c[static_cast<std::size_t>(i * row + j * column)] != sum;
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("any cut of the rows of a product with few rows gives the same bits", T, float,
                   double) {
  constexpr Index kRows = 21, kSamples = 45;
  for (Index few = 1; few <= kFewRows<T>; ++few) {
    PanelMatrix<T> a(kRows, kSamples), b(few, kSamples);
    const std::vector<T> left = uniform<T>(kRows * kSamples, 1),
                         right = uniform<T>(few * kSamples, 2);
    for (Index i = 0; i < kRows; ++i) a.set_row(i, left.data() + i * kSamples, kSamples);
    for (Index j = 0; j < few; ++j) b.set_row(j, right.data() + j * kSamples, kSamples);
    const auto product = [&](Range rows, Range columns, T* c) {
      const PanelView<T> from = a.panels(), with = b.panels();
      multiply_few<T>(rows.size(), columns.size(), kSamples,
                      {from.data + rows.begin * from.row, from.row, from.panel},
                      {with.data + columns.begin * with.row, with.row, with.panel},
                      c + rows.begin * few + columns.begin, few, 1, false);
    };
    std::vector<T> whole(static_cast<std::size_t>(kRows * few)), cut(whole);
    product({0, kRows}, {0, few}, whole.data());
    for (Index i = 1; i < kRows; ++i) {
      for (Index j = 0; j < few; ++j) {
        product({0, i}, {j, j + 1}, cut.data());
        product({i, kRows}, {j, j + 1}, cut.data());
      }
      REQUIRE(same_bits(cut.data(), whole.data(), kRows * few));
    }
  }
}
