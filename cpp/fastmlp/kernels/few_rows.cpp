#include "fastmlp/kernels/few_rows.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

template <class T>
struct FewProduct {
  Index m, n;
  const PanelView<T>&a, &b;
  T* c;
  Index row, column;
  bool accumulate;
};

// The products of at most Sums / Few rows of A from `first` on. The last pack of columns comes
// first, because only after it lanes beyond n have to be cleared.
template <class T, int Few, int Sums>
void few_kernel(const FewProduct<T>& product, Index first) {
  constexpr int kRows = Sums / Few, kHalf = kRows / 2;
  const Index rows = std::min<Index>(kRows, product.m - first);
  if constexpr (Sums == kLanes<T> && kHalf > 0) {
    if (rows <= kHalf) return few_kernel<T, Few, Sums / 2>(product, first);
  }
  Pack<T> sum[Sums] = {};
  const auto add = [&](Index column) {
    const T* a = product.a.at(first, column);
    const T* b = product.b.at(0, column);
    Pack<T> few[Few];
#pragma GCC unroll 4
    for (int j = 0; j < Few; ++j) few[j] = load(b + j * product.b.row);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Pack<T> each = load(a + i * product.a.row);
#pragma GCC unroll 4
      for (int j = 0; j < Few; ++j) sum[i * Few + j] += each * few[j];
    }
  };
  const Index last = (product.n - 1) / kLanes<T> * kLanes<T>;
  const Mask<T> valid = first_lanes<T>(product.n - last);
  add(last);
#pragma GCC unroll 16
  for (int i = 0; i < kRows * Few; ++i) sum[i] = valid ? sum[i] : Pack<T>{};
  for (Index column = 0; column < last; column += kLanes<T>) add(column);
  const Pack<T> sums = sum_each<T>(sum);
  const Index row = product.row, column = product.column;
  T* c = product.c + first * row;
  if (row == Few && (Few == 1 || column == 1)) {
    return store_first(c, product.accumulate ? load_first(c, rows * Few) + sums : sums, rows * Few);
  }
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < Few; ++j) {
      T& to = c[i * row + j * column];
      to = (product.accumulate ? to : T(0)) + sums[i * Few + j];
    }
  }
}

template <class T, int Few>
void multiply_all(const FewProduct<T>& product) {
  constexpr int kSums = static_cast<int>(kLanes<T>);
  for (Index i = 0; i < product.m; i += kSums / Few) few_kernel<T, Few, kSums>(product, i);
}

}  // namespace

template <class T>
void multiply_few(Index m, Index few, Index n, const PanelView<T>& a, const PanelView<T>& b, T* c,
                  Index row, Index column, bool accumulate) {
  const FewProduct<T> product{m, n, a, b, c, row, column, accumulate};
  if (few == 1) return multiply_all<T, 1>(product);
  if (few == 2) return multiply_all<T, 2>(product);
  if constexpr (kFewRows<T> == 4) {
    return few == 3 ? multiply_all<T, 3>(product) : multiply_all<T, 4>(product);
  }
}

template void multiply_few(Index, Index, Index, const PanelView<float>&, const PanelView<float>&,
                           float*, Index, Index, bool);
template void multiply_few(Index, Index, Index, const PanelView<double>&, const PanelView<double>&,
                           double*, Index, Index, bool);

}  // namespace fastmlp
