// Result of a run; a step whose status is not `running` ends its run.
#pragma once

namespace fastmlp {

enum class Status { running, converged, max_steps, max_seconds, not_finite };

inline const char* text(Status status) {
  constexpr const char* kTexts[] = {"running", "converged", "max_steps", "max_seconds",
                                    "not_finite"};
  return kTexts[static_cast<int>(status)];
}

}  // namespace fastmlp
