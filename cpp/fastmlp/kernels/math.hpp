// Elementary functions on packs: exact limits at ±inf, nan propagates, errors of a few ulp
// (cpp/tests/test_math.cpp).
#pragma once

#include <cmath>
#include <limits>

#include "fastmlp/kernels/math_constants.hpp"
#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

// All lanes equal to value. x - 0 keeps the sign of zero, x + 0 does not.
template <class P>
inline P constant(double value) {
  return static_cast<Lane<P>>(value) - P{};
}

template <class P>
inline P abs(P x) {
  using M = Mask<Lane<P>>;
  return bit_cast<P>(static_cast<M>(bit_cast<M>(x) & ~bit_cast<M>(constant<P>(-0.0))));
}

// All propagate a nan of x.
template <class P>
inline P clamp_below(P x, double low) {
  return max(constant<P>(low), x);
}

template <class P>
inline P clamp_above(P x, double high) {
  return min(constant<P>(high), x);
}

template <class P>
inline P clamp_within(P x, double size) {
  return clamp_above(clamp_below(x, -size), size);
}

// ±inf becomes the largest finite number of its sign.
template <class P>
inline P clamp_to_finite(P x) {
  constexpr double kMax = static_cast<double>(std::numeric_limits<Lane<P>>::max());
  return clamp_within(x, kMax);
}

// c[0] + c[1] x + c[2] x² + … Unrolled, because the compiler merges equal expressions, but no equal
// loops.
template <class P, std::size_t N>
inline P polynomial(P x, const double (&c)[N]) {
  P sum = constant<P>(c[N - 1]);
#pragma GCC unroll 32
  for (std::size_t i = 2; i <= N; ++i) sum = sum * x + constant<P>(c[N - i]);
  return sum;
}

// max(x, 0), and its derivative from h = relu(x): 1 where h > 0, else h, which is 0 or nan there.
template <class P>
inline P relu(P x) {
  return x <= P{} ? P{} : x;
}
template <class P>
inline P relu_slope(P h) {
  return h > P{} ? constant<P>(1.0) : h;
}

namespace detail {

// x = n ln2 + r: n as an integer and q = eʳ - 1.
template <class P>
struct Reduced {
  Mask<Lane<P>> n;
  P q;
};

template <class P>
inline Reduced<P> reduce_exp(P x) {
  using F = FloatTraits<Lane<P>>;
  using M = Mask<Lane<P>>;
  const P shifted = x * constant<P>(1.4426950408889634) + constant<P>(F::round);
  const P n = shifted - constant<P>(F::round);
  P r = x - n * constant<P>(F::ln2_high);
  r -= n * constant<P>(F::ln2_low);
  return {bit_cast<M>(shifted) - bit_cast<M>(constant<P>(F::round)),
          r + r * r * polynomial(r, F::exp)};
}

// 2ⁿ for exponents of normal numbers.
template <class P>
inline P power_of_two(Mask<Lane<P>> n) {
  using F = FloatTraits<Lane<P>>;
  return bit_cast<P>((n + F::bias) << F::mantissa);
}

// 2 atanh(s) = log((1 + s) / (1 - s)) by N terms of its series.
template <class P, std::size_t N>
inline P twice_atanh(P s, const double (&series)[N]) {
  return constant<P>(2.0) * s * polynomial(s * s, series);
}

}  // namespace detail

// eˣ = 2ⁿ eʳ. 2ⁿ is applied in two factors, so subnormal and infinite results are correct.
template <class P>
inline P exp(P x) {
  using F = detail::FloatTraits<Lane<P>>;
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
  return detail::twice_atanh(u / (u + constant<P>(2.0)), detail::FloatTraits<Lane<P>>::atanh);
}

// log(x / 2ˢ) = (e - s) ln2 + log m with x = 2ᵉ m, sqrt(1/2) <= m < sqrt(2), for normal x > 0.
template <class P>
inline P log_of_normal(P x, P s = P{}) {
  using F = detail::FloatTraits<Lane<P>>;
  using M = Mask<Lane<P>>;
  using U = typename Simd<Lane<P>>::Unsigned;  // because the bits of other x wrap around
  // Subtracting the bits of sqrt(1/2) makes the exponent field count from there.
  const U bits = bit_cast<U>(x), offset = bit_cast<U>(constant<P>(0.70710678118654752));
  const M e = bit_cast<M>(bits - offset) >> F::mantissa;
  const P m = bit_cast<P>(bits - (bit_cast<U>(e) << F::mantissa));
  const P exponent = __builtin_convertvector(e, P) - s;
  const P y = detail::twice_atanh((m - constant<P>(1.0)) / (m + constant<P>(1.0)), F::atanh_near);
  return exponent * constant<P>(F::ln2_high) + (exponent * constant<P>(F::ln2_low) + y);
}

template <class P>
inline P log(P x) {
  using F = detail::FloatTraits<Lane<P>>;
  using M = Mask<Lane<P>>;
  const P tiny = constant<P>(static_cast<double>(std::numeric_limits<Lane<P>>::min()));
  const auto subnormal = x < tiny;
  const P result =
      log_of_normal(subnormal ? x * detail::power_of_two<P>(M{} + (F::mantissa + 1)) : x,
                    subnormal ? constant<P>(F::mantissa + 1.0) : P{});
  const P infinity = constant<P>(std::numeric_limits<double>::infinity());
  const P finite = x > P{} ? result : x == P{} ? -infinity : constant<P>(std::nan(""));
  return x == infinity ? infinity : finite;
}

