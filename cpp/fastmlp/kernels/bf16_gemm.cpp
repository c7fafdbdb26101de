#include "fastmlp/kernels/bf16_tiles.hpp"

#if defined(__AVX512F__) && defined(__x86_64__)

#include <array>
#include <utility>

namespace fastmlp {
namespace {

// The tiles of the processor; `Stride` in pairs or floats. Registers are numbers in the
// instructions, and no compiler allocates them.
class AmxTiles {
 public:
  AmxTiles() {
    struct alignas(64) {
      std::uint8_t palette = 1, start = 0, reserved[14] = {};
      std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    asm volatile("ldtilecfg %0" : : "m"(config));
  }
  ~AmxTiles() { asm volatile("tilerelease" : : : "memory"); }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  template <int Tile>
  void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
  }
  template <int Tile>
  void load(const Bf16Pair* from, Index stride) {
    asm volatile("tileloadd (%0,%1,4), %%tmm%c2" : : "r"(from), "r"(stride), "i"(Tile) : "memory");
  }
  template <int Tile>
  // NOLINTNEXTLINE(readability-non-const-parameter): the instruction writes there
  void store(float* to, Index stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,4)" : : "r"(to), "r"(stride), "i"(Tile) : "memory");
  }
  // Sum += A B
  template <int Sum, int A, int B>
  void multiply() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(A), "i"(B));
  }
};

struct Block {
  Index pairs;
  const Bf16Pair* a;
  Index lda;
  const Bf16Pair* b;
  Index ldb;
  const Bf16Pair* next;  // rows of A, to prefetch
};

// The sums of Rows x Packs packs, in registers over k.
template <int Rows, int Packs>
void micro_kernel(const Block& block, float* sums) {
  const Bf16Pair *a = block.a, *b = block.b, *next = block.next;
  const Index pairs = block.pairs, lda = block.lda, ldb = block.ldb;
  Pack<float> sum[Rows][Packs] = {};
  for (Index k = 0; k < pairs; ++k, ++a, b += ldb) {
    Pack<Bf16Pair> row[Packs];
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) row[j] = load(b + j * kLanes<Bf16Pair>);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const Pack<Bf16Pair> element = a[i * lda] - Pack<Bf16Pair>{};
#pragma GCC unroll 2
      for (int j = 0; j < Packs; ++j) {
        asm("vdpbf16ps %2, %1, %0" : "+v"(sum[i][j]) : "v"(element), "v"(row[j]));
      }
    }
    __builtin_prefetch(next, 0, 2);
    next += Rows;
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Packs; ++j) store(sums + i * kBlockColumns + j * kLanes<float>, sum[i][j]);
  }
}

using Kernel = void (*)(const Block&, float*);
template <int Packs, std::size_t... Rows>
constexpr std::array<Kernel, sizeof...(Rows)> kernels(std::index_sequence<Rows...>) {
  return {micro_kernel<static_cast<int>(Rows) + 1, Packs>...};
}
constexpr std::array<std::array<Kernel, kMR>, kPanelPacks> kKernels = {
    kernels<1>(std::make_index_sequence<kMR>{}), kernels<2>(std::make_index_sequence<kMR>{})};

// Panels from right to left, each in blocks of nearly equal height.
void gemm_by_vectors(Index m, Index n, Index pairs, const Bf16Pair* a, Index lda,
                     const PanelView<Bf16Pair>& b, float* c, Index ldc, const float* bias,
                     const Epilogue<float>& epilogue) {
  const Index blocks = ceil_div(m, kMR);
  for (Index j = (n - 1) / kNR<float> * kNR<float>; j >= 0; j -= kNR<float>) {
    const auto& by_rows = kKernels[n - j > kLanes<float> ? 1 : 0];
    for (Index i = 0; i < blocks; ++i) {
      const Index first = i * m / blocks, end = (i + 1) * m / blocks;
      alignas(64) float sums[kMR * kBlockColumns];
      by_rows[static_cast<std::size_t>(end - first - 1)](
          {pairs, a + first * lda, lda, b.at(0, j), b.row, a + end * lda}, sums);
      Epilogue<float> block = epilogue;
      if (block.h) block.h += first * ldc + j;
      finish_block(end - first, std::min(kNR<float>, n - j), sums, c + first * ldc + j, ldc,
                   bias ? bias + first : nullptr, block);
    }
  }
}

}  // namespace

void gemm(Index m, Index n, Index pairs, const Bf16Pair* a, Index lda, const PanelView<Bf16Pair>& b,
          float* c, Index ldc, const float* bias, const Epilogue<float>& epilogue) {
  if (m == 0 || n == 0) return;
  const auto multiply = bf16_unit() == Bf16Unit::tiles ? gemm_by_tiles<AmxTiles> : gemm_by_vectors;
  const Index rows = epilogue.function ? kL1Rows<float> : m;
  for (Index i = 0; i < m; i += rows) {
    const Index count = std::min(rows, m - i);
    Epilogue<float> part = epilogue;
    if (part.h) part.h += i * ldc;
    multiply(count, n, pairs, a + i * lda, lda, b, c + i * ldc, ldc, bias ? bias + i : nullptr,
             part);
    if (epilogue.function) epilogue.function->apply(c + i * ldc, count, n, ldc);
  }
}

}  // namespace fastmlp

#endif
