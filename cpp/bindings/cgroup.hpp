// CPU limit of the process by Linux control groups.
#pragma once

#include <string>

namespace fastmlp::bindings {

// CPUs, rounded up: the smallest quota of the process's groups and their ancestors, 0 without one.
// `root` is the mount point of the control groups, `membership` the text of /proc/self/cgroup.
// Missing or malformed files are ignored.
int cgroup_cpu_limit(const std::string& root, const std::string& membership);

}  // namespace fastmlp::bindings
