// Interface to NumPy: arrays of exactly the right dtype in C order, read and written in place.
// Everything else is converted in Python (fastmlp/_data/arrays.py); shapes are checked again here,
// so that no call can corrupt memory.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cmath>
#include <optional>
#include <string>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/train/dataset.hpp"
#include "memory_lease.hpp"

namespace fastmlp::bindings {

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style>;

inline std::string shape_text(const py::array& array) {
  return py::str(py::tuple(array.attr("shape")));
}

// A view of an (n, cols) array.
template <class T>
MatrixView<const T> rows_of(const Array<T>& array, Index cols, const char* name) {
  if (array.ndim() != 2 || array.shape(1) != cols) {
    throw py::value_error(std::string(name) + " has shape " + shape_text(array) +
                          ", expected (n, " + std::to_string(cols) + ")");
  }
  return {array.data(), array.shape(0), cols, cols};
}

// A new (rows, cols) array and a view of it.
template <class T>
std::pair<Array<T>, MatrixView<T>> new_rows(Index rows, Index cols) {
  Array<T> array({rows, cols});
  return {array, {array.mutable_data(), rows, cols, cols}};
}

// A vector of exactly n entries.
template <class T>
const Array<T>& vector_of(const Array<T>& array, Index n, const char* name) {
  if (array.ndim() != 1 || array.shape(0) != n) {
    throw py::value_error(std::string(name) + " has shape " + shape_text(array) + ", expected (" +
                          std::to_string(n) + ",)");
  }
  return array;
}

// An array of exactly this dtype in C order: conversions are made in Python.
template <class T>
Array<T> exact_array(const py::object& value, const char* name) {
  if (!py::isinstance<Array<T>>(value)) {
    throw py::type_error(std::string(name) + " is of type " + Py_TYPE(value.ptr())->tp_name +
                         ", expected an array of " + std::string(py::str(py::dtype::of<T>())) +
                         " in C order");
  }
  return py::reinterpret_borrow<Array<T>>(value);
}

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

// X as the core reads it: an array, or an object of the class SparseMatrix, which this keeps.
template <class T>
class InputRows {
 public:
  InputRows(const py::object& x, Index cols) : owner_(x) {
    if (!py::isinstance<Array<T>>(x) && py::isinstance<SparseMatrix<T>>(x)) {
      rows_ = x.cast<const SparseMatrix<T>&>().rows();
      require(rows_.cols == cols,
              "X has " + std::to_string(rows_.cols) + " columns, expected " + std::to_string(cols));
    } else {
      rows_ = rows_of(exact_array<T>(x, "X"), cols, "X");
    }
  }

  const SampleRows<T>& rows() const { return rows_; }
  // Keeps the memory of an array where it is while this exists.
  void hold() {
    if (!rows_.is_sparse()) lease_.emplace(py::reinterpret_borrow<py::array>(owner_));
  }

 private:
  py::object owner_;
  SampleRows<T> rows_;
  std::optional<MemoryLease> lease_;
};

// The steps of n sequences, or nullptr where there are none.
inline const std::int64_t* lengths_of(const py::object& lengths, Index n) {
  if (lengths.is_none()) return nullptr;
  return vector_of(exact_array<std::int64_t>(lengths, "lengths"), n, "lengths").data();
}

// X, targets and weights as the core reads them, in memory that stays in place while this exists.
// Targets are (n, n_out), or class indices (n,) or (n, groups); in a tuple with the factors (n,
// n_terms) of their terms where these differ.
template <class T>
class LeasedDataset {
 public:
  LeasedDataset(const py::object& x, const py::object& given, const py::object& weights,
                const py::object& lengths, const Network<T>& network, const Loss& loss)
      : x_(x, network.plan().inputs()),
        targets_(targets_of(member_of(given, 0))),
        weights_(weights_of(weights)),
        lengths_(lengths) {
    const py::object targets = member_of(given, 0);
    x_.hold();
    data_.x = x_.rows();
    const Index n = data_.x.rows;
    if (py::isinstance<Array<std::int64_t>>(targets)) {
      Array<std::int64_t> classes(targets);
      const Index outputs = network.plan().outputs();
      data_.groups = outputs / group_units(network.plan().output(), outputs);
      data_.classes =
          vector_of(Array<std::int64_t>(classes.reshape({classes.size()})), n * data_.groups, "y")
              .data();
    } else {
      data_.y = rows_of(Array<T>(targets), target_columns(loss, network.plan().outputs()), "y");
      if (data_.y.rows != n) {
        throw py::value_error("y has " + std::to_string(data_.y.rows) + " rows, expected " +
                              std::to_string(n) + ", as X has");
      }
    }
    data_.lengths = lengths_of(lengths, n);
    if (!targets.is(given)) {
      terms_ = exact_array<T>(member_of(given, 1), "terms");
      data_.terms = rows_of(terms_, n_terms(network), "terms");
      require(data_.terms.rows == n, "the terms of y are not those of X");
    }
    if (weights.is_none()) return;
    data_.weights = vector_of(Array<T>(weights), n, "sample_weight").data();
  }

  const Dataset<T>& data() const { return data_; }

 private:
  static py::object member_of(const py::object& given, int index) {
    return py::isinstance<py::tuple>(given) ? py::object(given[py::int_(index)]) : given;
  }
  // Groups of classes, or the targets themselves.
  Index n_terms(const Network<T>& network) const {
    const Index outputs = network.plan().outputs();
    const Index classes = group_units(network.plan().output(), outputs);
    return couples_units(network.plan().output()) ? outputs / classes : data_.y.cols;
  }
  static py::array targets_of(const py::object& targets) {
    if (py::isinstance<Array<std::int64_t>>(targets)) return Array<std::int64_t>(targets);
    return exact_array<T>(targets, "y");
  }
  static py::array weights_of(const py::object& weights) {
    if (weights.is_none()) return py::reinterpret_steal<py::array>(nullptr);
    return exact_array<T>(weights, "sample_weight");
  }

  InputRows<T> x_;
  MemoryLease targets_, weights_;
  py::object lengths_;  // made by this package, so that nobody resizes it
  Array<T> terms_;      // the same
  Dataset<T> data_;
};

}  // namespace fastmlp::bindings
