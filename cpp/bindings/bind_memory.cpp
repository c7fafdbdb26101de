#include "bindings.hpp"
#include "memory_lease.hpp"

namespace fastmlp::bindings {

void bind_memory(py::module_& m) {
  bind_resource<MemoryLease>(
      m, "MemoryLease", "Keeps the memory of an array where it is: NumPy refuses to resize it.")
      .def(py::init([](const py::array& array) { return std::make_unique<MemoryLease>(array); }),
           py::arg("array").noconvert());
}

}  // namespace fastmlp::bindings
