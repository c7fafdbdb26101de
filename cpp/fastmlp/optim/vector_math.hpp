// Sums and updates of long vectors by a team. Ranges are fixed by the length and their sums are
// added in order, so no result depends on the number of threads.
#pragma once

#include "fastmlp/base/parallel.hpp"

namespace fastmlp {

// xᵀ y, in double
template <class T>
double dot(ThreadTeam& team, Index n, const T* x, const T* y);

// z = x + t y; z may be x or y.
template <class T>
void add_scaled(ThreadTeam& team, Index n, const T* x, double t, const T* y, T* z);

// The largest |x_i|; nan where any is nan.
template <class T>
double max_abs(Index n, const T* x);

// x_i - y_i for all i
template <class T>
void subtract(Index n, const T* x, const T* y, T* z) {
  for (Index i = 0; i < n; ++i) z[i] = x[i] - y[i];
}

}  // namespace fastmlp
