#include <pybind11/pybind11.h>

#include "level.hpp"

PYBIND11_MODULE(_cpu, m) {
  m.doc() = "What this processor can run.";
  m.def("level", &fastmlp::cpu_level,
        "The x86-64 level of this processor, 1 to 4; 0 where it is of another kind.");
}
