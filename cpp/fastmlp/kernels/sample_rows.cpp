#include "fastmlp/kernels/sample_rows.hpp"

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>
#include <utility>

#include "fastmlp/base/error.hpp"

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

[[noreturn]] void throw_too_large(Index i, Index j, const char* stored) {
  double value;  // only numbers of double precision can be too large
  std::memcpy(&value, stored, sizeof value);
  std::ostringstream sentence;
  sentence << "X[" << i << ", " << j << "]=" << value << " is too large for float32, expected at "
           << "most 3.4e+38; scale X or use dtype='float64'";
  throw InvalidArgument(sentence.str());
}

// f(first column, numbers, how many) for pieces of row i, which is not sparse
template <class T, class F>
void for_pieces(const SampleRows<T>& x, Index i, F&& f) {
  if (!x.convert) return f(Index{0}, x.row(i), x.cols);
  constexpr Index kPiece = 256;  // a multiple of the width of a panel
  T piece[kPiece];
  const char* const row = x.stored.row(i);
  for (Index j = 0; j < x.cols; j += kPiece) {
    const Index n = std::min(kPiece, x.cols - j), bytes = x.stored.row_bytes / x.cols;
    const Index converted = x.convert(row + j * bytes, n, piece);
    if (converted < n) throw_too_large(i, j + converted, row + (j + converted) * bytes);
    f(j, piece, n);
  }
}

}  // namespace

template <class T>
void check_structure(const SampleRows<T>& x) {
  for (Index i = 0; i < x.rows; ++i) for_entries(x, i, [](Index, Index) {});
}

template <class T>
Index first_not_finite(const SampleRows<T>& x, Range rows) {
  Index found = -1;
  for (Index i = rows.begin; i < rows.end && found < 0; ++i) {
    for_pieces(x, i, [&](Index column, const T* piece, Index n) {
      T sum = 0;  // 0 times a number, or nan
      for (Index j = 0; j < n; ++j) sum += piece[j] * T(0);
      for (Index j = 0; sum != 0 && found < 0; ++j) {
        if (!std::isfinite(piece[j])) found = i * x.cols + column + j;
      }
    });
  }
  return found;
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, T* to, Index stride) {
  if (!x.sparse.starts) {
    return for_pieces(x, i, [&](Index column, const T* piece, Index n) {
      for (Index j = 0; j < n; ++j) to[(column + j) * stride] = piece[j];
    });
  }
  for (Index j = 0; j < x.cols; ++j) to[j * stride] = T(0);
  for_entries(x, i, [&](Index j, Index k) { to[j * stride] += x.sparse.values[k]; });
}

template <class T>
void spread_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index row) {
  if (!x.sparse.starts) {
    return for_pieces(x, i, [&](Index column, const T* piece, Index n) {
      for (Index j = 0; j < n; j += kNR<T>) {
        std::copy_n(piece + j, std::min(n - j, kNR<T>), to.at(row, column + j));
      }
    });
  }
  to.clear_row(row);
  for_entries(x, i, [&](Index column, Index k) { *to.at(row, column) += x.sparse.values[k]; });
}

#define FASTMLP_INSTANTIATE(T)                                      \
  template void check_structure(const SampleRows<T>&);              \
  template Index first_not_finite(const SampleRows<T>&, Range);     \
  template void spread_row(const SampleRows<T>&, Index, T*, Index); \
  template void spread_row(const SampleRows<T>&, Index, PanelMatrix<T>&, Index);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
