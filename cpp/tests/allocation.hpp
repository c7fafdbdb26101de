// The tests' own operators new and delete: allocations can be counted and made to fail.
#pragma once

#include <atomic>
#include <cstddef>

namespace allocation {

inline std::atomic<long> count{0};
inline thread_local bool counted = true;     // whether this thread's count
inline std::atomic<long> until_failure{-1};  // negative: none fails
inline std::atomic<std::size_t> bytes{0};
constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // there is no memory for more at a time

}  // namespace allocation
