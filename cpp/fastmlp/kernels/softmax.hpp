// Exponentials relative to the largest entry of a sample, for softmax and log-sum-exp. Samples are
// in lanes and entries in rows: entry i of a pack of samples is load(a + i * stride).
#pragma once

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// f(0) + … + f(n - 1)
template <class T, class F>
inline Pack<T> sum_entries(Index n, F&& f) {
  Pack<T> sum{};
  for (Index i = 0; i < n; ++i) sum += f(i);
  return sum;
}

// max_i clamp_to_finite(a_i)
template <class T>
inline Pack<T> max_entry(Index n, const T* a, Index stride) {
  Pack<T> top = clamp_to_finite(load(a));
  for (Index i = 1; i < n; ++i) {
    top = max(clamp_to_finite(load(a + i * stride)), top);
  }
  return top;
}

// e_i = exp(a_i - shift) with shift = max a; returns the sum of e.
template <class T>
inline Pack<T> exponentials(Index n, const T* a, Index stride, Pack<T> shift, T* e,
                            Index e_stride) {
  return sum_entries<T>(n, [&](Index i) {
    const Pack<T> value = exp(clamp_to_finite(load(a + i * stride)) - shift);
    store(e + i * e_stride, value);
    return value;
  });
}

}  // namespace fastmlp
