// NumPy's arrays of exactly the right dtype in C order, which are read and written in place.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "fastmlp/kernels/matrix.hpp"

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
Array<T> vector_of(Array<T> array, Index n, const char* name) {
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

}  // namespace fastmlp::bindings
