// Members of a family called from Python on arrays of any shape.
#pragma once

#include "fastmlp/kernels/transpose.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// Calls f with `value` as a C-ordered array: float32 as it is, any other real numbers as float64.
// Reading and refusing is Python's affair, in one place for all arrays.
template <class F>
py::array for_dtype(const char* where, const py::object& value, F&& f) {
  const py::module_ arrays = py::module_::import("fastmlp.arrays");
  const py::array array = arrays.attr("read")(value, "array", where);
  const bool single = array.dtype().kind() == 'f' && array.dtype().itemsize() == sizeof(float);
  const auto converted = [&](const py::dtype& dtype) {
    return py::array(arrays.attr("convert")(array, dtype, "array", where));
  };
  if (single) return f(Array<float>(converted(py::dtype::of<float>())));
  return f(Array<double>(converted(py::dtype::of<double>())));
}

// The last axis of an array as columns: entry i of every sample in row i.
template <class T>
Matrix<T> copy_columns(const Array<T>& a) {
  const Index rows = a.ndim() == 0 ? 1 : a.shape(a.ndim() - 1);
  const Index samples = rows == 0 ? 0 : a.size() / rows;
  Matrix<T> matrix(rows, samples);
  const MatrixView<T> block = matrix.view();
  transpose(samples, rows, a.data(), rows, block.data, block.stride);
  return matrix;
}

// The columns as an array of the shape of `like`.
template <class T>
py::array copy_array(const Matrix<T>& matrix, const Array<T>& like) {
  Array<T> out(std::vector<py::ssize_t>(like.shape(), like.shape() + like.ndim()));
  const MatrixView<const T> block = matrix.view();
  transpose(block.rows, block.cols, block.data, block.stride, out.mutable_data(), block.rows);
  return out;
}

}  // namespace fastmlp::bindings
