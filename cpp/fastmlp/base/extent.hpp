// Integers of one or two axes: the size, stride or dilation of a window.
#pragma once

#include <optional>
#include <string>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// Of height and width (y, x); with one dimension of the length alone, which is x.
struct Extent {
  int dims;
  Index y, x;

  // "3" or "(3, 5)"
  std::string text() const {
    const std::string last = std::to_string(x);
    return y == x || dims == 1 ? last : "(" + std::to_string(y) + ", " + last + ")";
  }
};

struct OptionalExtent {
  int dims;
  std::optional<Extent> value = {};
};

// A word such as "same", or numbers of zeros on each side.
struct Padding {
  int dims;
  std::string word;
  std::optional<Extent> zeros = {};  // instead of the word
};

}  // namespace fastmlp
