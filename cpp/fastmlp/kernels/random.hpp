// Random numbers of the samples of a batch, many at a time. The words of a sample are a function of
// its key, so they are equal for any dtype and any width of the registers.
#pragma once

#include "fastmlp/kernels/rng.hpp"

namespace fastmlp {

// Philox's key and counter of kSampleLanes samples, without the index of the draw.
struct SampleKey {
  std::uint64_t seed;
  std::uint32_t sample_index;  // of the first sample, in its epoch
  std::uint32_t stream;        // stream_of
  std::uint32_t epoch;
  const std::uint32_t* offsets = nullptr;  // of the samples, added to sample_index; null: 0, 1, …
};

// The stream of one layer.
inline std::uint32_t stream_of(Stream stream, std::uint32_t layer = 0) {
  return static_cast<std::uint32_t>(stream) << 16 | layer;
}

// Philox 4x32-7 has the fewest rounds that pass BigCrush (Salmon et al. 2011).
constexpr int kSampleRounds = 7;

// Samples per group of draws, and words per sample and group. A group takes two counters, because
// the multiplications of one wait for each other.
constexpr Index kSampleLanes = 16;
constexpr Index kWords = 2 * kCounterWords;
using SampleWords = std::uint32_t[kWords][kSampleLanes];

constexpr Index kWideLanes = kVectorBytes / 8;

// words[j][s] is word `kWords * group + j` of sample s; only the first n words are defined.
inline void random_words(const SampleKey& key, std::uint32_t group, SampleWords& words,
                         Index n = kWords) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lower half of a lane comes first");
  WideWords even;
  for (std::uint32_t i = 0; i < kWideLanes; ++i) even[i] = 2 * i;
  const auto index_of = [&](std::uint32_t lane) {
    if (!key.offsets) return even + (key.sample_index + lane);
    WideWords index;
    for (std::uint32_t i = 0; i < kWideLanes; ++i) {
      index[i] = key.sample_index + key.offsets[lane + 2 * i];
    }
    return index;
  };
  for (std::uint32_t first = 0; first < kSampleLanes; first += 2 * kWideLanes) {
    for (std::uint32_t counter = 0; counter * kCounterWords < n; ++counter) {
      WideWords drawn[2][kCounterWords];  // of every other sample
      for (std::uint32_t odd = 0; odd < 2; ++odd) {
        WideWords(&x)[kCounterWords] = drawn[odd];
        x[0] = WideWords{} + (kWords / kCounterWords * group + counter);
        x[1] = index_of(first + odd);
        x[2] = WideWords{} + key.stream, x[3] = WideWords{} + key.epoch;
        philox<kSampleRounds>(key.seed, x);
      }
      for (Index j = 0; j < kCounterWords; ++j) {
        const WideWords both = (drawn[0][j] & 0xFFFFFFFF) | drawn[1][j] << 32;
        std::memcpy(words[counter * kCounterWords + j] + first, &both, sizeof both);
      }
    }
  }
}

// Mask of words >= threshold, for a pack of samples of T.
template <class T>
inline Mask<T> words_at_least(const std::uint32_t* words, std::uint32_t threshold) {
  typedef std::uint32_t Lanes __attribute__((vector_size(4 * kLanes<T>)));
  Lanes lanes;
  std::memcpy(&lanes, words, sizeof lanes);
  return __builtin_convertvector(lanes >= threshold, Mask<T>);
}

// N(0, 1) from the words of a group; only the first n are defined. One copy, because the compiler
// is free to round the sums of products in another one differently.
template <class T>
[[gnu::noinline]] void random_normals(const SampleKey& key, std::uint32_t group,
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
      Pack<T> first, second;
      box_muller(load(uniform[j] + s), load(uniform[j + 1] + s), first, second);
      store(out[j] + s, first);
      store(out[j + 1] + s, second);
    }
  }
}

}  // namespace fastmlp
