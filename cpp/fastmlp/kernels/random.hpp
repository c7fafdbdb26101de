// Random numbers for the samples of a batch, many at a time: the words of a sample are a function
// of its key alone, so they are the same for any dtype and any width of the registers.
#pragma once

#include <cstdint>

#include "fastmlp/base/rng.hpp"
#include "fastmlp/kernels/math.hpp"

namespace fastmlp {

// Where the draws come from: a seed, and three numbers that tell a sample from all others.
struct SampleKey {
  std::uint64_t seed;
  std::uint32_t place;   // of the first sample in its epoch; the others follow
  std::uint32_t stream;  // what the draws are for
  std::uint32_t epoch;
};

// The stream of draws for a purpose, in a layer.
inline std::uint32_t stream_of(Stream purpose, std::uint32_t layer = 0) {
  return static_cast<std::uint32_t>(purpose) << 16 | layer;
}

// Samples that draw side by side, and the words that each draws at once: those of two counters of
// Philox 4x32-7, the fewest rounds that pass BigCrush (Salmon et al. 2011). Two, for in each a
// multiplication waits for the last.
constexpr Index kSampleLanes = 16;
constexpr Index kCounterWords = 4;
constexpr Index kWords = 2 * kCounterWords;
using SampleWords = std::uint32_t[kWords][kSampleLanes];

// A word of each sample in 64 bits, the upper half of which is of no account.
typedef std::uint64_t WideWords __attribute__((vector_size(kVectorBytes)));
constexpr Index kWideLanes = kVectorBytes / 8;

// Words by m, in 64 bits. GCC does not see that this is what processors offer, and takes
// multiplications of 64 bits.
inline WideWords widening_product(WideWords x, std::uint32_t m) {
#if defined(__AVX512F__) && !defined(__clang__)
  typedef int Words __attribute__((vector_size(kVectorBytes)));
  typedef long long Products __attribute__((vector_size(kVectorBytes)));
  return bit_cast<WideWords>(__builtin_ia32_pmuludq512_mask(
      bit_cast<Words>(x), bit_cast<Words>(m - WideWords{}), Products{}, 0xFF));
#elif defined(__AVX2__) && !defined(__clang__)
  typedef int Words __attribute__((vector_size(kVectorBytes)));
  return bit_cast<WideWords>(
      __builtin_ia32_pmuludq256(bit_cast<Words>(x), bit_cast<Words>(m - WideWords{})));
#elif defined(__SSE2__) && !defined(__AVX__) && !defined(__clang__)
  typedef int Words __attribute__((vector_size(kVectorBytes)));
  return bit_cast<WideWords>(
      __builtin_ia32_pmuludq128(bit_cast<Words>(x), bit_cast<Words>(m - WideWords{})));
#else
  return (x & 0xFFFFFFFF) * m;
#endif
}

// Philox 4x32-7 of the counters (x0, x1, x2, x3).
inline void philox(std::uint64_t key, WideWords (&x)[kCounterWords]) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 7; ++round) {
    const WideWords product0 = widening_product(x[0], 0xD2511F53);
    const WideWords product2 = widening_product(x[2], 0xCD9E8D57);
    x[0] = (product2 >> 32) ^ x[1] ^ k0, x[1] = product2;
    x[2] = (product0 >> 32) ^ x[3] ^ k1, x[3] = product0;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
}

// words[j][s] is word `kWords * group + j` of sample s; the first n of these words at least.
inline void random_words(const SampleKey& key, std::uint32_t group, SampleWords& words,
                         Index n = kWords) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lower halves lie first in memory");
  WideWords even;
  for (std::uint32_t i = 0; i < kWideLanes; ++i) even[i] = 2 * i;
  for (std::uint32_t first = 0; first < kSampleLanes; first += 2 * kWideLanes) {
    for (std::uint32_t counter = 0; counter * kCounterWords < n; ++counter) {
      WideWords drawn[2][kCounterWords];  // of every other sample
      for (std::uint32_t odd = 0; odd < 2; ++odd) {
        WideWords(&x)[kCounterWords] = drawn[odd];
        x[0] = WideWords{} + (kWords / kCounterWords * group + counter);
        x[1] = even + (key.place + first + odd);
        x[2] = WideWords{} + key.stream, x[3] = WideWords{} + key.epoch;
        philox(key.seed, x);
      }
      for (Index j = 0; j < kCounterWords; ++j) {
        const WideWords both = (drawn[0][j] & 0xFFFFFFFF) | drawn[1][j] << 32;
        std::memcpy(words[counter * kCounterWords + j] + first, &both, sizeof both);
      }
    }
  }
}

