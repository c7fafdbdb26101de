// What was meant by a name that is not known; fastmlp/_data/near_names.py knows.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace fastmlp::bindings {

namespace py = pybind11;

// The end of a message: "; did you mean 'silu'?", or nothing.
inline std::string near_name(const std::string& name, const py::object& known) {
  const py::object hint = py::module_::import("fastmlp._data.near_names").attr("hint");
  return py::str(hint(name, known));
}

}  // namespace fastmlp::bindings
