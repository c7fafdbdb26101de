#include <fstream>
#include <sstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "bindings.hpp"
#include "cgroup.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// Measured: a round is worth its barriers from about 600 000 operations on; to start and join
// threads takes the time of about ten million, more on a busy machine.
constexpr double kLeastPerRound = 6e5;
constexpr double kLeastPerCall = 1e8;

// 0: not set by the user.
std::atomic<int>& wanted_threads() {
  static std::atomic<int> wanted{0};
  return wanted;
}

// 0: off. Else the threads of every call, whatever its size and the machine's: for tests of many
// threads on few cores.
std::atomic<int>& forced_threads() {
  static std::atomic<int> forced{0};
  return forced;
}

int affinity_threads() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
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
  for (const int limit : {affinity_threads(), quota_threads(), wanted_threads().load()}) {
    if (limit > 0) threads = std::min(threads, limit);
  }
  return std::max(threads, 1);
}

bool threads_are_forced() { return forced_threads() > 0; }

int threads_for(const Work& work) {
  if (const int forced = forced_threads()) return forced;
  const bool pays = work.operations_per_round >= kLeastPerRound &&
                    work.operations_per_round * work.rounds >= kLeastPerCall;
  return pays ? available_threads() : 1;
}

void bind_threads(py::module_& m) {
  m.def("set_num_threads", [](int threads) { wanted_threads() = threads; }, py::arg("threads"));
  m.def("get_num_threads", &available_threads);
  m.def(
      "force_num_threads", [](int threads) { forced_threads() = threads; }, py::arg("threads"),
      "Give every call this many threads, whatever its size and the machine's; 0 ends it.");
  m.def("control_group_threads", &cgroup_cpu_limit, py::arg("root"), py::arg("membership"),
        "Processors' worth of time by quota, 0 for no limit: root as /sys/fs/cgroup, membership as "
        "the text of /proc/self/cgroup.");
}

}  // namespace fastmlp::bindings
