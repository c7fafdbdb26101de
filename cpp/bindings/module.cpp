// The table of contents of the compiled module.
#include "bindings.hpp"
#include "fastmlp/base/error.hpp"

PYBIND11_MODULE(FASTMLP_MODULE, m) {
  using namespace fastmlp::bindings;
  namespace py = pybind11;
  m.attr("__name__") =
      "fastmlp._core";  // in every build, because pickles and stubs name the package
  m.doc() = "The compiled core of fastmlp.";
  // NOLINTNEXTLINE(performance-unnecessary-value-param): a pointer to such a function is wanted
  // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is pybind11's
  py::register_local_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const fastmlp::InvalidArgument& failure) {
      const auto validation = py::module_::import("fastmlp._data.validation");
      py::set_error(validation.attr("InvalidValue"), failure.what());
    } catch (const std::bad_alloc&) {
      py::set_error(PyExc_MemoryError,
                    "there is not enough memory for a network or batch of this size");
    } catch (const py::cast_error& failure) {
      py::set_error(PyExc_TypeError, failure.what());
    }
  });
  bind_field_info(m);
  bind_member(m);
  bind_activations(m);
  bind_losses(m);
  bind_initializers(m);
  bind_layers(m);
  bind_schedules(m);
  bind_optimizers(m);
  bind_line_searches(m);
  bind_methods(m);
  bind_checks(m);
  bind_lock(m);
  bind_memory(m);
  bind_orders(m);
  bind_threads(m);
  auto float32 = m.def_submodule("float32", "Networks and trainers in single precision.");
  auto float64 = m.def_submodule("float64", "Networks and trainers in double precision.");
  bind_samples(float32, float64);
  bind_networks(float32, float64);
  bind_metrics(m, float32, float64);
  bind_predictions(float32, float64);
  bind_steps(float32, float64);
  bind_compiled(float32, float64);
  bind_evaluations(float32, float64);
  bind_trainers(float32, float64);
  bind_fits(float32, float64);
  bind_curvatures(float32, float64);
  bind_diagnoses(float32, float64);
  bind_minimize(float32, float64);
}
