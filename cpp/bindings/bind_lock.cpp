#include <atomic>
#include <stdexcept>

#include "bindings.hpp"

namespace fastmlp::bindings {
namespace {

// Held by a call that trains; another call meanwhile raises instead of waiting. Native, because
// Python can be interrupted inside a context manager written in Python, which would then never be
// released.
class TrainingLock {
 public:
  void enter() {
    if (taken_.exchange(true)) {
      throw std::runtime_error("fit: this network is being trained by another call");
    }
  }
  void leave() { taken_ = false; }

 private:
  std::atomic<bool> taken_{false};
};

}  // namespace

void bind_lock(py::module_& m) {
  py::class_<TrainingLock>(m, "TrainingLock", "Held by a call that trains a network.")
      .def(py::init<>())
      .def("__enter__", &TrainingLock::enter)
      .def("__exit__", [](TrainingLock& self, const py::object&, const py::object&,
                          const py::object&) { self.leave(); });
}

}  // namespace fastmlp::bindings
