// Random numbers for the samples of a batch, many at a time: the words of a sample are a function
// of its key alone, so they are the same for any dtype and any width of the registers.
#pragma once

#include <cstdint>

#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// Where the draws come from: a seed, and three numbers that tell a sample from all others.
struct SampleKey {
  std::uint64_t seed;
  std::uint32_t place;   // of the first sample in its epoch; the others follow
  std::uint32_t stream;  // what the draws are for
  std::uint32_t epoch;
};

// Samples that draw side by side, and the words that each draws at once: those of one counter of
// Philox 4x32-7, the fewest rounds that pass BigCrush (Salmon et al. 2011).
constexpr Index kSampleLanes = 16;
constexpr Index kWords = 4;
using SampleWords = std::uint32_t[kWords][kSampleLanes];

// words[j][s] is word `kWords * group + j` of sample s.
inline void random_words(const SampleKey& key, std::uint32_t group, SampleWords& words) {
  auto& [x0, x1, x2, x3] = words;
  for (Index s = 0; s < kSampleLanes; ++s) {
    x0[s] = group;
    x1[s] = key.place + static_cast<std::uint32_t>(s);
    x2[s] = key.stream;
    x3[s] = key.epoch;
  }
  auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 7; ++round) {
    for (Index s = 0; s < kSampleLanes; ++s) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * x0[s];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * x2[s];
      x0[s] = static_cast<std::uint32_t>(p1 >> 32) ^ x1[s] ^ k0;
      x2[s] = static_cast<std::uint32_t>(p0 >> 32) ^ x3[s] ^ k1;
      x1[s] = static_cast<std::uint32_t>(p1);
      x3[s] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

// Taylor series of sin x / x and cos x in x², as far as |x| <= π / 4 needs them.
template <class T>
struct Circle;

template <>
struct Circle<float> {
  static constexpr double sine[] = {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880};
  static constexpr double cosine[] = {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320};
};

template <>
struct Circle<double> {
  static constexpr double sine[] = {1.0,          -1.0 / 6,        1.0 / 120,       -1.0 / 5040,
                                    1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800};
  static constexpr double cosine[] = {
      1.0,         -1.0 / 2,       1.0 / 24,        -1.0 / 720,
      1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200};
};

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
  const P s = x * polynomial(z, Circle<Lane<P>>::sine), c = polynomial(z, Circle<Lane<P>>::cosine);
  const P one = constant<P>(1.0), two = constant<P>(2.0), three = constant<P>(3.0);
  sine = quarter == one ? c : quarter == two ? -s : quarter == three ? -c : s;
  cosine = quarter == one ? -s : quarter == two ? -c : quarter == three ? s : c;
}

// N(0, 1) from the words of a group (Box & Muller 1958).
template <class T>
inline void random_normals(const SampleKey& key, std::uint32_t group,
                           T (&out)[kWords][kSampleLanes]) {
  SampleWords words;
  T uniform[kWords][kSampleLanes];
  random_words(key, group, words);
  for (Index j = 0; j < kWords; ++j) {
    for (Index s = 0; s < kSampleLanes; ++s) {
      uniform[j][s] = (static_cast<T>(words[j][s] >> 8) + T(0.5)) * T(0x1p-24);
    }
  }
  for (Index j = 0; j < kWords; j += 2) {
    for (Index s = 0; s < kSampleLanes; s += kLanes<T>) {
      const Pack<T> squared = constant<Pack<T>>(-2.0) * log(load(uniform[j] + s));
      Pack<T> radius, sine, cosine;
      for (Index i = 0; i < kLanes<T>; ++i) radius[i] = std::sqrt(squared[i]);
      sincos_turns(load(uniform[j + 1] + s), sine, cosine);
      store(out[j] + s, radius * cosine);
      store(out[j + 1] + s, radius * sine);
    }
  }
}

}  // namespace fastmlp
