#include "fastmlp/kernels/sample_rows.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace fastmlp {
namespace {

[[noreturn]] void throw_structure(const char* array, Index i, Index value, Index last) {
  throw std::invalid_argument("X." + std::string(array) + "[" + std::to_string(i) +
                              "]=" + std::to_string(value) + ", expected 0 to " +
                              std::to_string(last) + (array[3] == 'p' ? ", ascending" : "") +
                              ", as in CSR, which must not change while it is read");
}

// The entries [first, second) of row i. Throws where they are not in the arrays.
template <class T>
std::pair<Index, Index> entries_of(const SampleRows<T>& x, Index i) {
  const Index begin = x.sparse.start(i), end = x.sparse.start(i + 1);
  if (begin < 0 || begin > x.sparse.entries) {
    throw_structure("indptr", i, begin, x.sparse.entries);
  }
  if (end < begin || end > x.sparse.entries) {
    throw_structure("indptr", i + 1, end, x.sparse.entries);
  }
  return {begin, end};
}

// The column of entry k. Throws where there is none.
template <class T>
Index column_of(const SampleRows<T>& x, Index k) {
  const Index column = x.sparse.column(k);
  if (column < 0 || column >= x.cols) throw_structure("indices", k, column, x.cols - 1);
  return column;
}

// f(column, number of the entry) for all entries of row i
template <class T, class F>
void for_entries(const SampleRows<T>& x, Index i, F&& f) {
  const auto [begin, end] = entries_of(x, i);
  for (Index k = begin; k < end; ++k) f(column_of(x, k), k);
}

}  // namespace

template <class T>
void check_structure(const SampleRows<T>& x) {
  for (Index i = 0; i < x.rows; ++i) for_entries(x, i, [](Index, Index) {});
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, T* to, Index stride) {
  for (Index j = 0; j < x.cols; ++j) to[j * stride] = T(0);
  for_entries(x, i, [&](Index j, Index k) { to[j * stride] += x.sparse.values[k]; });
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index j) {
  to.clear_row(j);
  for_entries(x, i, [&](Index column, Index k) { *to.at(j, column) += x.sparse.values[k]; });
}

#define FASTMLP_INSTANTIATE(T)                                      \
  template void check_structure(const SampleRows<T>&);              \
  template void spread_row(const SampleRows<T>&, Index, T*, Index); \
  template void spread_row(const SampleRows<T>&, Index, PanelMatrix<T>&, Index);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