// 1 / (1 + e⁻ˣ) from e^-|x|, without overflow or cancellation.
template <class P>
inline P sigmoid(P x) {
  const P one = constant<P>(1.0);
  const P e = exp(-abs(x));
  return (x < P{} ? e : one) / (one + e);
}

// sigmoid(-x) from the same exponential as sigmoid(x).
template <class P>
inline P sigmoid_of_opposite(P x) {
  const P one = constant<P>(1.0);
  const P e = exp(-abs(x));
  return (x > P{} ? e : one) / (one + e);
}

// log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|)
template <class P>
inline P softplus(P x) {
  return (x < P{} ? P{} : x) + log1p_unit(exp(-abs(x)));
}

// tanh |x| = e / (2 - e) with e = 1 - e^-2|x|, without cancellation near 0 or overflow. With
// -2|x| = n ln2 + 2s, e = (1 - 2ⁿ) - 2ⁿ (e²ˢ - 1); for large |n| the factor 2ⁿ damps the rounding
// error of s.
template <class P>
inline P tanh(P x) {
  using F = detail::FloatTraits<Lane<P>>;
  using M = Mask<Lane<P>>;
  const P y = clamp_above(abs(x), 20.0), round = constant<P>(F::round), one = constant<P>(1.0);
  const P shifted = y * constant<P>(-2 * 1.4426950408889634) + round;
  const P s = (shifted - round) * constant<P>(-0.34657359027997264) - y;
  const P scale = detail::power_of_two<P>(bit_cast<M>(shifted) - bit_cast<M>(round));
  const P e = (one - scale) - scale * (s * polynomial(s, F::expm1_half));
  const M magnitude = bit_cast<M>(e / (constant<P>(2.0) - e));
  return bit_cast<P>(magnitude | (bit_cast<M>(x) & bit_cast<M>(constant<P>(-0.0))));
}

// exp(-t²/2), t >= 0. With u the upper half of the digits of t, u² is exact and the remainder of
// t² is small: r = -(t - u)(t + u) / 2, eʳ = 1 + r (1 + r/2 + …).
template <class P>
inline P exp_half_square(P t) {
  using M = Mask<Lane<P>>;
  constexpr int kLower = (detail::FloatTraits<Lane<P>>::mantissa + 2) / 2;
  const P half = constant<P>(-0.5), u = bit_cast<P>((bit_cast<M>(t) >> kLower) << kLower);
  const P r = half * (t - u) * (t + u), e = exp(half * u * u);
  return e + e * (r * polynomial(r, {1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24}));
}

// Φ(x) = ½ erfc(-x / √2), the standard normal distribution function. The tail Φ(-t) is accurate,
// because it is exp(-t²/2) times a function that decreases slowly.
template <class P>
inline P normal_cdf(P x) {
  const P t = clamp_above(abs(x), 40.0), one = constant<P>(1.0), four = constant<P>(4.0);
  const P slow =
      polynomial((t - four) / (t + four), detail::FloatTraits<Lane<P>>::tail) / (one + t);
  const P tail = slow * exp_half_square(t);
  return x > P{} ? one - tail : tail;
}

// φ(x) = e^(-x²/2) / √(2π)
template <class P>
inline P normal_pdf(P x) {
  return constant<P>(0.3989422804014327) * exp_half_square(clamp_above(abs(x), 40.0));
}

namespace detail {

// sin(x + turns π/2) where x is too large for its reduction below, or no number.
template <class P>
[[gnu::noinline]] void sine_of_large(const P& x, int turns, P& value) {
  for (std::size_t i = 0; i < sizeof(P) / sizeof(x[0]); ++i) {
    if (std::abs(x[i]) <= FloatTraits<Lane<P>>::sin_limit) continue;
    const double number = x[i];
    value[i] = static_cast<Lane<P>>(turns % 2 == 0 ? std::sin(number) : std::cos(number));
  }
}

}  // namespace detail

// sin(x + turns π/2) for turns 0 and 1, the sine and cosine of x = n π/2 + r, |r| <= π/4 (Cody &
// Waite 1980).
template <class P>
inline P sine(P x, int turns) {
  using F = detail::FloatTraits<Lane<P>>;
  using M = Mask<Lane<P>>;
  const P shifted = x * constant<P>(0.63661977236758134) + constant<P>(F::round);
  const P n = shifted - constant<P>(F::round), one = constant<P>(1.0);
  P r = x;
  for (const double part : F::half_pi) r -= n * constant<P>(part);
  const P z = r * r, half = constant<P>(0.5) * z, rest = one - half;
  const P sin = r + r * z * polynomial(z, F::sin);
  const P cos = rest + ((one - rest) - half + z * z * polynomial(z, F::cos));
  const M quarter = bit_cast<M>(shifted) - bit_cast<M>(constant<P>(F::round)) + turns;
  const M sign = (quarter & 2) << (8 * sizeof(Lane<P>) - 2);
  P value = bit_cast<P>(bit_cast<M>((quarter & 1) == 0 ? sin : cos) ^ sign);
  const auto large = ~(abs(x) <= constant<P>(F::sin_limit));
  if (has_any(large)) detail::sine_of_large(x, turns, value);
  return value;
}

}  // namespace fastmlp
