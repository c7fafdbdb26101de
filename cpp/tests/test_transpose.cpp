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

TEST_CASE_TEMPLATE("a transpose is exact for all edges, and nothing beside it is written", T, float,
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

TEST_CASE_TEMPLATE("a transpose from panels to panels has every element, whatever its edges", T,
                   float, double) {
  constexpr Index kFirst = kLanes<T>;  // where the columns begin
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
