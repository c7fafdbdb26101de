// The few names every room uses.
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

// Part `i` of [0, n) cut into pieces of `size`: the fixed cuts that make sums independent of
// threads.
constexpr Range tile(Index i, Index size, Index n) {
  const Index begin = i * size;
  return {begin, begin + size < n ? begin + size : n};
}

}  // namespace fastmlp
