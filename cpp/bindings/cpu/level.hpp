#pragma once

namespace fastmlp {

// The x86-64 level of this processor and its operating system (1 to 4), 0 for other processors.
// Only features whose names old compilers support are tested; no processor has these without the
// others of its level.
inline int cpu_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!(__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))) return 1;
  if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))) {
    return 2;
  }
  if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))) {
    return 3;
  }
  return 4;
#else
  return 0;
#endif
}

}  // namespace fastmlp
