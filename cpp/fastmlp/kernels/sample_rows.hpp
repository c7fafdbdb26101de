// Samples in rows, in memory of another owner: a dense matrix, or one in compressed sparse rows
// (CSR), of which only the rows that are asked for are ever spread out.
#pragma once

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

// Dense rows are those of the view; of sparse ones it has the shape alone.
template <class T>
struct SampleRows : MatrixView<const T> {
  SparseRows<T> sparse;

  SampleRows() = default;
  SampleRows(MatrixView<const T> dense) : MatrixView<const T>(dense) {}
  SampleRows(MatrixView<T> dense) : MatrixView<const T>(dense) {}
  SampleRows(SparseRows<T> entries, Index n_rows, Index n_cols)
      : MatrixView<const T>{nullptr, n_rows, n_cols, 0}, sparse(entries) {}

  bool is_sparse() const { return sparse.starts != nullptr; }
  bool operator==(const SampleRows& other) const {
    return this->data == other.data && this->rows == other.rows &&
           sparse.values == other.sparse.values && sparse.columns == other.sparse.columns &&
           sparse.starts == other.sparse.starts;
  }
};

// Throws unless rows and columns of all entries are inside the matrix.
template <class T>
void check_structure(const SampleRows<T>& x);

// to[j * stride] = x(i, j) of a sparse row.
template <class T>
void spread_row(const SampleRows<T>& x, Index i, T* to, Index stride);
// Row j of `to` is the sparse row i of x.
template <class T>
void spread_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index j);

// Row j of `to` is row i of x.
template <class T>
void copy_row(const SampleRows<T>& x, Index i, PanelMatrix<T>& to, Index j) {
  if (x.is_sparse()) return spread_row(x, i, to, j);
  to.set_row(j, x.row(i), x.cols);
}

}  // namespace fastmlp
