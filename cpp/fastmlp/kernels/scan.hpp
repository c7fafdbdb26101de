// A look through an array at the speed of memory.
#pragma once

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// x - x is 0 for finite numbers and nan for all others, which then stays in the sum.
template <class T>
inline bool all_finite(Index n, const T* x) {
  Pack<T> sum[4] = {};
  Index i = 0;
  for (; i + 4 * kLanes<T> <= n; i += 4 * kLanes<T>) {
    for (int j = 0; j < 4; ++j) {
      const Pack<T> v = load(x + i + j * kLanes<T>);
      sum[j] += v - v;
    }
  }
  for (; i < n; ++i) sum[0][0] += x[i] - x[i];
  return reduce_add<T>((sum[0] + sum[1]) + (sum[2] + sum[3])) == 0;
}

}  // namespace fastmlp
