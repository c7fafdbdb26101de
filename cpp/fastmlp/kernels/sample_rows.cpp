#include "fastmlp/kernels/sample_rows.hpp"

#include <stdexcept>
#include <string>

namespace fastmlp {
namespace {

[[noreturn]] void throw_structure(const char* array, Index i, Index value, Index last) {
  throw std::invalid_argument("X." + std::string(array) + "[" + std::to_string(i) +
                              "]=" + std::to_string(value) + ", expected 0 to " +
                              std::to_string(last) + (array[3] == 'p' ? ", ascending" : "") +
                              ", as in CSR, which must not change while it is read");
}

}  // namespace

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

template <class T>
Index column_of(const SampleRows<T>& x, Index k) {
  const Index column = x.sparse.column(k);
  if (column < 0 || column >= x.cols) throw_structure("indices", k, column, x.cols - 1);
  return column;
}

template <class T>
void check_structure(const SampleRows<T>& x) {
  for (Index i = 0; i < x.rows; ++i) {
    const auto [begin, end] = entries_of(x, i);
    for (Index k = begin; k < end; ++k) column_of(x, k);
  }
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, T* to, Index stride) {
  for (Index j = 0; j < x.cols; ++j) to[j * stride] = T(0);
  const auto [begin, end] = entries_of(x, i);
  for (Index k = begin; k < end; ++k) to[column_of(x, k) * stride] += x.sparse.values[k];
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index j) {
  to.clear_row(j);
  const auto [begin, end] = entries_of(x, i);
  for (Index k = begin; k < end; ++k) *to.at(j, column_of(x, k)) += x.sparse.values[k];
}

#define FASTMLP_INSTANTIATE(T)                                              \
  template std::pair<Index, Index> entries_of(const SampleRows<T>&, Index); \
  template Index column_of(const SampleRows<T>&, Index);                    \
  template void check_structure(const SampleRows<T>&);                      \
  template void spread_row(const SampleRows<T>&, Index, T*, Index);         \
  template void spread_row(const SampleRows<T>&, Index, PanelMatrix<T>&, Index);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
