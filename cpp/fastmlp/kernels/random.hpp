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
inline std::uint32_t stream_of(Purpose purpose, std::uint32_t layer = 0) {
  return static_cast<std::uint32_t>(purpose) << 16 | layer;
}

// Samples that draw side by side, and the words that each draws at once: those of one counter of
// Philox 4x32-7, the fewest rounds that pass BigCrush (Salmon et al. 2011).
constexpr Index kSampleLanes = 16;
constexpr Index kWords = 4;
using SampleWords = std::uint32_t[kWords][kSampleLanes];

// Words of as many samples as fit a register, and the same bits as pairs of words. Written so,
// for compilers make scalars of loops over words where they are inlined.
typedef std::uint32_t WordPack __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t WordPairs __attribute__((vector_size(kVectorBytes)));
constexpr Index kWordLanes = kVectorBytes / 4;

// x * m in 64 bits, word by word: low becomes its lower half; returns the upper one.
inline WordPack multiply_words(WordPack x, std::uint64_t m, WordPack& low) {
  constexpr std::uint64_t kLower = 0xFFFFFFFF;
  const WordPairs even = (bits<WordPairs>(x) & kLower) * m, odd = (bits<WordPairs>(x) >> 32) * m;
  low = bits<WordPack>((even & kLower) | (odd << 32));
  return bits<WordPack>((even >> 32) | (odd & ~kLower));
}

// words[j][s] is word `kWords * group + j` of sample s.
inline void random_words(const SampleKey& key, std::uint32_t group, SampleWords& words) {
  WordPack sample;
  for (std::uint32_t s = 0; s < kWordLanes; ++s) sample[s] = s;
  for (std::uint32_t first = 0; first < kSampleLanes; first += kWordLanes) {
    WordPack x0{}, x1 = sample + (key.place + first), x2{}, x3{};
    x0 += group, x2 += key.stream, x3 += key.epoch;
    auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
    for (int round = 0; round < 7; ++round) {
      WordPack low0, low2;
      const WordPack high0 = multiply_words(x0, 0xD2511F53, low0);
      const WordPack high2 = multiply_words(x2, 0xCD9E8D57, low2);
      x0 = high2 ^ x1 ^ k0, x2 = high0 ^ x3 ^ k1;
      x1 = low2, x3 = low0;
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    const WordPack drawn[kWords] = {x0, x1, x2, x3};
    for (Index j = 0; j < kWords; ++j) std::memcpy(words[j] + first, &drawn[j], sizeof drawn[j]);
  }
}

// Which of the next words of samples are at least `threshold`, lane by lane of a pack of T.
template <class T>
inline Mask<T> words_from(const std::uint32_t* words, std::uint32_t threshold) {
  typedef std::uint32_t Lanes __attribute__((vector_size(4 * kLanes<T>)));
  Lanes lanes;
  std::memcpy(&lanes, words, sizeof lanes);
  return __builtin_convertvector(lanes >= threshold, Mask<T>);
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

// The sine and cosine of u turns, 0 <= u < 1: Taylor series within an eighth of a turn around the
// nearest quarter q, which exchanges the two where it is odd and turns signs in two quarters of
// four.
template <class P>
inline void sincos_turns(P u, P& sine, P& cosine) {
  using M = Mask<Lane<P>>;
  const P round = constant<P>(detail::Format<Lane<P>>::round);
  const P shifted = constant<P>(4.0) * u + round;
  const M q = bits<M>(shifted) - bits<M>(round);
  const P x = constant<P>(6.283185307179586) * (u - constant<P>(0.25) * (shifted - round));
  const P z = x * x;
  const P s = x * polynomial(z, Circle<Lane<P>>::sine), c = polynomial(z, Circle<Lane<P>>::cosine);
  const M odd = (q & 1) != 0;
  constexpr int kToSign = 8 * sizeof(Lane<P>) - 2;  // from the bit of twos
  sine = bits<P>(bits<M>(odd ? c : s) ^ ((q & 2) << kToSign));
  cosine = bits<P>(bits<M>(odd ? s : c) ^ (((q + 1) & 2) << kToSign));
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
      const Pack<T> squared = constant<Pack<T>>(-2.0) * log_normal(load(uniform[j] + s));
      Pack<T> radius, sine, cosine;
      for (Index i = 0; i < kLanes<T>; ++i) radius[i] = std::sqrt(squared[i]);
      sincos_turns(load(uniform[j + 1] + s), sine, cosine);
      store(out[j] + s, radius * cosine);
      store(out[j + 1] + s, radius * sine);
    }
  }
}

}  // namespace fastmlp
