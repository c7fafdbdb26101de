#include "fastmlp/optim/vector_math.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {
namespace {

constexpr Index kRange = 8192;  // entries: so many are worth a thread's while

template <class T>
double range_dot(Range range, const T* x, const T* y) {
  return sum_in_double(range.size(), [=](Index i) {
    return static_cast<double>(x[range.begin + i]) * static_cast<double>(y[range.begin + i]);
  });
}

}  // namespace

template <class T>
double dot(ThreadTeam& team, Index n, const T* x, const T* y) {
  if (n <= kRange) return range_dot({0, n}, x, y);
  std::vector<double> sums(static_cast<std::size_t>(ceil_div(n, kRange)));
  team.parallel_for_uninterrupted(ceil_div(n, kRange), [&](Index i, int) {
    sums[static_cast<std::size_t>(i)] = range_dot(tile(i, kRange, n), x, y);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

template <class T>
void add_scaled(ThreadTeam& team, Index n, const T* x, double t, const T* y, T* z) {
  const T scale = static_cast<T>(t);
  team.parallel_for_uninterrupted(ceil_div(n, kRange), [&](Index k, int) {
    const Range range = tile(k, kRange, n);
    for (Index i = range.begin; i < range.end; ++i) z[i] = x[i] + scale * y[i];
  });
}

template <class T>
double max_abs(Index n, const T* x) {
  T largest = 0;
  for (Index i = 0; i < n; ++i) {
    const T size = std::abs(x[i]);
    largest = size <= largest ? largest : size;  // nan stays: no comparison with it is true
    if (size != size) return std::nan("");
  }
  return static_cast<double>(largest);
}

#define FASTMLP_INSTANTIATE(T)                                                  \
  template double dot(ThreadTeam&, Index, const T*, const T*);                  \
  template void add_scaled(ThreadTeam&, Index, const T*, double, const T*, T*); \
  template double max_abs(Index, const T*);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
