// Prefetch schedules and epilogues of gemm, and its product compared with Eigen.
#include <Eigen/Core>

#include "product.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE(
    "a product issues its whole prefetch schedule, which changes no bit of memory or result", T,
    float, double) {
  for (const Index lines : {0, 1, 3, 100}) {
    for (const Index step : {kLine<T>, 5 * kLine<T>}) {
      std::vector<T> owned = uniform<T>(lines * step + 1, 5);
      owned.front() = kNan<T>;
      const std::vector<T> before = owned;
      const std::vector<Index> indices(static_cast<std::size_t>(lines), 3);
      Product<T> plain(29, 70, 20, false, 0, false), running(plain);
      plain.compute(true);
      PrefetchSchedule<T> prefetch;
      prefetch.ownership = {owned.data(), lines, step};
      prefetch.next_batch = {before.data(), step, 2, lines,
                             step > kLine<T> ? indices.data() : nullptr};
      gemm<T>(29, 70, 20, running.left(), {running.b.data(), running.ldb}, running.c.data(),
              running.ldc, running.bias.data(), {}, &prefetch);
      CHECK(prefetch.owned_lines() == lines);
      CHECK(prefetch.prefetched_lines() == 2 * lines);
      CHECK(same_bits(owned, before));
      CHECK(same_bits(running.c, plain.c));
    }
  }
}

TEST_CASE_TEMPLATE("an epilogue is relu of the product, or its derivative, and nan propagates", T,
                   float, double) {
  const auto same = [](T a, T b) {
    return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
  };
  for (const Index m : {1, 5, 12, 29}) {
    for (const Index n : {1, 16, 33, 70}) {
      Product<T> plain(m, n, 7, false, 0, false);
      plain.bias[0] = kNan<T>;
      Product<T> forward(plain), backward(plain);
      std::vector<T> h = uniform<T>(padded_length<T>(m, n, n), 9);
      for (T& value : h) value = std::max(value, T(0));
      h[0] = kNan<T>;
      const auto run = [&](Product<T>& p, const Epilogue<T>& epilogue) {
        gemm<T>(m, n, 7, p.left(), {p.b.data(), p.ldb}, p.c.data(), n, p.bias.data(), epilogue);
      };
      run(plain, {});
      run(forward, {true});
      run(backward, {false, h.data()});
      for (std::size_t i = 0; i < static_cast<std::size_t>(m * n); ++i) {
        const T s = plain.c[i], slope = std::isnan(h[i]) ? h[i] : T(h[i] > 0);
        REQUIRE(same(forward.c[i], s <= 0 ? T(0) : s));
        REQUIRE(same(backward.c[i], s * slope));
      }
    }
  }
}

// C <- 2 C + 1, with a record of the rows.
template <class T>
struct Doubled final : RowEpilogue<T> {
  const T* c;
  Index ldc, columns;
  mutable std::vector<Range> rows;

  Doubled(const Product<T>& p) : c(p.c.data()), ldc(p.ldc), columns(p.n) {}
  void apply(T* part, Index m, Index n, Index stride) const override {
    CHECK(stride == ldc);
    CHECK(n == columns);
    const Index begin = (part - c) / ldc;
    rows.push_back({begin, begin + m});
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) part[i * ldc + j] = 2 * part[i * ldc + j] + 1;
    }
  }
};

TEST_CASE_TEMPLATE(
    "a row epilogue receives every row once, in parts that fit the first-level cache", T, float,
    double) {
  for (const Index m : {1, 12, 120, 121, 300, 1100}) {
    for (const Index n : {1, 16, 33}) {
      Product<T> plain(m, n, 7, false, 40, false), finished(plain);
      plain.compute(true);
      std::vector<T> owned(static_cast<std::size_t>(100 * kLine<T>), T(3));
      PrefetchSchedule<T> prefetch;
      prefetch.ownership = {owned.data(), 100};
      const Doubled<T> function(finished);
      gemm<T>(m, n, 7, finished.left(), {finished.b.data(), finished.ldb}, finished.c.data(),
              finished.ldc, finished.bias.data(), {false, nullptr, &function}, &prefetch);
      CHECK(prefetch.owned_lines() == 100);
      Index end = 0;
      for (const Range& rows : function.rows) {
        const Index bytes = rows.size() * kNR<T> * static_cast<Index>(sizeof(T));
        CHECK(rows.begin == end);
        CHECK(bytes <= 16384);
        end = rows.end;
        if (end < m) CHECK(bytes > 8192);
      }
      CHECK(end == m);
      Index wrong = 0;
      for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
          const auto at = static_cast<std::size_t>(i * plain.ldc + j);
          wrong += finished.c[at] != 2 * plain.c[at] + 1;
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE_TEMPLATE("gemm agrees with Eigen's product at thousands of shapes", T, float, double) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const double tolerance = 4 * static_cast<double>(std::numeric_limits<T>::epsilon());
  Rng rng(1, Stream::initialization, 0);
  for (int i = 0; i < 1500; ++i) {
    // Sizes of every magnitude, so edges are as frequent as full tiles.
    const auto draw = [&] {
      return 1 + uniform_index(Index(1) << (1 + uniform_index(8, rng.next())), rng.next());
    };
    const Index m = draw(), n = draw(), k = draw();
    Product<T> product(m, n, k, uniform_index(2, rng.next()) == 1, uniform_index(3, rng.next()),
                       false);
    product.compute(true);

    using Stride = Eigen::OuterStride<>;
    const Eigen::Map<const Matrix, 0, Stride> b(product.b.data(), k, n, Stride(product.ldb));
    const Eigen::Map<const Matrix, 0, Stride> c(product.c.data(), m, n, Stride(product.ldc));
    const Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> bias(product.bias.data(), m);
    Matrix expected = bias.replicate(1, n);
    if (product.transposed) {
      expected.noalias() += Eigen::Map<const Matrix>(product.a.data(), k, m).transpose() * b;
    } else {
      expected.noalias() += Eigen::Map<const Matrix>(product.a.data(), m, k) * b;
    }
    const double error =
        static_cast<double>((c - expected).cwiseAbs().template maxCoeff<Eigen::PropagateNaN>());
    REQUIRE(error <= tolerance * static_cast<double>(k + 1));
  }
}
