// Members of a family called from Python on arrays of any shape.
#pragma once

#include "fastmlp/kernels/matrix.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// Calls f with `value` as a C-ordered array: float32 as it is, any other real numbers as float64.
template <class F>
py::array for_dtype(const char* where, const py::object& value, F&& f) {
  const py::array array = py::array::ensure(value);
  if (!array) throw py::error_already_set();
  const char kind = array.dtype().kind();
  if (kind != 'f' && kind != 'i' && kind != 'u' && kind != 'b') {
    throw py::type_error(std::string(where) + ": the array has dtype " +
                         std::string(py::str(py::object(array.dtype()))) +
                         ", expected real numbers");
  }
  if (array.dtype().is(py::dtype::of<float>())) return f(Array<float>::ensure(array));
  const py::array doubles =
      py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(array);
  return f(Array<double>::ensure(doubles));
}

// The last axis of an array as padded rows.
template <class T>
Matrix<T> copy_rows(const Array<T>& a) {
  const Index cols = a.ndim() == 0 ? 1 : a.shape(a.ndim() - 1);
  const Index rows = cols == 0 ? 0 : a.size() / cols;
  Matrix<T> matrix(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    std::copy_n(a.data() + i * cols, cols, matrix.block().row(i));
  }
  return matrix;
}

// The rows as an array of the shape of `like`.
template <class T>
py::array copy_array(const Matrix<T>& matrix, const Array<T>& like) {
  Array<T> out(std::vector<py::ssize_t>(like.shape(), like.shape() + like.ndim()));
  const Block<const T> block = matrix.block();
  for (Index i = 0; i < block.rows; ++i) {
    std::copy_n(block.row(i), block.cols, out.mutable_data() + i * block.cols);
  }
  return out;
}

}  // namespace fastmlp::bindings
