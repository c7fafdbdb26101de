// The shape of the features of a node: (units), (length, channels) or (height, width, channels).
// Channels are last, so a position is consecutive features.
#pragma once

#include <string>
#include <vector>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

struct Shape {
  Shape(Index units) : sizes{units} {}
  Shape(std::vector<Index> of) : sizes(std::move(of)) {}

  Index dims() const { return static_cast<Index>(sizes.size()); }
  Index channels() const { return sizes.back(); }
  bool operator==(const Shape& other) const { return sizes == other.sizes; }
  // The features; throws where they are too many to be counted.
  Index size() const;
  // "64" or "(8, 8, 1)"
  std::string text() const;

  std::vector<Index> sizes;
};

}  // namespace fastmlp
