#include "fastmlp/kernels/bf16_tiles.hpp"
#include "testing.hpp"

using namespace fastmlp;

#if defined(__AVX512F__) && defined(__x86_64__)
namespace {

// Instructions that only some processors have; elsewhere the test says that it was skipped.
bool has_bf16() {
  const bool has = __builtin_cpu_supports("avx512bf16");
  if (!has) MESSAGE("skipped: this processor has no AVX512-BF16");
  return has;
}

std::uint32_t bits(float x) { return bit_cast<std::uint32_t>(x); }
float low(Bf16Pair pair) { return bit_cast<float>(pair << 16); }
float high(Bf16Pair pair) { return bit_cast<float>(pair & 0xffff0000u); }
float half(Bf16Pair pair, Index k) { return k % 2 == 0 ? low(pair) : high(pair); }

// To nearest, ties to even; the independent formula adds half a unit, less one where that is even.
float rounded(float x) {
  if (std::isnan(x) || std::isinf(x)) return x;
  if (std::abs(x) < std::numeric_limits<float>::min()) return std::copysign(0.0f, x);
  return bit_cast<float>((bits(x) + 0x7fffu + (bits(x) >> 16 & 1u)) & 0xffff0000u);
}

// Intel's description of the tiles, in plain C++: in `multiply` the products of even and of odd k
// are summed by themselves, then added to each other, then to the sum.
struct EmulatedTiles {
  std::uint32_t tile[8][16][16] = {};

  template <int Tile>
  void zero() {
    std::memset(tile[Tile], 0, sizeof tile[Tile]);
  }
  template <int Tile>
  void load(const Bf16Pair* from, Index stride) {
    for (Index r = 0; r < 16; ++r) std::copy_n(from + r * stride, 16, tile[Tile][r]);
  }
  template <int Tile>
  void store(float* to, Index stride) {
    for (Index r = 0; r < 16; ++r) {
      for (Index c = 0; c < 16; ++c) to[r * stride + c] = bit_cast<float>(tile[Tile][r][c]);
    }
  }
  template <int Sum, int A, int B>
  void multiply() {
    for (Index m = 0; m < 16; ++m) {
      for (Index n = 0; n < 16; ++n) {
        float even = 0, odd = 0;
        for (Index k = 0; k < 16; ++k) {
          even = std::fma(low(tile[A][m][k]), low(tile[B][k][n]), even);
          odd = std::fma(high(tile[A][m][k]), high(tile[B][k][n]), odd);
        }
        std::uint32_t& sum = tile[Sum][m][n];
        sum = bits(bit_cast<float>(sum) + (even + odd));
      }
    }
  }
};

// C = A B with its operands, A (m, k) and B (k, n), in memory of exactly their size.
struct Bf16Product {
  Index m, n, k, ldc;
  std::vector<float> w, x, bias, h, c;
  Bf16Matrix a;
  PanelMatrix<float> panels;
  Bf16Panels b;

