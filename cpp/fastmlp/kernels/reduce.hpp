// Vectorised reductions.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

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

// True only if the squares of all numbers, and their sum, are finite in T: so are the numbers. From
// the end, because the last numbers are in the nearest cache when they have just been written, and
// the first ones will be when they are read next. The first pack overlaps the one after it, because
// a pack of fewer lanes would wait for its stores.
template <class T>
inline bool squares_finite(Index n, const T* x) {
  Pack<T> sum[kScanAccumulators] = {};
  constexpr Index kBlock = kScanAccumulators * kLanes<T>;
  T rest = 0;
  if (n < kLanes<T>) {
    for (Index i = 0; i < n; ++i) rest += x[i] * x[i];
    return std::isfinite(rest);
  }
  Index i = n;
  for (; i >= kBlock; i -= kBlock) {
    for (int j = 0; j < kScanAccumulators; ++j) {
      const Pack<T> v = load(x + i - kBlock + j * kLanes<T>);
      sum[j] += v * v;
    }
  }
  for (; i > 0; i -= kLanes<T>) {
    const Pack<T> v = load(x + std::max<Index>(0, i - kLanes<T>));
    sum[0] += v * v;
  }
  return std::isfinite(reduce_add<T>((sum[0] + sum[1]) + (sum[2] + sum[3])));
}

// The first of n numbers that is not finite, n where there is none.
template <class T>
inline Index first_not_finite(Index n, const T* x) {
  return std::find_if(x, x + n, [](T value) { return !std::isfinite(value); }) - x;
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

// ||x|| = size * unit, where the unit is a power of two: 1 unless the squares leave the range of
// double.
struct ScaledNorm {
  double size;
  double unit = 1;

  double value() const { return size * unit; }
};

// The norm of n numbers; `squares` is their sum of squares in double.
template <class T>
inline ScaledNorm scaled_norm(double squares, Index n, const T* x) {
  constexpr double kLeast = 1e-280, kMost = std::numeric_limits<double>::max();
  const bool lost = squares < kLeast || squares > kMost;  // by underflow or overflow
  if (!lost) return {std::sqrt(squares)};
  double largest = 0;
  for (Index i = 0; i < n; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i])));
  if (largest == 0 || !std::isfinite(largest)) return {largest};
  const double unit = std::exp2(std::ilogb(largest));
  return {std::sqrt(sum_in_double(n, [=](Index i) { return (x[i] / unit) * (x[i] / unit); })),
          unit};
}

// x *= first, then x *= second multiplies x by length / norm: by one factor where that is a normal
// number of T, else by two of about its root.
template <class T>
struct NormFactors {
  NormFactors(double length, const ScaledNorm& norm) {
    const double factor = length / norm.size / norm.unit;
    second = static_cast<T>(factor);
    if (second >= std::numeric_limits<T>::min()) return;
    const int unit = std::ilogb(norm.unit), half = (unit + std::ilogb(norm.size)) / 2;
    first = static_cast<T>(std::exp2(-half));
    second = static_cast<T>(std::ldexp(length / norm.size, half - unit));
  }
  void multiply(Index n, T* x) const {
    if (first != 1) {
      for (Index i = 0; i < n; ++i) x[i] *= first;
    }
    for (Index i = 0; i < n; ++i) x[i] *= second;
  }
  T first = 1, second = 1;
};

}  // namespace fastmlp
