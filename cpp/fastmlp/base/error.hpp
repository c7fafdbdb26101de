// Exceptions with messages of the form `Where: given value, expected values`.
#pragma once

#include <stdexcept>
#include <string>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// About an argument of the user: the sentence starts at the argument, and Python adds the function.
struct InvalidArgument : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

inline void require(bool condition, const std::string& sentence) {
  if (!condition) throw std::invalid_argument(sentence);
}

// a * b of sizes; throws on overflow.
inline Index checked_product(Index a, Index b, const std::string& where) {
  Index product = 0;
  require(!__builtin_mul_overflow(a, b, &product),
          where + ": the sizes are too large to be counted");
  return product;
}

}  // namespace fastmlp