// Which of the next words of samples are at least `threshold`, lane by lane of a pack of T.
template <class T>
inline Mask<T> words_at_least(const std::uint32_t* words, std::uint32_t threshold) {
  typedef std::uint32_t Lanes __attribute__((vector_size(4 * kLanes<T>)));
  Lanes lanes;
  std::memcpy(&lanes, words, sizeof lanes);
  return __builtin_convertvector(lanes >= threshold, Mask<T>);
}

// Taylor series of sin x / x and cos x in x², as far as |x| <= π / 4 needs them.
template <class T>
struct SinCosCoefficients;

template <>
struct SinCosCoefficients<float> {
  static constexpr double sine[] = {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880};
  static constexpr double cosine[] = {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320};
};

template <>
struct SinCosCoefficients<double> {
  static constexpr double sine[] = {1.0,          -1.0 / 6,        1.0 / 120,       -1.0 / 5040,
                                    1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800};
  static constexpr double cosine[] = {
      1.0,         -1.0 / 2,       1.0 / 24,        -1.0 / 720,
      1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200};
};

// The sine and cosine of u turns, 0 <= u < 1: Taylor series within an eighth of a turn around the
// nearest quarter q, which exchanges the two where it is odd and turns signs in two quarters of
// four.
template <class P>
inline void sincos_turns(P u, P& sine, P& cosine) {
  using M = Mask<Lane<P>>;
  const P round = constant<P>(detail::FloatTraits<Lane<P>>::round);
  const P shifted = constant<P>(4.0) * u + round;
  const M q = bit_cast<M>(shifted) - bit_cast<M>(round);
  const P x = constant<P>(6.283185307179586) * (u - constant<P>(0.25) * (shifted - round));
  const P z = x * x;
  const P s = x * polynomial(z, SinCosCoefficients<Lane<P>>::sine),
          c = polynomial(z, SinCosCoefficients<Lane<P>>::cosine);
  const M odd = (q & 1) != 0;
  constexpr int kToSign = 8 * sizeof(Lane<P>) - 2;  // from the bit of twos
  sine = bit_cast<P>(bit_cast<M>(odd ? c : s) ^ ((q & 2) << kToSign));
  cosine = bit_cast<P>(bit_cast<M>(odd ? s : c) ^ (((q + 1) & 2) << kToSign));
}

// N(0, 1) from the words of a group (Box & Muller 1958), n of them at least.
template <class T>
inline void random_normals(const SampleKey& key, std::uint32_t group,
                           T (&out)[kWords][kSampleLanes], Index n = kWords) {
  SampleWords words;
  T uniform[kWords][kSampleLanes];
  random_words(key, group, words, n);
  for (Index j = 0; j < round_up(n, 2); ++j) {
    for (Index s = 0; s < kSampleLanes; ++s) {
      uniform[j][s] = (static_cast<T>(words[j][s] >> 8) + T(0.5)) * T(0x1p-24);
    }
  }
  for (Index j = 0; j < n; j += 2) {
    for (Index s = 0; s < kSampleLanes; s += kLanes<T>) {
      const Pack<T> squared = constant<Pack<T>>(-2.0) * log_of_normal(load(uniform[j] + s));
      Pack<T> radius, sine, cosine;
      for (Index i = 0; i < kLanes<T>; ++i) radius[i] = std::sqrt(squared[i]);
      sincos_turns(load(uniform[j + 1] + s), sine, cosine);
      store(out[j] + s, radius * cosine);
      store(out[j + 1] + s, radius * sine);
    }
  }
}

}  // namespace fastmlp
