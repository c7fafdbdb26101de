// Names that every module uses.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastmlp {

using Index = std::ptrdiff_t;

// Half-open range [begin, end) of parameters, samples or rows.
struct Range {
  Index begin = 0;
  Index end = 0;
  Index size() const { return end - begin; }
};

constexpr Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
constexpr Index round_up(Index a, Index multiple) { return ceil_div(a, multiple) * multiple; }

// The number of tiles of [0, n) in tiles of `size`; it divides only where there are several,
// because a division takes as long as 20 products.
constexpr Index tiles(Index size, Index n) { return 0 < n && n <= size ? 1 : ceil_div(n, size); }

// Tile `i` of [0, n) in tiles of `size`. The cuts are fixed, so sums do not depend on threads.
constexpr Range tile(Index i, Index size, Index n) {
  const Index begin = i * size;
  return {begin, begin + size < n ? begin + size : n};
}

}  // namespace fastmlp
