// Numbers of other types than the network's, as files have them, and their conversion.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// IEEE 754's binary16: a sign, 5 bits of exponent + 15, 10 of the fraction.
struct Half {
  std::uint16_t bits;

  operator float() const {
    const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u,
                        fraction = bits & 0x3ffu;
    std::uint32_t magnitude = exponent << 23 | fraction << 13;
    if (exponent == 31) {
      magnitude |= 0x7f800000u;  // infinite or nan
    } else if (exponent != 0) {
      magnitude += (127u - 15u) << 23;
    } else {
      const float value = static_cast<float>(fraction) * 0x1p-24f;
      std::memcpy(&magnitude, &value, sizeof value);
    }
    magnitude |= sign;
    float value;
    std::memcpy(&value, &magnitude, sizeof value);
    return value;
  }
};

// A byte that is not 0 is true.
struct Bool {
  std::uint8_t byte;

  operator float() const { return byte != 0; }
};

// n numbers of type S, which may be unaligned. Returns n, or the place of the first that is finite
// but too large.
template <class S, class T>
Index convert_numbers(const char* from, Index n, T* to) {
  for (Index i = 0; i < n; ++i) {
    S value;
    std::memcpy(&value, from + i * static_cast<Index>(sizeof(S)), sizeof(S));
    to[i] = static_cast<T>(value);
  }
  if constexpr (std::is_same_v<S, double> && std::is_same_v<T, float>) {
    for (Index i = 0; i < n; ++i) {
      if (std::isinf(to[i])) {
        S value;
        std::memcpy(&value, from + i * static_cast<Index>(sizeof(S)), sizeof(S));
        if (!std::isinf(value)) return i;
      }
    }
  }
  return n;
}

}  // namespace fastmlp
