// X as the core reads it: dense, sparse, or as it is stored.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/kernels/sample_rows.hpp"
#include "fastmlp/kernels/stored_numbers.hpp"
#include "fastmlp/kernels/tuning.hpp"
#include "memory_lease.hpp"

namespace fastmlp::bindings {

// A matrix in compressed sparse rows, whose arrays stay in place while this exists.
template <class T>
class SparseMatrix {
 public:
  SparseMatrix(const Array<T>& values, const py::array& columns, const py::array& starts,
               Index cols)
      : values_(values),
        columns_(columns),
        starts_(starts),
        held_values_(values),
        held_columns_(columns),
        held_starts_(starts) {
    const bool long_indices = py::isinstance<Array<std::int64_t>>(columns);
    require(long_indices ? py::isinstance<Array<std::int64_t>>(starts)
                         : py::isinstance<Array<std::int32_t>>(columns) &&
                               py::isinstance<Array<std::int32_t>>(starts),
            "X.indices and X.indptr have dtypes " + std::string(py::str(columns.dtype())) +
                " and " + std::string(py::str(starts.dtype())) +
                ", expected int32 or int64 for both");
    require(values.ndim() == 1 && columns.ndim() == 1 && starts.ndim() == 1 && starts.size() > 0 &&
                cols >= 0,
            "X.data, X.indices and X.indptr have shapes " + shape_text(values) + ", " +
                shape_text(columns) + " and " + shape_text(starts) +
                ", expected vectors, the last of n_samples + 1 entries");
    rows_ = {{values.data(), columns.data(), starts.data(),
              std::min<Index>(values.size(), columns.size()), long_indices},
             starts.size() - 1,
             cols};
    check_structure(rows_);
  }

  const SampleRows<T>& rows() const { return rows_; }
  // values, columns, starts
  py::tuple arrays() const { return py::make_tuple(values_, columns_, starts_); }

 private:
  py::array values_, columns_, starts_;
  MemoryLease held_values_, held_columns_, held_starts_;
  SampleRows<T> rows_;
};

// The conversion of the numbers of an array, or nullptr for other dtypes.
template <class T>
typename SampleRows<T>::Convert conversion_of(const py::array& array) {
  const py::dtype dtype = array.dtype();
  if (dtype.byteorder() != '=' && dtype.byteorder() != '|') return nullptr;
  const auto is = [&](char kind, Index bytes) {
    return dtype.kind() == kind && dtype.itemsize() == bytes;
  };
  if (is('b', 1)) return convert_numbers<Bool, T>;
  if (is('u', 1)) return convert_numbers<std::uint8_t, T>;
  if (is('i', 1)) return convert_numbers<std::int8_t, T>;
  if (is('u', 2)) return convert_numbers<std::uint16_t, T>;
  if (is('i', 2)) return convert_numbers<std::int16_t, T>;
  if (is('u', 4)) return convert_numbers<std::uint32_t, T>;
  if (is('i', 4)) return convert_numbers<std::int32_t, T>;
  if (is('u', 8)) return convert_numbers<std::uint64_t, T>;
  if (is('i', 8)) return convert_numbers<std::int64_t, T>;
  if (is('f', 2)) return convert_numbers<Half, T>;
  if (is('f', 4)) return convert_numbers<float, T>;
  if (is('f', 8)) return convert_numbers<double, T>;
  return nullptr;
}

// Samples as they are stored, in one array or several of the same dtype: converted as they are
// read.
template <class T>
class StoredSamples {
 public:
  // Arrays (n, cols), each of its rows contiguous.
  StoredSamples(std::vector<py::array> arrays, Index cols) : arrays_(std::move(arrays)) {
    require(!arrays_.empty() && cols >= 1, "X has no parts, expected at least one");
    const py::dtype dtype = arrays_.front().dtype();
    const Index bytes = static_cast<Index>(dtype.itemsize());
    Index n = 0;
    for (const py::array& array : arrays_) {
      require(array.ndim() == 2 && array.shape(1) == cols && array.dtype().equal(dtype) &&
                  (cols == 1 || array.strides(1) == bytes),
              "X has a part of shape " + shape_text(array) + ", expected contiguous rows of " +
                  std::to_string(cols) + " numbers of one dtype");
      leases_.push_back(std::make_unique<MemoryLease>(array));
      if (array.shape(0) == 0) continue;  // an empty part has no row
      parts_.push_back({static_cast<const char*>(array.data()), n, array.strides(0)});
      n += array.shape(0);
    }
    if (parts_.empty()) parts_.push_back({});
    const auto convert = conversion_of<T>(arrays_.front());
    require(convert != nullptr, "X has dtype " + std::string(py::str(dtype)) +
                                    ", expected real numbers of 8 to 64 bits");
    const StoredRows stored{parts_.data(), static_cast<Index>(parts_.size()), n, bytes * cols};
    rows_ = {stored, cols, convert};
    const auto [data, first, stride] = parts_.front();
    const Index size = sizeof(T);
    if (py::isinstance<py::array_t<T>>(arrays_.front()) && parts_.size() == 1 && stride > 0 &&
        stride % size == 0 && reinterpret_cast<std::uintptr_t>(data) % alignof(T) == 0) {
      rows_ = MatrixView<const T>{reinterpret_cast<const T*>(data), n, cols, stride / size};
      rows_.stored = stored;
    }
  }

