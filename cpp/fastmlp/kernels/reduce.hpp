// Vectorised reductions.
#pragma once

#include "fastmlp/kernels/tuning.hpp"

namespace fastmlp {

// x - x is 0 for finite numbers and nan for all others, which then stays in the sum.
template <class T>
inline bool all_finite(Index n, const T* x) {
  static_assert(kScanAccumulators == 4);
  Pack<T> sum[kScanAccumulators] = {};
  Index i = 0;
  for (; i + kScanAccumulators * kLanes<T> <= n; i += kScanAccumulators * kLanes<T>) {
    for (int j = 0; j < kScanAccumulators; ++j) {
      const Pack<T> v = load(x + i + j * kLanes<T>);
      sum[j] += v - v;
    }
  }
  for (; i < n; ++i) sum[0][0] += x[i] - x[i];
  return reduce_add<T>((sum[0] + sum[1]) + (sum[2] + sum[3])) == 0;
}

// f(0) + … + f(n - 1) in double, in an order that depends only on n.
template <class F>
inline double sum_in_double(Index n, F&& f) {
  constexpr Index kSums = kScalarAccumulators;
  double sum[kSums] = {};
  Index i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (Index j = 0; j < kSums; ++j) sum[j] += static_cast<double>(f(i + j));
  }
  for (; i < n; ++i) sum[i % kSums] += static_cast<double>(f(i));
  for (Index half = kSums / 2; half > 0; half /= 2) {
    for (Index j = 0; j < half; ++j) sum[j] += sum[j + half];
  }
  return sum[0];
}

template <class T>
inline double sum_squares(Index n, const T* x) {
  return sum_in_double(n, [=](Index i) { return static_cast<double>(x[i]) * x[i]; });
}

}  // namespace fastmlp
