// Vector registers as values: Pack<float> is one register of floats on this instruction set.
// Compiler vector extensions (GCC, Clang): arithmetic and comparisons are element-wise operators.
#pragma once

#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kVectorRegisters = 32;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
constexpr int kVectorRegisters = 16;
#else
constexpr int kVectorBytes = 16;
constexpr int kVectorRegisters = 16;
#endif

template <class T>
struct Simd {
  static constexpr Index size = kVectorBytes / sizeof(T);
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef T Pack __attribute__((vector_size(kVectorBytes)));
  typedef T Half __attribute__((vector_size(kVectorBytes / 2)));
  typedef Bits Mask __attribute__((vector_size(kVectorBytes)));
  typedef std::make_unsigned_t<Bits> Unsigned __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};

template <class T>
using Pack = typename Simd<T>::Pack;
template <class T>
using Mask = typename Simd<T>::Mask;

template <class T>
inline constexpr Index kLanes = Simd<T>::size;

// Element type of a pack or half pack.
template <class P>
using Lane = std::decay_t<decltype(std::declval<P&>()[0])>;

template <class T>
inline Pack<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Unaligned*>(p);
}

template <class P>
inline P load_as(const Lane<P>* p) {
  P v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
inline void store(T* p, Pack<T> v) {
  *reinterpret_cast<typename Simd<T>::Unaligned*>(p) = v;
}

// Store that bypasses the caches, for memory that is not read soon; p is aligned to a pack. Other
// threads may read it after store_fence.
template <class T>
inline void store_nontemporal(T* p, Pack<T> v) {
#if defined(__clang__)
  __builtin_nontemporal_store(v, reinterpret_cast<Pack<T>*>(p));
#elif defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) __builtin_ia32_movntps512(p, v);
  if constexpr (sizeof(T) == 8) __builtin_ia32_movntpd512(p, v);
#elif defined(__AVX__)
  if constexpr (sizeof(T) == 4) __builtin_ia32_movntps256(p, v);
  if constexpr (sizeof(T) == 8) __builtin_ia32_movntpd256(p, v);
#else
  store(p, v);
#endif
}
inline void store_fence() {
#if defined(__SSE2__)
  __builtin_ia32_sfence();
#endif
}

constexpr int kCurrentRounding = 4;  // _MM_FROUND_CUR_DIRECTION

// a < b ? a : b and a > b ? a : b, so b if either is nan. By intrinsics, because GCC does not
// recognise the instructions for packs of 64 bytes.
template <class P>
inline P min(P a, P b) {
#if defined(__AVX512F__) && !defined(__clang__)
  if constexpr (std::is_same_v<P, Pack<float>>) {
    return __builtin_ia32_minps512_mask(a, b, P{}, -1, kCurrentRounding);
  }
  if constexpr (std::is_same_v<P, Pack<double>>) {
    return __builtin_ia32_minpd512_mask(a, b, P{}, -1, kCurrentRounding);
  }
#endif
  return a < b ? a : b;
}

template <class P>
inline P max(P a, P b) {
#if defined(__AVX512F__) && !defined(__clang__)
  if constexpr (std::is_same_v<P, Pack<float>>) {
    return __builtin_ia32_maxps512_mask(a, b, P{}, -1, kCurrentRounding);
  }
  if constexpr (std::is_same_v<P, Pack<double>>) {
    return __builtin_ia32_maxpd512_mask(a, b, P{}, -1, kCurrentRounding);
  }
#endif
  return a > b ? a : b;
}

// std::bit_cast of C++20.
template <class To, class From>
inline To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

// Copies n < 2 * Size elements by powers of two, which is faster than a call of memcpy.
template <class T, Index Size = kLanes<T> / 2>
inline void copy_few(Index n, const T* from, T* to) {
  if (n & Size) {
    std::memcpy(to, from, Size * sizeof(T));
    from += Size;
    to += Size;
  }
  if constexpr (Size > 1) copy_few<T, Size / 2>(n, from, to);
}

// The first `count` <= kLanes lanes from memory, zeros in the others: the ragged end of a row.
template <class T>
inline Pack<T> load_first(const T* p, Index count) {
  if (count == kLanes<T>) return load(p);
#if defined(__AVX512F__) && !defined(__clang__)
  using Lanes = std::conditional_t<sizeof(T) == 4, std::uint16_t, std::uint8_t>;
  const auto lanes = static_cast<Lanes>((1u << count) - 1);
  if constexpr (sizeof(T) == 4) return __builtin_ia32_loadups512_mask(p, Pack<T>{}, lanes);
  if constexpr (sizeof(T) == 8) return __builtin_ia32_loadupd512_mask(p, Pack<T>{}, lanes);
#else
  T lanes[kLanes<T>] = {};
  copy_few(count, p, lanes);
  return load(lanes);
#endif
}

// The next pack of a row with `left` remaining elements, zeros after its end.
template <class T>
inline Pack<T> load_row(const T* p, Index left) {
  return left >= kLanes<T> ? load(p) : left > 0 ? load_first(p, left) : Pack<T>{};
}

// The first `count` <= kLanes lanes to memory.
template <class T>
inline void store_first(T* p, Pack<T> v, Index count) {
  if (count == kLanes<T>) return store(p, v);
  T lanes[kLanes<T>];
  store(lanes, v);
  copy_few(count, lanes, p);
}

// Lane i of the result is lane I_i of the concatenation of a and b.
template <class T, int... I>
inline Pack<T> shuffle(Pack<T> a, Pack<T> b, std::integer_sequence<int, I...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, I...);
#else
  return __builtin_shuffle(a, b, Mask<T>{I...});
#endif
}

