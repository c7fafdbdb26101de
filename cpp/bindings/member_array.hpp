// Members of a family called from Python on arrays of any shape.
#pragma once

#include "fastmlp/base/tuning.hpp"
#include "fastmlp/kernels/transpose.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {

// What a function of arrays in Python makes of the arguments. Python converts and validates, so
// that all arrays are read in one place.
template <class... Arguments>
py::array read_array(const char* where, const char* function, const Arguments&... arguments) {
  const py::object prefix = py::module_::import("fastmlp._data.validation").attr("error_prefix");
  const py::object read = py::module_::import("fastmlp._data.arrays").attr(function);
  return call_function(prefix(where)(read), arguments...);
}

// Calls f with `value` as a C-ordered array: float32 as it is, any other real numbers as float64.
template <class F>
auto for_dtype(const char* where, const char* name, const py::object& value, F&& f) {
  const py::array array = read_array(where, "as_float_array", value, py::str(name));
  if (array.itemsize() == sizeof(float)) return f(Array<float>(array));
  return f(Array<double>(array));
}

// The text of array.round(4).tolist(), for examples.
inline std::string rounded_text(const py::array& array) {
  return py::str(py::repr(array.attr("round")(4).attr("tolist")()));
}

// An array as samples along its last axis, or of one entry each, read in place.
template <class T>
class SampleArray {
 public:
  explicit SampleArray(const Array<T>& a, bool single_entries = false)
      : lease_(a),
        data_(a.data()),
        rows_(a.ndim() == 0 || single_entries ? 1 : a.shape(a.ndim() - 1)),
        size_(rows_ == 0 ? 0 : a.size() / rows_) {}

  Index rows() const { return rows_; }  // entries of a sample
  Index size() const { return size_; }
  // Some samples as columns: entry i of every sample in row i.
  Matrix<T> columns(Range samples) const {
    Matrix<T> matrix(rows_, samples.size());
    const MatrixView<T> view = matrix.view();
    transpose(samples.size(), rows_, data_ + samples.begin * rows_, rows_, view.data, view.stride);
    return matrix;
  }

 private:
  MemoryLease lease_;
  const T* data_;
  Index rows_, size_;
};

// body(samples) for all samples, some at a time, without the GIL. Subnormal numbers are exact here,
// because these functions are references.
template <class T, class F>
void for_samples(const SampleArray<T>& array, F&& body) {
  const Index width =
      std::max<Index>(kLanes<T>, kMemberElements / std::max<Index>(array.rows(), 1));
  const GilRelease release;
  ThreadTeam team(check_signals);
  for (Index i = 0; i < ceil_div(array.size(), width); ++i) {
    const Range samples = tile(i, width, array.size());
    body(samples);
    team.poll_interrupt(kMemberOperations * static_cast<double>(samples.size() * array.rows()));
  }
}

// Columns as samples from `first` on in the memory of an array.
template <class T>
void write_samples(const MatrixView<const T>& columns, Index first, T* array) {
  transpose(columns.rows, columns.cols, columns.data, columns.stride, array + first * columns.rows,
            columns.rows);
}

// A new array of the shape of another one.
template <class T>
Array<T> array_like(const Array<T>& a) {
  return Array<T>(std::vector<py::ssize_t>(a.shape(), a.shape() + a.ndim()));
}

}  // namespace fastmlp::bindings
