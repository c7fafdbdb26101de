// Replacements of operators new and delete, and of calloc, which count allocations and can make
// them fail.
#pragma once

#include <atomic>
#include <cstddef>

namespace allocation {

inline std::atomic<long> count{0};
inline thread_local bool counted = true;     // allocations of this thread are counted
inline std::atomic<long> until_failure{-1};  // negative: none fails
inline std::atomic<std::size_t> bytes{0};
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // larger allocations fail

}  // namespace allocation
