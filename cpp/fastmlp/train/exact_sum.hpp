// Numbers in double precision as digits of a type T that has fewer bits, such that sums of the
// digits over processes have no rounding, in any order.
#pragma once

#include <cmath>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// value = sum_j digit_j 2^(kDigitBits j + lowest), with the sign in all digits, from the lowest on.
// Sums over 2^12 processes are exact in float, whose integers have 24 bits.
constexpr int kDigitBits = 12;

struct DigitRange {
  int lowest;    // exponent; what is smaller is cut off
  Index digits;  // larger values are not represented

  template <class T>
  void write(double value, T* digits_out) const {
    for (Index j = digits - 1; j >= 0; --j) {
      const double unit = std::ldexp(1.0, lowest + kDigitBits * static_cast<int>(j));
      const double digit = std::trunc(value / unit);
      digits_out[j] = static_cast<T>(digit);
      value -= digit * unit;
    }
  }
  template <class T>
  double read(const T* digits_in) const {
    double value = 0;
    for (Index j = digits - 1; j >= 0; --j) {
      value +=
          std::ldexp(static_cast<double>(digits_in[j]), lowest + kDigitBits * static_cast<int>(j));
    }
    return value;
  }
};

// Losses: a sum of products of two floats, w_i L_i, or of doubles in this range.
constexpr DigitRange kLossDigits{-300, 52};
constexpr double kMaxDigits = 0x1p311;
constexpr DigitRange kCountDigits{0, 4};

}  // namespace fastmlp
