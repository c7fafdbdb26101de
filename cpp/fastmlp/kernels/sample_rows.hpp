// Samples in rows, in memory of another owner: a dense matrix, one in compressed sparse rows (CSR),
// or numbers of another type, or in several files, as they are stored. Of the last two only the
// rows that are asked for are ever spread out.
#pragma once

#include <algorithm>

#include "fastmlp/kernels/matrix.hpp"

namespace fastmlp {

// Of row i the entries starts[i] to starts[i + 1] of `columns` and `values`, in any order; those of
// one column add up. Both index arrays have 32 bits, or both 64.
template <class T>
struct SparseRows {
  const T* values = nullptr;
  const void* columns = nullptr;
  const void* starts = nullptr;
  Index entries = 0;  // that `columns` and `values` have
  bool long_indices = false;

  // Loaded once, because the caller's memory may change at any time.
  Index index(const void* array, Index i) const {
    if (long_indices) {
      return __atomic_load_n(static_cast<const std::int64_t*>(array) + i, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(static_cast<const std::int32_t*>(array) + i, __ATOMIC_RELAXED);
  }
  Index start(Index i) const { return index(starts, i); }
  Index column(Index k) const { return index(columns, k); }
};

// The rows from `first` on, the bytes of each contiguous.
struct StoredPart {
  const char* data = nullptr;
  Index first = 0, stride = 0;  // bytes from row to row
};

// Rows in parts of one type, ascending, in memory that may be a file's.
struct StoredRows {
  const StoredPart* parts = nullptr;
  Index n_parts = 0, rows = 0, row_bytes = 0;

  const char* row(Index i) const {
    const StoredPart* next = std::upper_bound(
        parts, parts + n_parts, i, [](Index row, const StoredPart& p) { return row < p.first; });
    const StoredPart& part = *(next - 1);
    return part.data + (i - part.first) * part.stride;
  }
};

// Dense rows are those of the view; of others it has the shape alone. What is stored as it is used
// is dense, and says in which file it is.
template <class T>
struct SampleRows : MatrixView<const T> {
  // Converts n numbers as they are stored, which may be unaligned; returns n, or the place of the
  // first one that is too large.
  using Convert = Index (*)(const char* from, Index n, T* to);

  SparseRows<T> sparse;
  StoredRows stored;
  Convert convert = nullptr;

  SampleRows() = default;
  SampleRows(MatrixView<const T> dense) : MatrixView<const T>(dense) {}
  SampleRows(MatrixView<T> dense) : MatrixView<const T>(dense) {}
  SampleRows(SparseRows<T> entries, Index n_rows, Index n_cols)
      : MatrixView<const T>{nullptr, n_rows, n_cols, 0}, sparse(entries) {}

  SampleRows(StoredRows numbers, Index n_cols, Convert f)
      : MatrixView<const T>{nullptr, numbers.rows, n_cols, 0}, stored(numbers), convert(f) {}

  bool is_dense() const { return !sparse.starts && !convert; }
  bool operator==(const SampleRows& other) const {
    return this->data == other.data && this->rows == other.rows &&
           sparse.values == other.sparse.values && sparse.columns == other.sparse.columns &&
           sparse.starts == other.sparse.starts && stored.parts == other.stored.parts;
  }
};

// Throws unless rows and columns of all entries of sparse rows are inside the matrix.
template <class T>
void check_structure(const SampleRows<T>& x);

// The place i * cols + j of the first number of these rows that is nan or infinite, or -1; not of
// sparse ones.
template <class T>
Index first_not_finite(const SampleRows<T>& x, Range rows);

// to[j * stride] = x(i, j). Throws where a stored number is too large.
template <class T>
void spread_row(const SampleRows<T>& x, Index i, T* to, Index stride);
// The row of `to` is row i of x.
template <class T>
void spread_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index row);

// Row j of `to` is row i of x.
template <class T>
void copy_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index j) {
  if (!x.is_dense()) return spread_row(x, i, to, j);
  to.set_row(j, x.row(i), x.cols);
}

}  // namespace fastmlp
