#include "cgroup.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

namespace fastmlp::bindings {
namespace {

// The first two words of a file, empty if missing.
struct Words {
  explicit Words(const std::string& path) { std::ifstream(path) >> first >> second; }
  std::string first, second;
};

// quota / period rounded up, 0 if that is no limit.
int cpus_of(const std::string& quota, const std::string& period) {
  const double cpus = std::strtod(quota.c_str(), nullptr) / std::strtod(period.c_str(), nullptr);
  const bool limits = cpus > 0 && cpus <= std::numeric_limits<int>::max();
  return limits ? static_cast<int>(std::ceil(cpus)) : 0;
}

// cgroup v2: one file with "max 100000" or "200000 100000".
int cgroup_v2(const std::string& directory) {
  const Words words(directory + "/cpu.max");
  return cpus_of(words.first, words.second);
}

// cgroup v1: a file each, -1 means no limit.
int cgroup_v1(const std::string& directory) {
  return cpus_of(Words(directory + "/cpu.cfs_quota_us").first,
                 Words(directory + "/cpu.cfs_period_us").first);
}

// Smallest limit from a group up to the root of its hierarchy. A container may have its group as
// the root although it reads the path on the host, so groups in between may be missing.
int smallest_limit(int (*cpus_of_group)(const std::string&), const std::string& root,
                   std::string group) {
  int smallest = 0;
  for (;;) {
    const int cpus = cpus_of_group(root + group);
    if (cpus > 0 && (smallest == 0 || cpus < smallest)) smallest = cpus;
    if (group.empty()) return smallest;
    group.erase(group.find_last_of('/'));
  }
}

}  // namespace

// Lines are "0::/group" in cgroup v2, "4:cpu,cpuacct:/group" in v1.
int cgroup_cpu_limit(const std::string& root, const std::string& membership) {
  std::string group_v2, group_v1;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(":/");
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") group_v2 = group;
    if (controllers.find(",cpu,") != std::string::npos) group_v1 = group;
  }
  const int cpus = smallest_limit(cgroup_v2, root, group_v2);
  return cpus > 0 ? cpus : smallest_limit(cgroup_v1, root + "/cpu", group_v1);
}

}  // namespace fastmlp::bindings
