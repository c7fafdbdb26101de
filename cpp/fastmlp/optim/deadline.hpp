// The time at which a step of many evaluations ends.
#pragma once

#include <chrono>

namespace fastmlp {

using Deadline = std::chrono::steady_clock::time_point;

// Thrown inside a step that has reached it.
struct Expired {};

// `seconds` after a time; never where that is beyond the clock's range.
inline Deadline deadline_after(Deadline start, double seconds) {
  const std::chrono::duration<double> left = Deadline::max() - start;
  if (!(seconds < left.count() / 2)) return Deadline::max();
  return start +
         std::chrono::duration_cast<Deadline::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace fastmlp
