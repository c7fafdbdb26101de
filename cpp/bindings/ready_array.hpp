// Arrays that need no conversion, found by a few comparisons.
#pragma once

#include "arrays.hpp"

namespace fastmlp::bindings {

using py::detail::npy_api;
using py::detail::PyArray_Proxy;

// Of numbers that lie in C order, aligned.
constexpr int kReadyFlags = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_;

template <class T>
const py::dtype& dtype_of() {
  static const auto* const dtype = new py::dtype(py::dtype::of<T>());  // Python ends earlier
  return *dtype;
}

// What NumPy says of an object of the class ndarray itself, else nullptr.
inline const PyArray_Proxy* plain_array(py::handle value) {
  return Py_TYPE(value.ptr()) == npy_api::get().PyArray_Type_ ? py::detail::array_proxy(value.ptr())
                                                              : nullptr;
}

template <class T>
bool has_dtype(const PyArray_Proxy& array) {
  return array.descr == dtype_of<T>().ptr() ||
         npy_api::get().PyArray_EquivTypes_(array.descr, dtype_of<T>().ptr());
}

// The same of an ndarray whose numbers can be read in place, else nullptr.
template <class T>
const PyArray_Proxy* ready_array(py::handle value) {
  const PyArray_Proxy* array = plain_array(value);
  return array && (array->flags & kReadyFlags) == kReadyFlags && has_dtype<T>(*array) ? array
                                                                                      : nullptr;
}

}  // namespace fastmlp::bindings
