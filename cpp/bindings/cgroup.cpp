#include "cgroup.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

namespace fastmlp::bindings {
namespace {

// The first words of a file, empty where there are none.
struct Words {
  explicit Words(const std::string& path) { std::ifstream(path) >> first >> second; }
  std::string first, second;
};

// quota / period of processor time, rounded up; 0 where that is no limit.
int threads_of(const std::string& quota, const std::string& period) {
  const double share = std::strtod(quota.c_str(), nullptr) / std::strtod(period.c_str(), nullptr);
  const bool limits = share > 0 && share <= std::numeric_limits<int>::max();
  return limits ? static_cast<int>(std::ceil(share)) : 0;
}

// Version 2 has "max 100000" or "200000 100000" in one file.
int cgroup_v2(const std::string& directory) {
  const Words words(directory + "/cpu.max");
  return threads_of(words.first, words.second);
}

// Version 1 has a file each, and -1 for no limit.
int cgroup_v1(const std::string& directory) {
  return threads_of(Words(directory + "/cpu.cfs_quota_us").first,
                    Words(directory + "/cpu.cfs_period_us").first);
}

// The smallest_limit from a group up to the root of its hierarchy. A container may see its own
// group as the root while it is told its path outside, so groups on the way may be missing.
int smallest_limit(int (*threads_of_group)(const std::string&), const std::string& root,
                   std::string group) {
  int smallest_limit = 0;
  for (;;) {
    const int threads = threads_of_group(root + group);
    if (threads > 0 && (smallest_limit == 0 || threads < smallest_limit)) smallest_limit = threads;
    if (group.empty()) return smallest_limit;
    group.erase(group.find_last_of('/'));
  }
}

}  // namespace

// A line is "0::/group" in version 2, "4:cpu,cpuacct:/group" in version 1.
int cgroup_cpu_limit(const std::string& root, const std::string& membership) {
  std::string version_2_group, version_1_group;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(":/");
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") version_2_group = group;
    if (controllers.find(",cpu,") != std::string::npos) version_1_group = group;
  }
  const int threads = smallest_limit(cgroup_v2, root, version_2_group);
  return threads > 0 ? threads : smallest_limit(cgroup_v1, root + "/cpu", version_1_group);
}

}  // namespace fastmlp::bindings
