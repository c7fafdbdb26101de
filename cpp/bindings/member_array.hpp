// Members of a family called from Python on arrays of any shape.
#pragma once

#include "fastmlp/kernels/transpose.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// Calls f with `value` as a C-ordered array: float32 as it is, any other real numbers as float64.
// Python converts and validates, so that all arrays are read in one place.
template <class F>
auto for_dtype(const char* where, const char* name, const py::object& value, F&& f) {
  const py::object prefix = py::module_::import("fastmlp._data.validation").attr("error_prefix");
  const py::object read = py::module_::import("fastmlp._data.arrays").attr("as_float_array");
  const py::array array = prefix(where)(read)(value, name);
  if (array.itemsize() == sizeof(float)) return f(Array<float>(array));
  return f(Array<double>(array));
}

// The text of array.round(4).tolist(), for examples.
inline std::string rounded_text(const py::array& array) {
  return py::str(py::repr(array.attr("round")(4).attr("tolist")()));
}

// The last axis of an array as columns: entry i of every sample in row i.
template <class T>
Matrix<T> copy_columns(const Array<T>& a) {
  const Index rows = a.ndim() == 0 ? 1 : a.shape(a.ndim() - 1);
  const Index samples = rows == 0 ? 0 : a.size() / rows;
  Matrix<T> matrix(rows, samples);
  const MatrixView<T> view = matrix.view();
  transpose(samples, rows, a.data(), rows, view.data, view.stride);
  return matrix;
}

// The columns as an array of the shape of `like`.
template <class T>
py::array copy_array(const Matrix<T>& matrix, const Array<T>& like) {
  Array<T> out(std::vector<py::ssize_t>(like.shape(), like.shape() + like.ndim()));
  const MatrixView<const T> view = matrix.view();
  transpose(view.rows, view.cols, view.data, view.stride, out.mutable_data(), view.rows);
  return out;
}

}  // namespace fastmlp::bindings
