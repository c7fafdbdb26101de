// Rounding of the values of an objective.
#pragma once

#include <cmath>
#include <limits>

namespace fastmlp {

// The differences of values near `value` that rounding may have made.
template <class T>
double noise_of(double value) {
  return 8 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(value);
}

}  // namespace fastmlp
