// One function per concept; module.cpp calls them in the order of their dependence.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace fastmlp::bindings {

namespace py = pybind11;

// Binds a class whose objects are made by their constructor alone. pybind11 would give those of
// `cls.__new__(cls)`, and of pickles without a state, memory that nothing has initialised.
template <class C, class... Options>
py::class_<C, Options...> bind_class(py::handle scope, const char* name, const char* doc) {
  py::class_<C, Options...> cls(scope, name, doc);
  py::detail::get_type_info(typeid(C), true)->operator_new = [](std::size_t) -> void* {
    const auto class_name = py::type::of<C>().attr("__name__").template cast<std::string>();
    throw py::type_error(class_name + ": the object was made by __new__ and is not initialised, " +
                         "expected one made by " + class_name + "(...)");
  };
  return cls;
}

// The same for a class without a state to copy or pickle; Python would make objects of it by
// __new__ alone.
template <class C, class... Options>
py::class_<C, Options...> bind_resource(py::handle scope, const char* name, const char* doc) {
  auto cls = bind_class<C, Options...>(scope, name, doc);
  cls.def("__reduce__", [name = std::string(name)](const py::object&) -> py::object {
    throw py::type_error(name + ": objects of the compiled core cannot be copied or pickled");
  });
  return cls;
}

void bind_field_info(py::module_& m);
void bind_member(py::module_& m);
void bind_activations(py::module_& m);
void bind_losses(py::module_& m);
void bind_initializers(py::module_& m);
void bind_layers(py::module_& m);
void bind_schedules(py::module_& m);
void bind_optimizers(py::module_& m);
void bind_line_searches(py::module_& m);
void bind_methods(py::module_& m);
void bind_checks(py::module_& m);
void bind_lock(py::module_& m);
void bind_memory(py::module_& m);
void bind_metrics(py::module_& m, py::module_& float32, py::module_& float64);
void bind_orders(py::module_& m);
void bind_threads(py::module_& m);
void bind_samples(py::module_& float32, py::module_& float64);
void bind_networks(py::module_& float32, py::module_& float64);
void bind_predictions(py::module_& float32, py::module_& float64);
void bind_steps(py::module_& float32, py::module_& float64);
void bind_compiled(py::module_& float32, py::module_& float64);
void bind_evaluations(py::module_& float32, py::module_& float64);
void bind_trainers(py::module_& float32, py::module_& float64);
void bind_fits(py::module_& float32, py::module_& float64);
void bind_curvatures(py::module_& float32, py::module_& float64);
void bind_diagnoses(py::module_& float32, py::module_& float64);
void bind_minimize(py::module_& float32, py::module_& float64);

}  // namespace fastmlp::bindings
