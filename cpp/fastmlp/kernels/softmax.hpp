// The exponentials of a row relative to its largest entry, which softmax and log-sum-exp share.
#pragma once

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// The sum of f(j), the pack at column j, over the n valid lanes of a row.
template <class T, class F>
inline T sum_row(Index n, F&& f) {
  Pack<T> sum{};
  Index j = 0;
  for (; j + kLanes<T> <= n; j += kLanes<T>) sum += f(j);
  if (j < n) sum += first_lanes<T>(n - j) ? f(j) : Pack<T>{};
  return reduce_add<T>(sum);
}

// out[j] = f(j) for a row, whole packs.
template <class T, class F>
inline void fill_row(Index n, T* out, F&& f) {
  for (Index j = 0; j < n; j += kLanes<T>) store(out + j, f(j));
}

// The largest finite entry of a row (infinite ones count as the largest finite number).
template <class T>
inline T max_row(Index n, const T* a) {
  Pack<T> top = constant<Pack<T>>(-std::numeric_limits<double>::infinity());
  for (Index j = 0; j < n; j += kLanes<T>) {
    const Pack<T> x = finite(load(a + j));
    top = (first_lanes<T>(n - j) & (x > top)) ? x : top;
  }
  return reduce_max<T>(top);
}

// e_j = exp(a_j - shift) with shift = max a; returns sum e.
template <class T>
inline T exponentials(Index n, const T* a, T shift, T* e) {
  fill_row<T>(n, e, [&](Index j) { return exp(finite(load(a + j)) - shift); });
  return sum_row<T>(n, [&](Index j) { return load(e + j); });
}

}  // namespace fastmlp