  const SampleRows<T>& rows() const { return rows_; }
  const std::vector<py::array>& arrays() const { return arrays_; }
  // Signals are heard after some megabytes.
  Index first_not_finite() const {
    const Index step = std::max<Index>(1, kReadAheadBytes / rows_.stored.row_bytes);
    for (Index begin = 0; begin < rows_.rows; begin += step) {
      Index found = -1;
      {
        const py::gil_scoped_release release;
        found = fastmlp::first_not_finite(rows_, {begin, std::min(rows_.rows, begin + step)});
      }
      if (found >= 0) return found;
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
    return -1;
  }
  // A copy of these rows, (n, cols).
  Array<T> take(const Array<std::int64_t>& indices) const {
    auto [out, view] = new_rows<T>(indices.size(), rows_.cols);
    for (Index k = 0; k < view.rows; ++k) {
      const Index i = indices.data()[k];
      require(0 <= i && i < rows_.rows, "row " + std::to_string(i) + " of X, expected 0 to " +
                                            std::to_string(rows_.rows - 1));
      spread_row(rows_, i, view.row(k), 1);
    }
    return out;
  }

 private:
  std::vector<py::array> arrays_;
  std::vector<std::unique_ptr<MemoryLease>> leases_;
  std::vector<StoredPart> parts_;
  SampleRows<T> rows_;
};

// X as the core reads it: an array, or an object of one of these classes, which this keeps.
template <class T>
class InputRows {
 public:
  InputRows(const py::object& x, Index cols) : owner_(x) {
    if (py::isinstance<Array<T>>(x)) {
      rows_ = rows_of(exact_array<T>(x, "X"), cols, "X");
    } else if (py::isinstance<SparseMatrix<T>>(x)) {
      rows_ = x.cast<const SparseMatrix<T>&>().rows();
    } else if (py::isinstance<StoredSamples<T>>(x)) {
      rows_ = x.cast<const StoredSamples<T>&>().rows();
    } else {
      exact_array<T>(x, "X");  // throws
    }
    require(rows_.cols == cols,
            "X has " + std::to_string(rows_.cols) + " columns, expected " + std::to_string(cols));
  }

  // An array whose rows these are.
  InputRows(py::object array, const MatrixView<const T>& rows)
      : owner_(std::move(array)), rows_(rows) {}

  const SampleRows<T>& rows() const { return rows_; }
  // Keeps the memory of an array where it is while this exists.
  void hold() {
    if (py::isinstance<py::array>(owner_)) {
      lease_.emplace(py::reinterpret_borrow<py::array>(owner_));
    }
  }

 private:
  py::object owner_;
  SampleRows<T> rows_;
  std::optional<MemoryLease> lease_;
};

}  // namespace fastmlp::bindings