template <class T>
using LaneIndices = std::make_integer_sequence<int, static_cast<int>(kLanes<T>)>;

// Exchanges the halves of each group of 2 * Half lanes.
template <class T, int Half, int... I>
inline Pack<T> swap_halves(Pack<T> v, std::integer_sequence<int, I...>) {
  return shuffle<T>(v, v, std::integer_sequence<int, (I ^ Half)...>{});
}

// The lower (upper) halves of a and b in each group of 2 * Half lanes.
template <class T, int Half, int... I>
inline Pack<T> lower_halves(Pack<T> a, Pack<T> b, std::integer_sequence<int, I...>) {
  constexpr int kN = static_cast<int>(kLanes<T>);
  return shuffle<T>(a, b, std::integer_sequence<int, (I & Half ? kN + I - Half : I)...>{});
}
template <class T, int Half, int... I>
inline Pack<T> upper_halves(Pack<T> a, Pack<T> b, std::integer_sequence<int, I...>) {
  constexpr int kN = static_cast<int>(kLanes<T>);
  return shuffle<T>(a, b, std::integer_sequence<int, (I & Half ? kN + I : I + Half)...>{});
}

// Pairwise sums of the first Left packs over groups of 2 * Half lanes; a single pack is folded with
// itself.
template <class T, int Left, int Half, int Count>
inline Pack<T> fold_pairs(Pack<T> (&v)[Count]) {
  if constexpr (Half == 0) {
    return v[0];
  } else {
    constexpr int kPairs = Left > 1 ? Left / 2 : 1;
#pragma GCC unroll 8
    for (int i = 0; i < kPairs; ++i) {
      const Pack<T> other = v[Left > 1 ? i + kPairs : i];
      v[i] = lower_halves<T, Half>(v[i], other, LaneIndices<T>{}) +
             upper_halves<T, Half>(v[i], other, LaneIndices<T>{});
    }
    return fold_pairs<T, kPairs, Half / 2>(v);
  }
}

// Moves lanes 0, Distance, 2 Distance, … to the front.
template <class T, int Distance, int... I>
inline Pack<T> extract_strided(Pack<T> v, std::integer_sequence<int, I...>) {
  constexpr int kN = static_cast<int>(kLanes<T>);
  return shuffle<T>(v, v, std::integer_sequence<int, (I * Distance % kN)...>{});
}

// Lane i of the result is the sum of pack i, in the order of reduce; Count is a power of two.
template <class T, int Count>
inline Pack<T> sum_each(Pack<T> (&v)[Count]) {
  constexpr int kLast = static_cast<int>(kLanes<T>);
  return extract_strided<T, kLast / Count>(fold_pairs<T, Count, kLast / 2>(v), LaneIndices<T>{});
}

// Reduction over all lanes by halving, which fixes the order.
template <class T, int Half = static_cast<int>(kLanes<T>) / 2, class Combine>
inline T reduce(Pack<T> v, Combine combine) {
  if constexpr (Half == 0) {
    return v[0];
  } else {
    return reduce<T, Half / 2>(combine(v, swap_halves<T, Half>(v, LaneIndices<T>{})), combine);
  }
}

template <class T>
inline T reduce_add(Pack<T> v) {
  return reduce<T>(v, [](Pack<T> x, Pack<T> y) { return x + y; });
}

// Whether any lane of a comparison is true.
template <class M>
inline bool has_any(M comparison) {
  std::uint64_t words[sizeof(M) / sizeof(std::uint64_t)], any = 0;
  std::memcpy(words, &comparison, sizeof words);
  for (const std::uint64_t word : words) any |= word;
  return any != 0;
}

// Mask of the first `count` lanes, the valid ones of a row's last pack.
template <class T>
inline Mask<T> first_lanes(Index count) {
  Mask<T> lane;
  for (Index i = 0; i < kLanes<T>; ++i) lane[i] = static_cast<typename Simd<T>::Bits>(i);
  return lane < static_cast<typename Simd<T>::Bits>(count);
}

}  // namespace fastmlp