  Bf16Product(Index m, Index n, Index k, bool whole_numbers, Index padding = 0)
      : m(m), n(n), k(k), ldc(n + padding), a(m, k), panels(k, n), b(bf16_panels(k, n)) {
    const auto draw = [&](Index size, std::uint64_t seed) {
      return whole_numbers ? integers<float>(size, seed) : uniform<float>(size, seed);
    };
    w = draw(m * k, 1);
    x = draw(k * n, 2);
    bias = draw(m, 3);
    h = draw(m * ldc + kLanes<float>, 4);
    for (float& value : h) value = std::max(0.0f, value);
    c = draw(m * ldc + kLanes<float>, 5);
    pack_bf16(0, {w.data(), m, k, k}, a);
    for (Index i = 0; i < k; ++i) {
      for (Index j = 0; j < n; ++j) *panels.at(i, j) = x[i * n + j];
    }
    for (Index j = 0; j < n; j += kNR<float>) {
      pair_rows(panels.panel(j), k, std::min(kNR<float>, n - j), b.at(0, j));
    }
  }
  template <class F>
  void compute(F&& multiply, const Epilogue<float>& epilogue = {}) {
    multiply(m, n, ceil_div(k, 2), a.at(0, 0), a.stride(), b.panels(), c.data(), ldc, bias.data(),
             epilogue);
  }
  // The sum of the products of rounded operands, and of their absolute values.
  std::pair<double, double> element(Index i, Index j) const {
    double sum = bias[i], size = std::abs(bias[i]);
    for (Index l = 0; l < k; ++l) {
      const double product = double(rounded(w[i * k + l])) * double(rounded(x[l * n + j]));
      sum += product;
      size += std::abs(product);
    }
    return {sum, size};
  }
};

using Multiply = void (*)(Index, Index, Index, const Bf16Pair*, Index, const PanelView<Bf16Pair>&,
                          float*, Index, const float*, const Epilogue<float>&);
constexpr Multiply kOnProcessor = &gemm, kEmulated = &gemm_by_tiles<EmulatedTiles>;

template <class F>
void for_units(F&& f) {
  if (has_bf16() && bf16_unit() != Bf16Unit::none) f(kOnProcessor);
  f(kEmulated);
}

Index wrong_elements(Multiply multiply, Bf16Product product, const Epilogue<float>& epilogue) {
  const std::vector<float> old = product.c;
  Epilogue<float> with_h = epilogue;
  if (epilogue.h) with_h.h = product.h.data();
  product.compute(multiply, with_h);
  Index wrong = 0;
  for (Index i = 0; i < product.m; ++i) {
    for (Index j = 0; j < product.n; ++j) {
      const Index at = i * product.ldc + j;
      double expected = product.element(i, j).first + (epilogue.accumulate ? old[at] : 0.0f);
      if (epilogue.relu) expected = std::max(0.0, expected);
      if (epilogue.h) expected *= product.h[at] > 0;
      wrong += product.c[at] != expected;
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("rounding is to nearest, ties to even, and keeps inf and nan") {
  if (!has_bf16()) return;
  std::vector<float> values = uniform<float>(1024, 1);
  for (const std::uint32_t each :
       {0x3f808000u, 0x3f818000u, 0x3f808001u, 0x3f807fffu, 0x7f7fffffu, 0xff7f8000u, 0x7f800000u,
        0xff800000u, 0x00000001u, 0x807fffffu, 0x00800000u, 0x80000000u}) {
    values.push_back(bit_cast<float>(each));
  }
  for (const float x : values) {
    const Pack<Bf16Pair> pairs = round_bf16(Pack<float>{} + x, Pack<float>{} - x);
    CHECK(bits(low(pairs[0])) == bits(rounded(0.0f + x)));
    CHECK(bits(high(pairs[kLanes<float> - 1])) == bits(rounded(0.0f - x)));
  }
  CHECK(std::isnan(low(round_bf16(Pack<float>{} + kNan<float>, Pack<float>{})[0])));
}

TEST_CASE("rounded operands hold the pairs that their layouts promise, and zeros for none") {
  if (!has_bf16()) return;
  Index wrong = 0;
  for (const Index rows : {1, 2, 15, 16, 31, 33, 64, 70}) {
    for (const Index columns : {1, 2, 7, 16, 17, 32, 45, 64}) {
      const auto w = uniform<float>(rows * columns, 7);
      Bf16Matrix plain(rows, columns), transposed(columns, rows);
      for (Index first = 0; first < rows; first += kBf16Rows) {
        const Index count = std::min(kBf16Rows, rows - first);
        const MatrixView<const float> part{w.data() + first * columns, count, columns, columns};
        pack_bf16(first, part, plain);
        pack_bf16_transposed(first, part, transposed);
      }
      PanelMatrix<float> x(rows, columns);  // (features, samples)
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < round_up(columns, kNR<float>); ++j) {
          *x.at(i, j) = j < columns ? w[i * columns + j] : kNan<float>;
        }
      }
      for (const Index width : {kNR<float>, kNR<float> / 2}) {
        Bf16Matrix by_samples(rows, columns);
        Bf16Panels turned = bf16_panels(columns, rows), by_rows = bf16_panels(rows, columns);
        for (Index i = 0; i < ceil_div(columns, width); ++i) {
          const Range samples = tile(i, width, columns);
          pair_samples(x.panels(), rows, samples, by_samples);
          pair_samples(x.panels(), rows, samples, turned);
          pair_rows(x.panel(samples.begin), rows, samples.size(), by_rows.at(0, samples.begin));
        }
        for (Index i = 0; i < round_up(rows, 2); ++i) {
          for (Index j = 0; j < round_up(columns, 2); ++j) {
            const bool inside = i < rows && j < columns;
            const float expected = inside ? rounded(w[i * columns + j]) : 0.0f;
            if (j < columns) wrong += half(*transposed.at(j, i / 2 * 2), i) != expected;
            if (j < columns) wrong += half(*by_rows.at(i / 2, j), i) != expected;
            if (i >= rows) continue;
            wrong += half(*plain.at(i, j / 2 * 2), j) != expected;
            wrong += half(*by_samples.at(i, j / 2 * 2), j) != expected;
            wrong += half(*turned.at(j / 2, i), j) != expected;
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a rounded product is the sum of products at all edges, on the processor and by tiles") {
  if (!has_bf16()) return;
  for_units([](Multiply multiply) {
    Index wrong = 0;
    for (Index m = 1; m <= 40; ++m) {
      for (const Index n : {1, 2, 15, 16, 17, 31, 32, 33, 40, 64, 65}) {
        for (const Index k : {1, 2, 5, 31, 32, 33, 70}) {
          wrong += wrong_elements(multiply, {m, n, k, true, (m + n) % 3}, {});
        }
      }
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("epilogues of rounded products are those of float32") {
  if (!has_bf16()) return;
  const float any = 0;
  for_units([&](Multiply multiply) {
    for (const auto& [m, n] : {std::pair<Index, Index>{12, 32}, {35, 40}, {7, 16}, {33, 90}}) {
      for (const bool accumulate : {false, true}) {
        const Bf16Product product(m, n, 19, true, n % 32);
        CHECK(wrong_elements(multiply, product, {true, nullptr, nullptr, accumulate}) == 0);
        CHECK(wrong_elements(multiply, product, {false, &any, nullptr, accumulate}) == 0);
        CHECK(wrong_elements(multiply, product, {false, nullptr, nullptr, accumulate}) == 0);
      }
    }
  });
}

// Of a sum of k products in float32: k rounding errors of at most 2^-24 of the sum of sizes.
TEST_CASE("the error of a rounded product is that of its sums in float32") {
  if (!has_bf16()) return;
  for_units([](Multiply multiply) {
    for (const Index k : {64, 785, 2048}) {
      Bf16Product product(45, 50, k, false);
      product.compute(multiply);
      double worst = 0;
      for (Index i = 0; i < product.m; ++i) {
        for (Index j = 0; j < product.n; ++j) {
          const auto [sum, size] = product.element(i, j);
          worst = std::max(worst, std::abs(product.c[i * product.n + j] - sum) / size);
        }
      }
      CHECK(worst <= double(k) * 0x1p-24);
      CHECK(worst > 0);
    }
  });
}

TEST_CASE("any cut of a rounded product gives the same bits") {
  if (!has_bf16()) return;
  for_units([](Multiply multiply) {
    Bf16Product product(50, 64, 75, false);
    product.compute(multiply);
    const std::vector<float> whole = product.c;
    for (const Index rows : {1, 7, 13, 32}) {
      for (const Index columns : {16, 32}) {
        for (Index i = 0; i < product.m; i += rows) {
          for (Index j = 0; j < product.n; j += columns) {
            multiply(std::min(rows, product.m - i), columns, 38, product.a.at(i, 0),
                     product.a.stride(), product.b.panel(j), product.c.data() + i * product.ldc + j,
                     product.ldc, product.bias.data() + i, {});
          }
        }
        CHECK(same_bits(product.c.data(), whole.data(), product.m * product.n));
      }
    }
  });
}
#endif
