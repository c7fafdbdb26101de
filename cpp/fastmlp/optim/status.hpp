// Result of a run; a step whose status is not `running` ends its run.
#pragma once

namespace fastmlp {

enum class Status {
  running,
  converged,
  no_progress,
  max_steps,
  max_seconds,
  line_search_failed,
  not_finite
};

inline const char* text(Status status) {
  constexpr const char* kTexts[] = {"running",     "converged",          "no_progress", "max_steps",
                                    "max_seconds", "line_search_failed", "not_finite"};
  return kTexts[static_cast<int>(status)];
}

}  // namespace fastmlp
