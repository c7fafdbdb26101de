#include <fstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "bindings.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// Measured: a round is worth its barriers from about a million operations on; to start and join
// threads takes the time of about ten million, more on a busy machine.
constexpr double kLeastPerRound = 1e6;
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

// quota / period of processor time, rounded up; 0 where there is no limit.
int quota_threads(double quota, double period) {
  return quota > 0 && period > 0 ? static_cast<int>(std::ceil(quota / period)) : 0;
}

// Version 2 has "max 100000" or "200000 100000" in one file, version 1 a file each.
int read_control_group() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period) return quota == "max" ? 0 : quota_threads(std::stod(quota), period);
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double microseconds = 0;
  if (v1_quota >> microseconds && v1_period >> period) return quota_threads(microseconds, period);
  return 0;
}

int control_group_threads() {
  static const int threads = read_control_group();
  return threads;
}

}  // namespace

int available_threads() {
  int threads = openmp_threads();
  for (const int limit : {affinity_threads(), control_group_threads(), wanted_threads().load()}) {
    if (limit > 0) threads = std::min(threads, limit);
  }
  return std::max(threads, 1);
}

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
}

}  // namespace fastmlp::bindings
