// Random numbers for rows of a batch, many at a time: the words of a row are a function of its key
// alone.
#pragma once

#include <cstdint>

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// Where a row's draws come from: a seed, and three numbers that tell it from all other rows.
struct RowKey {
  std::uint64_t seed;
  std::uint32_t place;   // of the sample in its epoch
  std::uint32_t stream;  // what the draws are for
  std::uint32_t epoch;
};

// Words drawn at once: sixteen counters of Philox 4x32-10 side by side, four words each.
constexpr Index kWordLanes = 16;
constexpr Index kWords = 4 * kWordLanes;

// The words of group `group` of a row.
inline void random_words(const RowKey& key, std::uint32_t group, std::uint32_t (&words)[kWords]) {
  std::uint32_t x0[kWordLanes], x1[kWordLanes], x2[kWordLanes], x3[kWordLanes];
  for (Index i = 0; i < kWordLanes; ++i) {
    x0[i] = group * kWordLanes + static_cast<std::uint32_t>(i);
    x1[i] = key.place;
    x2[i] = key.stream;
    x3[i] = key.epoch;
  }
  auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (Index i = 0; i < kWordLanes; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * x0[i];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * x2[i];
      x0[i] = static_cast<std::uint32_t>(p1 >> 32) ^ x1[i] ^ k0;
      x2[i] = static_cast<std::uint32_t>(p0 >> 32) ^ x3[i] ^ k1;
      x1[i] = static_cast<std::uint32_t>(p1);
      x3[i] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (Index i = 0; i < kWordLanes; ++i) {
    words[i] = x0[i];
    words[kWordLanes + i] = x1[i];
    words[2 * kWordLanes + i] = x2[i];
    words[3 * kWordLanes + i] = x3[i];
  }
}

// The sine and cosine of u turns, 0 <= u < 1: Taylor series within an eighth of a turn, then
// quarters.
template <class P>
inline void sincos_turns(P u, P& sine, P& cosine) {
  P quarter{};
  for (double border : {0.125, 0.375, 0.625, 0.875}) {
    quarter += u >= constant<P>(border) ? constant<P>(1.0) : P{};
  }
  const P x = constant<P>(6.283185307179586) * (u - constant<P>(0.25) * quarter);
  const P z = x * x;
  const P s = x * polynomial(z, {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880,
                                 -1.0 / 39916800, 1.0 / 6227020800});
  const P c = polynomial(z, {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                             1.0 / 479001600, -1.0 / 87178291200});
  const P one = constant<P>(1.0), two = constant<P>(2.0), three = constant<P>(3.0);
  sine = quarter == one ? c : quarter == two ? -s : quarter == three ? -c : s;
  cosine = quarter == one ? -s : quarter == two ? -c : quarter == three ? s : c;
}

// N(0, 1) from the words of group `group` of a row (Box & Muller 1958).
template <class T>
inline void random_normals(const RowKey& key, std::uint32_t group, T (&out)[kWords]) {
  std::uint32_t words[kWords];
  T uniform[kWords];
  random_words(key, group, words);
  for (Index i = 0; i < kWords; ++i) {
    uniform[i] = (static_cast<T>(words[i] >> 8) + T(0.5)) * T(0x1p-24);
  }
  constexpr Index kHalf = kWords / 2;
  for (Index i = 0; i < kHalf; i += kLanes<T>) {
    Pack<T> radius = constant<Pack<T>>(-2.0) * log(load(uniform + i)), sine, cosine;
    for (Index j = 0; j < kLanes<T>; ++j) radius[j] = std::sqrt(radius[j]);
    sincos_turns(load(uniform + kHalf + i), sine, cosine);
    store(out + i, radius * cosine);
    store(out + kHalf + i, radius * sine);
  }
}

}  // namespace fastmlp
