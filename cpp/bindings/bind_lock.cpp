#include <atomic>
#include <stdexcept>
#include <thread>

#include "bindings.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace fastmlp::bindings {
namespace {

// Of the present process: a forked child has of all threads only the one that forked.
struct ForkState {
  unsigned long forks = 0;
  std::thread::id survivor;
};

ForkState& fork_state() {
  static ForkState state;
  return state;
}

// Held by a call that trains; another call meanwhile raises instead of waiting. Native, because
// Python can be interrupted inside a context manager written in Python, which would then never be
// released. Safe without the GIL: of several threads that find it free, one gets it.
class TrainingLock {
 public:
  void enter() {
    const unsigned long now = fork_state().forks + 1;
    unsigned long since = taken_since_;
    if (is_held(since, now) || !taken_since_.compare_exchange_strong(since, now)) {
      throw std::runtime_error("fit: this network is being trained by another call");
    }
    holder_ = std::this_thread::get_id();
  }
  void leave() { taken_since_ = 0; }

 private:
  // A lock that came with a fork is free unless its holder came too.
  bool is_held(unsigned long since, unsigned long now) const {
    return since == now || (since != 0 && holder_.load() == fork_state().survivor);
  }

  std::atomic<unsigned long> taken_since_{0};  // 0: free, else 1 + the number of forks before
  std::atomic<std::thread::id> holder_{};
};

}  // namespace

void bind_lock(py::module_& m) {
#if defined(__unix__) || defined(__APPLE__)
  fork_state();
  pthread_atfork(nullptr, nullptr, [] {
    ++fork_state().forks;
    fork_state().survivor = std::this_thread::get_id();
  });
#endif
  bind_resource<TrainingLock>(m, "TrainingLock", "Held by a call that trains a network.")
      .def(py::init<>())
      .def("__enter__", &TrainingLock::enter)
      .def("__exit__", [](TrainingLock& self, const py::object&, const py::object&,
                          const py::object&) { self.leave(); });
}

}  // namespace fastmlp::bindings
