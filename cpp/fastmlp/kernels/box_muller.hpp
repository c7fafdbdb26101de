// Normal random numbers from uniform ones, on packs.
#pragma once

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// Taylor coefficients of sin x / x and cos x in x², to rounding error for |x| <= π / 4.
template <class T>
struct SinCosCoefficients;

template <>
struct SinCosCoefficients<float> {
  static constexpr double sine[] = {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880};
  static constexpr double cosine[] = {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320};
};

template <>
struct SinCosCoefficients<double> {
  static constexpr double sine[] = {1.0,          -1.0 / 6,        1.0 / 120,       -1.0 / 5040,
                                    1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800};
  static constexpr double cosine[] = {
      1.0,         -1.0 / 2,       1.0 / 24,        -1.0 / 720,
      1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200};
};

// sin 2πu and cos 2πu for 0 <= u <= 1: Taylor series within an eighth of a turn around the nearest
// quarter q. An odd q swaps sine and cosine, and two quarters of four change the sign.
template <class P>
inline void sincos_turns(P u, P& sine, P& cosine) {
  using M = Mask<Lane<P>>;
  const P round = constant<P>(detail::FloatTraits<Lane<P>>::round);
  const P shifted = constant<P>(4.0) * u + round;
  const M q = bit_cast<M>(shifted) - bit_cast<M>(round);
  const P x = constant<P>(6.283185307179586) * (u - constant<P>(0.25) * (shifted - round));
  const P z = x * x;
  const P s = x * polynomial(z, SinCosCoefficients<Lane<P>>::sine),
          c = polynomial(z, SinCosCoefficients<Lane<P>>::cosine);
  const M odd = (q & 1) != 0;
  constexpr int kToSign = 8 * sizeof(Lane<P>) - 2;  // from bit 1
  sine = bit_cast<P>(bit_cast<M>(odd ? c : s) ^ ((q & 2) << kToSign));
  cosine = bit_cast<P>(bit_cast<M>(odd ? s : c) ^ (((q + 1) & 2) << kToSign));
}

// Two independent N(0, 1) from u in (0, 1] and v in [0, 1]: sqrt(-2 log u) (cos 2πv, sin 2πv)
// (Box & Muller 1958).
template <class P>
inline void box_muller(P u, P v, P& first, P& second) {
  const P squared = constant<P>(-2.0) * log_of_normal(u);
  P radius, sine, cosine;
  for (Index i = 0; i < kLanes<Lane<P>>; ++i) radius[i] = std::sqrt(squared[i]);
  sincos_turns(v, sine, cosine);
  first = radius * cosine;
  second = radius * sine;
}

}  // namespace fastmlp
