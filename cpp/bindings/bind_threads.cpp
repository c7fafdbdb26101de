#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "bindings.hpp"
#include "cgroup.hpp"
#include "fastmlp/base/tuning.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// 0: not set by the user.
std::atomic<int>& requested_threads() {
  static std::atomic<int> requested{0};
  return requested;
}

// The limit that `fm.threads` sets for the present Python context.
PyObject* limit_variable() {
  static PyObject* const variable = PyContextVar_New("fastmlp.threads", nullptr);
  if (!variable) throw py::error_already_set();
  return variable;
}

// 0: none. With the GIL.
int context_threads() {
  PyObject* value = nullptr;
  if (PyContextVar_Get(limit_variable(), nullptr, &value) != 0) throw py::error_already_set();
  return value ? py::reinterpret_steal<py::object>(value).cast<int>() : 0;
}

// 0: off. Otherwise the number of threads of every call, regardless of its size and of the machine:
// for tests of many threads on few cores.
std::atomic<int>& forced_threads() {
  static std::atomic<int> forced{0};
  return forced;
}

// A function without arguments: whether the calling thread is one of several that work at once.
py::object& worker_check() {
  static auto* const check = new py::object(py::none());  // never destroyed: Python ends earlier
  return *check;
}

int affinity_threads() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Measured by the first call that they may matter to; of several at once the first to end counts.
// No static constant, because a child could be forked while that is made.
const TeamCosts& team_costs() {
  static std::atomic<const TeamCosts*> costs{nullptr};
  if (!costs.load()) {
    const TeamCosts* none = nullptr;
    auto measured = std::make_unique<TeamCosts>(measure_team_costs());
    if (costs.compare_exchange_strong(none, measured.get())) (void)measured.release();
  }
  return *costs.load();
}

int quota_threads() {
  static const int threads = [] {
    std::ostringstream membership;
    membership << std::ifstream("/proc/self/cgroup").rdbuf();
    return cgroup_cpu_limit("/sys/fs/cgroup", membership.str());
  }();
  return threads;
}

}  // namespace

int available_threads() {
  int threads = openmp_threads();
  const int in_context = context_threads();
  int requested = in_context > 0 ? in_context : requested_threads().load();
  if (requested == 0 && threads > 1 && !worker_check().is_none()) {
    requested = call_function(worker_check()).cast<bool>() ? 1 : 0;
  }
  for (const int limit : {affinity_threads(), quota_threads(), requested}) {
    if (limit > 0) threads = std::min(threads, limit);
  }
  return std::max(threads, 1);
}

bool threads_are_forced() { return forced_threads() > 0; }

int threads_for(const Work& work) {
  if (const int forced = forced_threads()) return forced;
  if (!may_pay(work)) return 1;
  const int available = available_threads();
  return available > 1 ? paying_threads(work, team_costs(), available) : 1;
}

void run(const Work& work, const TeamWork& body) { run(work, body, check_signals, false); }

void run(const Work& work, const TeamWork& body, const InterruptCheck& check, bool waits) {
  const int threads = threads_for(work);
  std::optional<GilRelease> release;
  // Other threads may need it, for functions of the user.
  if (waits || threads > 1 || releases_gil(work)) release.emplace();
  with_team(threads, check, body);
}

void run_alone(const TeamWork& body, const Work& work) {
  std::optional<GilRelease> release;
  if (releases_gil(work)) release.emplace();
  with_team(1, check_signals, body);
}

void bind_threads(py::module_& m) {
  m.def("set_num_threads", [](int threads) { requested_threads() = threads; }, py::arg("threads"));
  m.def("get_num_threads", &available_threads);
  m.def(
      "set_worker_check", [](py::function check) { worker_check() = std::move(check); },
      py::arg("check"), "Where check() is True and no number is set, calls have one thread.");
  m.attr("thread_limit") = py::reinterpret_borrow<py::object>(limit_variable());
  m.def(
      "force_num_threads", [](int threads) { forced_threads() = threads; }, py::arg("threads"),
      "Give every call this number of threads, regardless of its size and the machine; 0 ends it.");
  m.def("cgroup_cpu_limit", &cgroup_cpu_limit, py::arg("root"), py::arg("membership"),
        "Number of processors by quota, 0 for no limit: root as /sys/fs/cgroup, membership as "
        "the text of /proc/self/cgroup.");
}

}  // namespace fastmlp::bindings
