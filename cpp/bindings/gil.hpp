// Python's global interpreter lock (GIL), taken and released so that the end of the interpreter
// finds every thread in order.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

#include "fastmlp/base/subnormals.hpp"

#if defined(__GLIBCXX__)
#include <cxxabi.h>
#endif

namespace fastmlp::bindings {

namespace py = pybind11;

// Calls f, a function of Python's C API that takes the GIL or runs Python code. Until Python 3.13 a
// thread that takes the GIL of an ended interpreter is unwound. It is kept here instead, because
// destructors on its stack need the GIL and threads of its team use the stack; the process ends it.
template <class F>
auto call_python(F&& f) -> decltype(f()) {
#if defined(__GLIBCXX__)
  try {
    return f();
  } catch (const abi::__forced_unwind&) {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
#else
  return f();
#endif
}

// f(arguments...), for functions that run code of the user, in the floating-point mode of the
// program.
template <class... Arguments>
py::object call_function(const py::object& f, const Arguments&... arguments) {
  const FlushSubnormals::Pause pause;
  PyObject* const returned = call_python(
      [&] { return PyObject_CallFunctionObjArgs(f.ptr(), arguments.ptr()..., nullptr); });
  if (!returned) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(returned);
}

// Releases the GIL for the lifetime of the object.
class GilRelease {
 public:
  GilRelease() = default;
  ~GilRelease() {
    call_python([this] { PyEval_RestoreThread(state_); });
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* const state_ = PyEval_SaveThread();
};

// Takes the GIL, which this thread may have, for the lifetime of the object.
class GilAcquire {
 public:
  GilAcquire() = default;
  ~GilAcquire() { PyGILState_Release(state_); }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  const PyGILState_STATE state_ = call_python([] { return PyGILState_Ensure(); });
};

// Runs Python's signal handlers; called from native loops.
inline void check_signals() {
  const FlushSubnormals::Pause pause;
  const GilAcquire gil;
  if (call_python(PyErr_CheckSignals) != 0) throw py::error_already_set();
}

}  // namespace fastmlp::bindings
