// Arrays that native code reads in place while other threads may run Python.
#pragma once

#include <pybind11/numpy.h>

namespace fastmlp::bindings {

namespace py = pybind11;

// Keeps the memory of an array where it is: NumPy does not resize an array that has a weak
// reference, and Python does not resize or close the owner of an exported buffer. Its values may
// change meanwhile. Made and destroyed with the GIL.
class MemoryLease {
 public:
  explicit MemoryLease(py::array array) : owner_(std::move(array)) {
    if (!owner_) return;
    py::handle base = base_of(owner_);
    for (; base && py::isinstance<py::array>(base); base = base_of(owner_)) {
      owner_ = py::reinterpret_borrow<py::object>(base);
    }
    reference_ = py::reinterpret_steal<py::object>(PyWeakref_NewRef(owner_.ptr(), nullptr));
    if (!reference_) throw py::error_already_set();
    if (!base || !PyObject_CheckBuffer(base.ptr())) return;
    if (PyObject_GetBuffer(base.ptr(), &buffer_, PyBUF_FULL_RO) != 0) throw py::error_already_set();
  }
  ~MemoryLease() {
    if (buffer_.obj) PyBuffer_Release(&buffer_);
  }
  MemoryLease(const MemoryLease&) = delete;
  MemoryLease& operator=(const MemoryLease&) = delete;

 private:
  static py::handle base_of(const py::object& array) {
    return py::detail::array_proxy(array.ptr())->base;
  }

  py::object owner_;  // the array that owns the memory, or the last one before another owner
  py::object reference_;
  Py_buffer buffer_{};
};

}  // namespace fastmlp::bindings
