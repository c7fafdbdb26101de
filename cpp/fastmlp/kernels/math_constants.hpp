// Coefficients of the elementary functions in each precision.
#pragma once

namespace fastmlp::detail {

template <class T>
struct FloatTraits;

template <>
struct FloatTraits<float> {
  // 1.5 · 2²³: adding it rounds to an integer in the low bits
  static constexpr double round = 12582912.0;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr double exp_low = -104.0, exp_high = 89.0;
  static constexpr double ln2_high = 0.693359375, ln2_low = -2.12194440e-4;
  // (eʳ - 1 - r) / r² on |r| <= ln2 / 2
  static constexpr double exp[] = {5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2,
                                   8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4};
  // (e²ˢ - 1) / s on |s| <= ln2 / 4: a minimax fit after 2 + 2s
  static constexpr double expm1_half[] = {
      2.0, 2.0, 1.33332388144, 6.66669671934e-1, 2.67714149614e-1, 8.89486956893e-2};
  // atanh(s) / s in powers of s², for s² <= 1/9
  static constexpr double atanh[] = {1.0,     1.0 / 3,  1.0 / 5,  1.0 / 7,
                                     1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15};
  // the same for s² <= 0.0295
  static constexpr double atanh_near[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9};
  // (1 + t) exp(t²/2) Φ(-t) in powers of (t - 4) / (t + 4), for t <= 15: a Chebyshev fit
  static constexpr double tail[] = {4.720532064e-1,   -9.6703467981e-2, 1.3999636593e-2,
                                    2.8600032795e-2,  -3.2197815354e-2, 1.7939449482e-2,
                                    -5.0021408532e-3, -2.9991876127e-4, 6.9084485557e-4,
                                    -6.6737184924e-5, -7.4374544168e-5};
  // π/2 in parts of 11 bits, whose products with integers up to 2¹³ are exact, and the rest
  static constexpr double half_pi[] = {0x1.92p+0,   0x1.fb4p-12, 0x1.444p-24,
                                       0x1.68cp-39, 0x1.1a4p-54, 0x1.13198ap-65};
  static constexpr double sin_limit = 12000.0;
  // (sin(r) / r - 1) / r² and (cos(r) - 1 + r²/2) / r⁴ in powers of r², |r| <= π/4: Chebyshev fits
  static constexpr double sin[] = {-1.66666646617e-1, 8.33274815409e-3, -1.95878657021e-4};
  static constexpr double cos[] = {4.16666646589e-2, -1.38883029191e-3, 2.45479168537e-5};
};

template <>
struct FloatTraits<double> {
  static constexpr double round = 6755399441055744.0;  // 1.5 · 2⁵²
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double exp_low = -746.0, exp_high = 710.0;
  static constexpr double ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp[] = {
      1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,      1.0 / 720,       1.0 / 5040,
      1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  static constexpr double expm1_half[] = {2.0,
                                          4.0 / 2,
                                          8.0 / 6,
                                          16.0 / 24,
                                          32.0 / 120,
                                          64.0 / 720,
                                          128.0 / 5040,
                                          256.0 / 40320,
                                          512.0 / 362880,
                                          1024.0 / 3628800,
                                          2048.0 / 39916800,
                                          4096.0 / 479001600,
                                          8192.0 / 6227020800};
  static constexpr double atanh[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                     1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23,
                                     1.0 / 25, 1.0 / 27, 1.0 / 29, 1.0 / 31, 1.0 / 33};
  static constexpr double atanh_near[] = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9, 1.0 / 11,
                                          1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21};
  static constexpr double tail[] = {
      // for t <= 40
      4.72053206509844667e-1,  -9.67034773265253785e-2, 1.39996347244300788e-2,
      2.86003640535058926e-2,  -3.21978374283432612e-2, 1.79360974810393238e-2,
      -5.00237858540405508e-3, -2.85623116715999229e-4, 6.9489704019318622e-4,
      -9.44301154801851677e-5, -8.7852749479550913e-5,  2.12494552279693998e-5,
      1.36250251939740466e-5,  -3.43069827716607437e-6, -2.60783907980458132e-6,
      4.02427481014322407e-7,  5.4300399206059853e-7,   2.3513362577996062e-9,
      -1.01046445695363609e-7, -1.85385420835633131e-8, 1.14008678657855824e-8,
      4.23785422278937983e-9,  1.55134389059184233e-10};
  // in parts of 33 bits, for integers up to 2²⁰
  static constexpr double half_pi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
                                       0x1.b839a252049c1p-104};
  static constexpr double sin_limit = 1.6e6;
  static constexpr double sin[] = {-1.66666666666666646e-1, 8.33333333333094729e-3,
                                   -1.98412698367567725e-4, 2.75573161016178744e-6,
                                   -2.50511316502351815e-8, 1.59181152632659752e-10};
  static constexpr double cos[] = {4.16666666666666654e-2, -1.38888888888873965e-3,
                                   2.48015872987645608e-5, -2.7557317271145146e-7,
                                   2.08761461465586116e-9, -1.13826236474746046e-11};
};

}  // namespace fastmlp::detail
