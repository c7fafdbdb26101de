// Elementary functions on packs. Exact limits at ±inf, nan kept; errors of a few ulp
// (cpp/tests/test_math.cpp).
#pragma once

#include <cmath>
#include <limits>

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// The element type of a pack.
template <class P>
using Lane = std::decay_t<decltype(std::declval<P&>()[0])>;

template <class P>
inline P constant(double value) {
  return broadcast<Lane<P>>(static_cast<Lane<P>>(value));
}

template <class P>
inline P abs(P x) {
  return x < P{} ? -x : x + P{};  // + 0 turns -0 into 0
}

template <class P>
inline P copy_sign(P magnitude, P sign) {
  using M = Mask<Lane<P>>;
  const M bit = bits<M>(constant<P>(-0.0));
  return bits<P>(static_cast<M>((bits<M>(magnitude) & ~bit) | (bits<M>(sign) & bit)));
}

// Both keep a nan in x.
template <class P>
inline P clamp_below(P x, double low) {
  return x < constant<P>(low) ? constant<P>(low) : x;
}

template <class P>
inline P clamp_above(P x, double high) {
  return x > constant<P>(high) ? constant<P>(high) : x;
}

// ±inf becomes the largest finite number of its sign.
template <class P>
inline P finite(P x) {
  constexpr double kMost = static_cast<double>(std::numeric_limits<Lane<P>>::max());
  return clamp_above(clamp_below(x, -kMost), kMost);
}

