// One function per concept; module.cpp calls them in the order of their dependence.
#pragma once

#include <pybind11/pybind11.h>

namespace fastmlp::bindings {

namespace py = pybind11;

void bind_field_info(py::module_& m);
void bind_activations(py::module_& m);
void bind_losses(py::module_& m);
void bind_initializers(py::module_& m);
void bind_layers(py::module_& m);
void bind_schedules(py::module_& m);
void bind_optimizers(py::module_& m);
void bind_checks(py::module_& m);
void bind_lock(py::module_& m);
void bind_threads(py::module_& m);
void bind_networks(py::module_& float32, py::module_& float64);
void bind_trainers(py::module_& float32, py::module_& float64);
void bind_minimize(py::module_& float32, py::module_& float64);

}  // namespace fastmlp::bindings
