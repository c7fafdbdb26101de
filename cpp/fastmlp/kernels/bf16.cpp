#include "fastmlp/kernels/bf16.hpp"

#if defined(__AVX512F__) && defined(__x86_64__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "fastmlp/kernels/transpose_registers.hpp"

namespace fastmlp {
namespace {

struct CpuId {
  unsigned a = 0, b = 0, c = 0, d = 0;
  CpuId(unsigned leaf, unsigned part) { __get_cpuid_count(leaf, part, &a, &b, &c, &d); }
};

// Linux saves the tiles of a process that has asked for them (kernel 5.16).
bool may_use_tiles() {
  constexpr unsigned kTile = 1u << 24, kBf16 = 1u << 22;
  if ((CpuId(7, 0).d & (kTile | kBf16)) != (kTile | kBf16)) return false;
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Bf16Unit find_unit() {
  if (CpuId(0, 0).a < 7 || !(CpuId(7, 1).a & (1u << 5))) return Bf16Unit::none;  // AVX512_BF16
  if (may_use_tiles()) return Bf16Unit::tiles;
  constexpr unsigned kAmd = 0x68747541;  // "Auth" of AuthenticAMD
  return CpuId(0, 0).b == kAmd ? Bf16Unit::vector : Bf16Unit::none;
}

constexpr Index kLane = kLanes<float>;
typedef std::uint16_t Halves __attribute__((vector_size(kVectorBytes)));

// Pairs (a[i], b[i]), rounded.
template <int... I>
Pack<Bf16Pair> pairs_of(Pack<float> a, Pack<float> b, std::integer_sequence<int, I...>) {
  const Halves both = bit_cast<Halves>(round_bf16(a, b));
#if defined(__clang__)
  return bit_cast<Pack<Bf16Pair>>(__builtin_shufflevector(both, both, (I / 2 + I % 2 * 16)...));
#else
  return bit_cast<Pack<Bf16Pair>>(
      __builtin_shuffle(both, Halves{static_cast<std::uint16_t>(I / 2 + I % 2 * 16)...}));
#endif
}
Pack<Bf16Pair> pairs_of(Pack<float> a, Pack<float> b) {
  return pairs_of(a, b, std::make_integer_sequence<int, 32>{});
}

// The 2 kLane elements of a row from p on, zeros beyond `left`; at least a pack is read if any.
Pack<Bf16Pair> round_row(const float* p, Index left) {
  if (left >= 2 * kLane) return round_bf16(load(p), load(p + kLane));
  return round_bf16(load_row(p, left), load_row(p + kLane, left - kLane));
}

}  // namespace

Bf16Unit bf16_unit() {
  static const Bf16Unit unit = find_unit();
  return unit;
}

// By assembly here and below: with the compiler's option for these instructions the linker could
// keep, of functions that other files have too, copies that other processors cannot execute.
Pack<Bf16Pair> round_bf16(Pack<float> a, Pack<float> b) {
  Pack<Bf16Pair> rounded;
  asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(rounded) : "v"(a), "v"(b));
  return rounded;
}

void pack_bf16(Index first, const MatrixView<const float>& rows, Bf16Matrix& to) {
  for (Index i = 0; i < rows.rows; ++i) {
    const float* w = rows.row(i);
    for (Index j = 0; j < rows.cols; j += 2 * kLane) {
      store(to.at(first + i, j), round_row(w + j, rows.cols - j));
    }
  }
}

// Squares of kLane pairs of rows by kLane columns.
void pack_bf16_transposed(Index first, const MatrixView<const float>& rows, Bf16Matrix& to) {
  for (Index i = 0; i < rows.rows; i += kBf16Rows) {
    for (Index j = 0; j < rows.cols; j += kLane) {
      Pack<Bf16Pair> square[kLane];
      const auto row = [&](Index r) {
        return r < rows.rows ? load_row(rows.row(r) + j, rows.cols - j) : Pack<float>{};
      };
#pragma GCC unroll 16
      for (Index p = 0; p < kLane; ++p) square[p] = pairs_of(row(i + 2 * p), row(i + 2 * p + 1));
      transpose_stage<Bf16Pair, kLane / 2>(square, LaneIndices<Bf16Pair>{});
#pragma GCC unroll 16
      for (Index c = 0; c < kLane; ++c) store(to.at(j + c, first + i), square[c]);
    }
  }
}

void pair_rows(const PanelView<float>& x, Index rows, Index columns, Bf16Pair* to) {
  for (Index j = 0; j < columns; j += kLane) {
    const float* from = x.data + j;
    Bf16Pair* pairs = to + j;
    Index i = 0;
    for (; i + 2 <= rows; i += 2, from += 2 * x.row, pairs += kNR<float>) {
      store(pairs, pairs_of(load(from), load(from + x.row)));
    }
    if (i < rows) store(pairs, pairs_of(load(from), Pack<float>{}));
  }
}

void pair_samples(const PanelView<float>& x, Index rows, Range samples, Bf16Matrix& to) {
  const Index n = samples.size();
  for (Index i = 0; i < rows; ++i) {
    const Pack<Bf16Pair> row = round_row(x.at(i, samples.begin), n);
    store_first(to.at(i, samples.begin), row, round_up(n, kLane) / 2);
  }
}

void pair_samples(const PanelView<float>& x, Index rows, Range samples, Bf16Panels& to) {
  const Index n = samples.size(), used = ceil_div(n, 2);
  for (Index i = 0; i < rows; i += kLane) {
    Pack<Bf16Pair> square[kLane];
#pragma GCC unroll 16
    for (Index r = 0; r < kLane; ++r) {
      square[r] = i + r < rows ? round_row(x.at(i + r, samples.begin), n) : Pack<Bf16Pair>{};
    }
    transpose_stage<Bf16Pair, kLane / 2>(square, LaneIndices<Bf16Pair>{});
#pragma GCC unroll 16
    for (Index s = 0; s < kLane; ++s) {
      if (s < used) store(to.at(samples.begin / 2 + s, i), square[s]);
    }
  }
}

}  // namespace fastmlp

#else

namespace fastmlp {
Bf16Unit bf16_unit() { return Bf16Unit::none; }
}  // namespace fastmlp

#endif
