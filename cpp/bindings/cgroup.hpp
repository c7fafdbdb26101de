// The share of processor time that Linux' control groups leave to this process.
#pragma once

#include <string>

namespace fastmlp::bindings {

// Processors' worth of time, rounded up: the smallest_limit quota of the process's groups and of
// those they lie in; 0 where there is none. `root` is where control groups are mounted,
// `membership` the text of /proc/self/cgroup. Files that are missing or make no sense limit
// nothing.
int cgroup_cpu_limit(const std::string& root, const std::string& membership);

}  // namespace fastmlp::bindings