// c[0] + c[1] x + c[2] x² + …
template <class P, std::size_t N>
inline P polynomial(P x, const double (&c)[N]) {
  P sum = constant<P>(c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + constant<P>(c[i]);
  return sum;
}

// Applies a function of the standard library lane by lane.
template <class P, class F>
inline P by_lane(P x, F f) {
  for (Index i = 0; i < kLanes<Lane<P>>; ++i) x[i] = f(x[i]);
  return x;
}

namespace detail {

template <class T>
struct Format;

template <>
struct Format<float> {
  static constexpr double round =
      12582912.0;  // 1.5 · 2²³: adding it rounds to an integer in the low bits
  static constexpr int mantissa = 23, bias = 127;
  static constexpr double exp_low = -104.0, exp_high = 89.0;
  static constexpr double ln2_high = 0.693359375, ln2_low = -2.12194440e-4;
  // (eʳ - 1 - r) / r² on |r| <= ln2 / 2
  static constexpr double exp[] = {5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2,
                                   8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4};
  // atanh(s) / s in powers of s², for s² <= 1/9
  static constexpr double atanh[] = {1.0,     1.0 / 3,  1.0 / 5,  1.0 / 7,
                                     1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15};
  // the same for s² <= 0.0295
  static constexpr double atanh_near[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9};
};

template <>
struct Format<double> {
  static constexpr double round = 6755399441055744.0;  // 1.5 · 2⁵²
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double exp_low = -746.0, exp_high = 710.0;
  static constexpr double ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp[] = {
      1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,      1.0 / 720,       1.0 / 5040,
      1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  static constexpr double atanh[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                     1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23,
                                     1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33};
  static constexpr double atanh_near[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9, 1.0 / 11,
                                          1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21};
};

// x = n ln2 + r: n as an integer and q = eʳ - 1.
template <class P>
struct Reduced {
  Mask<Lane<P>> n;
  P q;
};

template <class P>
inline Reduced<P> reduce_exp(P x) {
  using F = Format<Lane<P>>;
  using M = Mask<Lane<P>>;
  const P shifted = x * constant<P>(1.4426950408889634) + constant<P>(F::round);
  const P n = shifted - constant<P>(F::round);
  P r = x - n * constant<P>(F::ln2_high);
  r -= n * constant<P>(F::ln2_low);
  return {bits<M>(shifted) - bits<M>(constant<P>(F::round)), r + r * r * polynomial(r, F::exp)};
}

// 2ⁿ for exponents of normal numbers.
template <class P>
inline P power_of_two(Mask<Lane<P>> n) {
  using F = Format<Lane<P>>;
  return bits<P>((n + F::bias) << F::mantissa);
}

// 2 atanh(s) = log((1 + s) / (1 - s)) by so many terms of its series.
template <class P, std::size_t N>
inline P twice_atanh(P s, const double (&series)[N]) {
  return constant<P>(2.0) * s * polynomial(s * s, series);
}

}  // namespace detail

// eˣ = 2ⁿ eʳ; 2ⁿ is applied in two halves so that subnormal and infinite results come out right.
template <class P>
inline P exp(P x) {
  using F = detail::Format<Lane<P>>;
  const auto [n, q] = detail::reduce_exp(clamp_above(clamp_below(x, F::exp_low), F::exp_high));
  const Mask<Lane<P>> half = n >> 1;
  return (q + constant<P>(1.0)) * detail::power_of_two<P>(half) * detail::power_of_two<P>(n - half);
}

// eˣ - 1 for x <= 0, without cancellation near 0.
template <class P>
inline P expm1_negative(P x) {
  const auto [n, q] = detail::reduce_exp(clamp_below(x, -80.0));
  const P scale = detail::power_of_two<P>(n);
  return q * scale + (scale - constant<P>(1.0));
}

// log(1 + u) for 0 <= u <= 1.
template <class P>
inline P log1p_unit(P u) {
  return detail::twice_atanh(u / (u + constant<P>(2.0)), detail::Format<Lane<P>>::atanh);
}

// log x = e ln2 + log m with x = 2ᵉ m, sqrt(1/2) <= m < sqrt(2).
template <class P>
inline P log(P x) {
  using F = detail::Format<Lane<P>>;
  using M = Mask<Lane<P>>;
  using T = Lane<P>;
  const P tiny = constant<P>(static_cast<double>(std::numeric_limits<T>::min()));
  const auto subnormal = x < tiny;
  const P scaled = subnormal ? x * detail::power_of_two<P>(M{} + (F::mantissa + 1)) : x;
  // Subtracting the bits of sqrt(1/2) makes the exponent field count from there.
  const M offset = bits<M>(constant<P>(0.70710678118654752));
  const M e = (bits<M>(scaled) - offset) >> F::mantissa;
  const P m = bits<P>(bits<M>(scaled) - (e << F::mantissa));
  const P exponent =
      __builtin_convertvector(e, P) - (subnormal ? constant<P>(F::mantissa + 1.0) : P{});
  const P y = detail::twice_atanh((m - constant<P>(1.0)) / (m + constant<P>(1.0)), F::atanh_near);
  const P result = exponent * constant<P>(F::ln2_high) + (exponent * constant<P>(F::ln2_low) + y);
  const P infinity = constant<P>(std::numeric_limits<double>::infinity());
  const P finite = x > P{} ? result : x == P{} ? -infinity : constant<P>(std::nan(""));
  return x == infinity ? infinity : finite;
}

// 1 / (1 + e⁻ˣ), from e^-|x| so that nothing overflows and nothing cancels.
template <class P>
inline P sigmoid(P x) {
  const P one = constant<P>(1.0);
  const P e = exp(-abs(x));
  return (x < P{} ? e : one) / (one + e);
}

// log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|)
template <class P>
inline P softplus(P x) {
  return (x < P{} ? P{} : x) + log1p_unit(exp(-abs(x)));
}

// tanh |x| = -e / (e + 2) with e = e^-2|x| - 1: nothing cancels near 0, nothing overflows.
template <class P>
inline P tanh(P x) {
  const P e = expm1_negative(constant<P>(-2.0) * abs(x));
  return copy_sign(e / (e + constant<P>(2.0)), x);
}

// Φ(x) = ½ erfc(-x / √2), the standard normal distribution function.
template <class P>
inline P normal_cdf(P x) {
  using T = Lane<P>;
  return by_lane(x, [](T v) { return T(0.5) * std::erfc(v * T(-0.70710678118654752)); });
}

// φ(x) = e^(-x²/2) / √(2π)
template <class P>
inline P normal_pdf(P x) {
  return constant<P>(0.3989422804014327) * exp(constant<P>(-0.5) * x * x);
}

}  // namespace fastmlp
