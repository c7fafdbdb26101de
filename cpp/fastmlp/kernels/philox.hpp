// Philox 4x32, a counter-based generator (Salmon, Moraes, Dror & Shaw 2011): four random words are
// a function of a counter of four words and a key of two, so draws depend neither on threads nor on
// earlier draws.
#pragma once

#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

constexpr int kCounterWords = 4;

// Words of 32 bits in lanes of 64 bits, of which the upper halves are ignored.
typedef std::uint64_t WideWords __attribute__((vector_size(kVectorBytes)));

// The lower word of x times m, in 64 bits.
inline std::uint64_t widening_product(std::uint64_t x, std::uint32_t m) {
  return (x & 0xFFFFFFFF) * m;
}

// The same per lane. By intrinsics, because GCC does not recognise the instruction and multiplies
// all 64 bits.
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

// Philox 4x32-Rounds of the counters x, one (Word = std::uint64_t) or one per lane (WideWords).
// Only the lower 32 bits of the results are random words.
template <int Rounds, class Word>
inline void philox(std::uint64_t key, Word (&x)[kCounterWords]) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < Rounds; ++round) {
    const Word product0 = widening_product(x[0], 0xD2511F53);
    const Word product2 = widening_product(x[2], 0xCD9E8D57);
    x[0] = (product2 >> 32) ^ x[1] ^ k0, x[1] = product2;
    x[2] = (product0 >> 32) ^ x[3] ^ k1, x[3] = product0;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
}

}  // namespace fastmlp
