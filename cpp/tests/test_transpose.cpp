#include "fastmlp/kernels/transpose.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

template <class T>
T* at(std::vector<T>& values, Index i) {
  return values.data() + i;
}

// A (rows, cols) with gaps between its rows.
template <class T>
struct Source {
  Source(Index rows, Index cols)
      : rows(rows), stride(cols + 3), values(integers<T>(rows * stride, 7)) {}
  T element(Index i, Index j) const { return values[static_cast<std::size_t>(i * stride + j)]; }
  MatrixView<const T> view() const { return {values.data(), rows, stride - 3, stride}; }

  Index rows, stride;
  std::vector<T> values;
};

}  // namespace

TEST_CASE_TEMPLATE("a transpose is exact at all edges and writes nothing outside", T, float,
                   double) {
  Index wrong = 0;
  for (Index rows = 1; rows <= 40; ++rows) {
    for (Index cols = 1; cols <= 70; ++cols) {
      const Source<T> a(rows, cols);
      for (const Index gap : {0, 2}) {
        const Index ldb = rows + gap;
        std::vector<T> b(static_cast<std::size_t>(cols * ldb + 1), kNan<T>);
        transpose(rows, cols, a.values.data(), a.stride, b.data(), ldb);
        for (Index j = 0; j < cols; ++j) {
          for (Index i = 0; i < rows; ++i) wrong += *at(b, j * ldb + i) != a.element(i, j);
          for (Index i = rows; i < ldb; ++i) wrong += !std::isnan(*at(b, j * ldb + i));
        }
        wrong += !std::isnan(b.back());
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("a transpose from panels to panels is exact at all edges", T, float, double) {
  constexpr Index kFirst = kLanes<T>;  // first column
  Index wrong = 0;
  for (Index rows = 1; rows <= 40; ++rows) {
    for (Index cols = 1; cols <= kNR<T> - kFirst; ++cols) {
      const Source<T> a(rows, kFirst + cols);
      PanelMatrix<T> from(rows, kFirst + cols), to(kFirst + cols, rows);
      for (Index i = 0; i < rows; ++i) from.set_row(i, a.view().row(i), kFirst + cols);
      transpose(from.panels(), {0, rows}, {kFirst, kFirst + cols}, to);
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < kFirst; ++j) wrong += *to.at(j, i) != T(0);
        for (Index j = kFirst; j < kFirst + cols; ++j) wrong += *to.at(j, i) != a.element(i, j);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("a transposition of whole panels is exact", T, float, double) {
  for (const Index rows : {1, 16, 19, 70}) {
    for (const Index columns : {1, 31, 33, 70}) {
      PanelMatrix<T> from(rows, columns), to(columns, rows);
      const std::vector<T> values = uniform<T>(rows * columns, 9);
      for (Index i = 0; i < rows; ++i) from.set_row(i, values.data() + i * columns, columns);
      transpose(from.panels(), {0, rows}, {0, columns}, to);
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
          REQUIRE(*to.at(j, i) == values[static_cast<std::size_t>(i * columns + j)]);
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("transpose is exact, and reads and writes nothing outside", T, float, double) {
  Index wrong = 0;
  for (Index rows = 1; rows <= 40; ++rows) {
    for (Index cols = 1; cols <= 40; ++cols) {
      const Index lda = cols + rows % 3, ldb = rows + cols % 3;
      const std::vector<T> a = uniform<T>((rows - 1) * lda + cols, 8);
      std::vector<T> b(static_cast<std::size_t>((cols - 1) * ldb + rows), T(9));
      transpose<T>(rows, cols, a.data(), lda, b.data(), ldb);
      for (Index at = 0; at < static_cast<Index>(b.size()); ++at) {
        const Index i = at % ldb, j = at / ldb;
        const T expected = i < rows ? a[static_cast<std::size_t>(i * lda + j)] : T(9);
        wrong += b[static_cast<std::size_t>(at)] != expected;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("a transposition reads panels from any row", T, float, double) {
  for (const Index rows : {1, 16, 19, 37}) {
    for (const Index columns : {1, 31, 33}) {
      PanelMatrix<T> from(rows, columns);
      const std::vector<T> values = uniform<T>(rows * columns, 9);
      for (Index i = 0; i < rows; ++i) from.set_row(i, values.data() + i * columns, columns);
      for (Index first = 0; first < rows; ++first) {
        const PanelView<T> all = from.panels(), view{all.at(first, 0), all.row, all.panel};
        PanelMatrix<T> to(columns, rows - first);
        transpose(view, {0, rows - first}, {0, columns}, to);
        for (Index i = first; i < rows; ++i) {
          for (Index j = 0; j < columns; ++j) {
            REQUIRE(*to.at(j, i - first) == values[static_cast<std::size_t>(i * columns + j)]);
          }
        }
      }
    }
  }
}
