#include "fastmlp/kernels/pack.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

// Wrong entries after packing rows [first, first + part) of W, straight and transposed; all other
// entries are 0.
template <class T>
Index wrong_entries(Index rows, Index inputs, Index first, Index part) {
  const std::vector<T> w = integers<T>(part * inputs, 7);
  PackedMatrix<T> transposed(inputs, rows), straight(rows, inputs);
  const MatrixView<const T> view{w.data(), part, inputs, inputs};
  pack_transposed(first, view, transposed);
  pack_rows(first, view, straight);
  Index wrong = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < inputs; ++j) {
      const bool inside = i >= first && i < first + part;
      const T expected = inside ? w[static_cast<std::size_t>((i - first) * inputs + j)] : T(0);
      wrong += (*transposed.at(j, i) != expected) + (*straight.at(i, j) != expected);
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE_TEMPLATE("packed rows equal those of W in both layouts, all others stay 0", T, float,
                   double) {
  for (Index inputs = 1; inputs <= 70; ++inputs) {
    for (const Index first : {Index(0), kMR, 3 * kMR}) {
      for (const Index part : {Index(1), Index(5), kMR, 2 * kMR + 3}) {
        CHECK(wrong_entries<T>(first + part + kMR, inputs, first, part) == 0);
      }
    }
  }
}

TEST_CASE_TEMPLATE("packed rows of a matrix larger than the cache equal those of W", T, float,
                   double) {
  const Index inputs = l2_bytes() / static_cast<Index>(sizeof(T)) / 500 + 3;
  CHECK(wrong_entries<T>(510, inputs, 2 * kMR, 11 * kMR + 7) == 0);
}
