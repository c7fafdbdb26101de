// Interface to NumPy: arrays of exactly the right dtype in C order, read and written in place.
// Everything else is converted in Python (fastmlp/_data/arrays.py); shapes are checked again here,
// so that no call can corrupt memory.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cmath>
#include <string>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/train/dataset.hpp"

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

// Index of the first class that is not in [0, classes), -1 where there is none.
inline Index first_outside(const std::int64_t* y, Index n, Index classes) {
  const auto is_outside = [=](std::int64_t c) { return c < 0 || c >= classes; };
  const std::int64_t* found = std::find_if(y, y + n, is_outside);
  return found == y + n ? -1 : found - y;
}

// X, targets and weights as the core reads them. Targets are (n, n_out) or (n,) class indices.
template <class T>
Dataset<T> make_data(const Array<T>& x, const py::object& targets, const py::object& weights,
                     const Network<T>& network, const Loss& loss) {
  const Index inputs = network.plan().inputs();
  const Index outputs = target_columns(loss, network.plan().outputs());
  Dataset<T> data;
  data.x = rows_of(x, inputs, "X");
  const Index n = data.x.rows;
  if (py::isinstance<Array<std::int64_t>>(targets)) {
    data.classes = vector_of(targets.cast<Array<std::int64_t>>(), n, "y").data();
    const Index bad = first_outside(data.classes, n, outputs);
    if (bad >= 0) {
      throw py::value_error("y: class " + std::to_string(data.classes[bad]) + " in row " +
                            std::to_string(bad) + ", expected 0 to " + std::to_string(outputs - 1));
    }
  } else {
    data.y = rows_of(targets.cast<Array<T>>(), outputs, "y");
    if (data.y.rows != n) {
      throw py::value_error("y has " + std::to_string(data.y.rows) + " rows, expected " +
                            std::to_string(n) + ", as X has");
    }
  }
  if (!weights.is_none()) {
    data.weights = vector_of(weights.cast<Array<T>>(), n, "sample_weight").data();
  }
  return data;
}

// Runs Python's signal handlers; called from native loops that hold no GIL.
inline void check_signals() {
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace fastmlp::bindings
