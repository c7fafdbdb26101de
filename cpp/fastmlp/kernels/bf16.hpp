// Operands of products in bfloat16, the upper half of a float: float32's exponent, 8 significant
// bits. Sums stay in float32. Both operands hold pairs of neighbours in k, the low half first,
// because the instructions multiply pairs:
//   C (m, n) += A[:, 2k] B[2k, :] + A[:, 2k + 1] B[2k + 1, :]
// A pair has the size of a float, so B lies in the panels of float operands, at half the height;
// A is row-major. Where the number of rows of B is odd, the last partner is 0 in both.
#pragma once

#include "fastmlp/kernels/gemm.hpp"

namespace fastmlp {

#if defined(__AVX512F__) && defined(__x86_64__)
constexpr bool kHasBf16 = true;
#else
constexpr bool kHasBf16 = false;
#endif

// What multiplies bfloat16 here, faster than float32 is multiplied: `vector` is vdpbf16ps, `tiles`
// are those of AMX. The rule is a fixed one, because bits would follow a measurement: AMX where the
// system permits its registers, else vdpbf16ps on processors of AMD, from Zen 4 on twice as fast as
// float32; others with this instruction execute it at half the rate.
enum class Bf16Unit { none, vector, tiles };
Bf16Unit bf16_unit();

using Bf16Pair = std::uint32_t;

// Inputs and outputs of a layer, and samples of a batch, from which rounding the operands of its
// products costs less than it gains.
constexpr Index kMinBf16Width = 64, kMinBf16Samples = 16;

// Rows of W that are packed together: a pack of pairs, one cache line of the transpose.
constexpr Index kBf16Rows = 32;

// Row-major pairs, (rows, k). Products read whole tiles of rows, up to kBf16Rows beyond the last.
class Bf16Matrix {
 public:
  Bf16Matrix() = default;
  Bf16Matrix(Index rows, Index k)
      : stride_(padded<Bf16Pair>(ceil_div(k, 2))), buffer_((rows + kBf16Rows) * stride_) {}

  bool empty() const { return stride_ == 0; }
  Index stride() const { return stride_; }
  // The pair of elements k and k + 1, k even.
  Bf16Pair* at(Index i, Index k) { return buffer_.data() + i * stride_ + k / 2; }
  const Bf16Pair* at(Index i, Index k) const { return const_cast<Bf16Matrix*>(this)->at(i, k); }

 private:
  Index stride_ = 0;
  Buffer<Bf16Pair> buffer_;
};

// Panels of pairs of rows, (k, n).
using Bf16Panels = PanelMatrix<Bf16Pair>;
inline Bf16Panels bf16_panels(Index k, Index n) { return {ceil_div(k, 2), n}; }

// The 2 kLanes elements of a and b, rounded to the nearest, ties to even; subnormals are 0.
Pack<Bf16Pair> round_bf16(Pack<float> a, Pack<float> b);

// to[i, k] = rows[i, k]: rows of W as operand A.
void pack_bf16(Index first, const MatrixView<const float>& rows, Bf16Matrix& to);
// to[k, i] = rows[i, k] with pairs of rows, from `first` on, a multiple of kBf16Rows: Wᵀ as A.
void pack_bf16_transposed(Index first, const MatrixView<const float>& rows, Bf16Matrix& to);

// Operands of X (rows, samples) in one panel. Pairs of rows: X as B, for `columns` from the view's
// first on.
void pair_rows(const PanelView<float>& x, Index rows, Index columns, Bf16Pair* to);
// Pairs of samples: X as A, and Xᵀ as B.
void pair_samples(const PanelView<float>& x, Index rows, Range samples, Bf16Matrix& to);
void pair_samples(const PanelView<float>& x, Index rows, Range samples, Bf16Panels& to);

// gemm of `pairs` of k. The sum of an element is in a fixed order of k, which depends on the unit
// alone; the bias comes last.
void gemm(Index m, Index n, Index pairs, const Bf16Pair* a, Index lda, const PanelView<Bf16Pair>& b,
          float* c, Index ldc, const float* bias = nullptr, const Epilogue<float>& epilogue = {});

}  // namespace fastmlp
