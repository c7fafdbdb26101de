// Counter-based random numbers (Philox 4x32-10; Salmon, Moraes, Dror, Shaw 2011): the i-th draw of
// a stream is a function of (seed, stream, i), so results depend neither on threads nor on what was
// drawn before, and uniform and normal are our own because the standard library's differ between
// platforms.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// What a stream of draws is for; with an epoch or a layer it makes streams that never overlap.
enum class Stream : std::uint32_t { initialization = 1, shuffle = 2, dropout = 3, noise = 4 };

// From 64 random bits a number in [0, n): the high word of n * bits (Lemire 2019; the bias of at
// most n / 2⁶⁴ cannot be seen).
inline Index uniform_index(Index n, std::uint64_t bits) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<Index>(static_cast<Wide>(bits) * static_cast<Wide>(n) >> 64);
}

class Rng {
 public:
  Rng(std::uint64_t seed, Stream purpose, std::uint32_t number)
      : key_{low(seed), high(seed)},
        stream_kind_(static_cast<std::uint32_t>(purpose)),
        number_(number) {}

  std::uint64_t next() {
    if (left_ == 0) refill();
    const std::uint32_t* word = &words_[4 - static_cast<std::size_t>(left_)];
    left_ -= 2;
    return static_cast<std::uint64_t>(word[1]) << 32 | word[0];
  }

  // In [0, 1), 53 random bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  // N(0, 1) (Box & Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

  void refill() {
    std::array<std::uint32_t, 4> x{low(counter_), high(counter_), stream_kind_, number_};
    std::array<std::uint32_t, 2> key = key_;
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = 0xD2511F53ull * x[0], p1 = 0xCD9E8D57ull * x[2];
      x = {high(p1) ^ x[1] ^ key[0], low(p1), high(p0) ^ x[3] ^ key[1], low(p0)};
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    words_ = x;
    left_ = 4;
    ++counter_;
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t stream_kind_, number_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> words_{};
  int left_ = 0;
};

}  // namespace fastmlp
