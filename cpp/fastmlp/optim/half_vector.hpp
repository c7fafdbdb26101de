// A vector of an optimizer's state in bfloat16, the upper half of a float. An update rounds at
// random, up with the probability of the part cut off, so that the mean is kept: v of Adam moves by
// a thousandth of itself in a step, which rounding to the nearest of 8 significant bits would lose.
// Gupta et al. 2015, "Deep Learning with Limited Numerical Precision".
#pragma once

#include <algorithm>
#include <cstring>

#include "fastmlp/base/buffer.hpp"

namespace fastmlp {

// Random numbers for the roundings of consecutive entries, of 32 bits each.
struct NoiseView {
  const std::uint32_t* numbers;
  std::uint32_t mask;
};

// They follow from the step and the index, so that they are the same on any thread. The entries of
// a block take turns in a table, from another place on and through another mask in each step.
class RoundingNoise {
 public:
  static constexpr Index kBlock = 512;

  RoundingNoise() : table_(2 * kBlock) {
    for (Index i = 0; i < table_.size(); ++i) table_[i] = mixed(static_cast<std::uint32_t>(i));
  }
  // From an entry on, to the end of its block.
  NoiseView at(Index step, Index entry) const {
    const std::uint32_t hash =
        mixed(mixed(static_cast<std::uint32_t>(step)) + static_cast<std::uint32_t>(entry / kBlock));
    return {table_.data() + hash % kBlock + entry % kBlock, hash};
  }

 private:
  // "lowbias32" of C. Wellons, "Prospecting for Hash Functions", 2018.
  static std::uint32_t mixed(std::uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7feb352dU;
    x = (x ^ (x >> 15)) * 0x846ca68bU;
    return x ^ (x >> 16);
  }

  Buffer<std::uint32_t> table_;
};

class HalfVector {
 public:
  using Half = std::uint16_t;

  HalfVector() = default;
  explicit HalfVector(Index size) : upper_(size) {}

  Index size() const { return upper_.size(); }
  Half* data() { return upper_.data(); }
  const Half* data() const { return upper_.data(); }

  template <class T>
  void read(Range range, T* to) const {
    for (Index i = 0; i < range.size(); ++i) to[i] = static_cast<T>(at(range.begin + i));
  }
  // Numbers that were read come back as they are; others are cut off.
  template <class T>
  void write(Range range, const T* from) {
    for (Index i = 0; i < range.size(); ++i) {
      upper_[range.begin + i] = upper(static_cast<float>(from[i]));
    }
  }
  void fill(Range range, double value) {
    std::fill(data() + range.begin, data() + range.end, upper(static_cast<float>(value)));
  }
  // Rounds at random: `number` is that of this vector among those that `noise` is for.
  void round(Range range, const float* from, const NoiseView& noise, unsigned number) {
    Half* const to = upper_.data() + range.begin;
    for (Index i = 0; i < range.size(); ++i) {
      const std::uint32_t random = (noise.numbers[i] ^ noise.mask) >> (8 * number);
      to[i] = static_cast<Half>((bits(from[i]) + (random & 0xffff)) >> 16);
    }
  }
  // For an update soon.
  void prefetch(Range range) {
    constexpr Index kLine = 64 / sizeof(Half);
    for (Index i = range.begin; i < range.end; i += kLine) __builtin_prefetch(upper_.data() + i, 1);
  }
  bool is_finite(Range range) const {
    bool finite = true;
    for (Index i = range.begin; i < range.end; ++i) finite &= (upper_[i] & kExponent) != kExponent;
    return finite;
  }
  // Or the end of the range.
  Index first_not_finite(Range range) const {
    return std::find_if(data() + range.begin, data() + range.end,
                        [](Half half) { return (half & kExponent) == kExponent; }) -
           data();
  }

 private:
  static constexpr Half kExponent = 0x7f80;

  static std::uint32_t bits(float value) {
    std::uint32_t result;
    std::memcpy(&result, &value, sizeof result);
    return result;
  }
  static Half upper(float value) { return static_cast<Half>(bits(value) >> 16); }
  float at(Index i) const {
    const std::uint32_t wide = static_cast<std::uint32_t>(upper_[i]) << 16;
    float result;
    std::memcpy(&result, &wide, sizeof result);
    return result;
  }

  Buffer<Half> upper_;
};

}  // namespace fastmlp
