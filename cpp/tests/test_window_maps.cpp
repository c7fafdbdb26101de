// Convolution and pooling against plain loops over whole numbers, whose sums are exact.
#include "fastmlp/nn/window_layers.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

struct Geometry {
  Index height, width, channels, filters;
  Extent kernel, stride, dilation;
  Padding padding;
};

const Padding kValid{2, "valid"}, kSame{2, "same"};

const Geometry kGeometries[] = {
    {1, 1, 1, 1, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}, kValid},
    {6, 5, 1, 7, {2, 3, 2}, {2, 1, 1}, {2, 1, 1}, kValid},
    {5, 6, 3, 13, {2, 3, 3}, {2, 2, 1}, {2, 1, 1}, kSame},
    {7, 4, 17, 26, {2, 2, 3}, {2, 1, 2}, {2, 2, 1}, kSame},
    {4, 4, 2, 5, {2, 3, 3}, {2, 3, 3}, {2, 1, 2}, {2, "", Extent{2, 2, 3}}},
    {1, 9, 4, 6, {2, 1, 4}, {2, 1, 1}, {2, 1, 2}, {2, "", Extent{2, 0, 1}}},
    {2, 2, 1, 3, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}, {2, "", Extent{2, 2, 2}}},
};

Window window_of(const Geometry& g) {
  return make_window({g.kernel, g.stride, g.dilation, g.padding},
                     Shape({g.height, g.width, g.channels}), "test");
}

// A batch of whole numbers; lanes without a sample are nan.
template <class T>
PanelMatrix<T> batch(Index rows, Index n, std::uint64_t seed) {
  PanelMatrix<T> matrix(rows, n);
  const std::vector<T> values = integers<T>(rows * n, seed);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < round_up(n, kNR<T>); ++j) {
      *matrix.at(i, j) = j < n ? values[static_cast<std::size_t>(i * n + j)] : kNan<T>;
    }
  }
  return matrix;
}

// f(output position, tap, input position) for all that are inside.
template <class F>
void for_uses_of(const Window& w, F&& f) {
  for (Index p = 0; p < w.positions(); ++p) {
    for (Index k = 0; k < w.taps(); ++k) {
      const Index y = w.y.input_of(p / w.x.output, k / w.x.kernel);
      const Index x = w.x.input_of(p % w.x.output, k % w.x.kernel);
      if (y >= 0 && y < w.y.input && x >= 0 && x < w.x.input) f(p, k, y * w.x.input + x);
    }
  }
}

// Applies a map, or its transpose, to all panels of a batch.
template <class T>
void apply(const LinearMap<T>& map, bool transposed, const std::vector<T>& w, const T* bias,
           PanelMatrix<T>* mask, bool draws, Index n, const PanelMatrix<T>& from,
           const Epilogue<T>& epilogue, PanelMatrix<T>& to) {
  ThreadTeam team;
  const PassContext context{&team};
  PanelMatrix<T> none;
  for (Index p = 0; p < ceil_div(n, kNR<T>); ++p) {
    MapCall<T> call{context, tile(p, kNR<T>, n), w.data()};
    call.bias = bias;
    call.mask = mask ? mask : &none;
    call.draws = draws;
    const PanelView<T> x = from.panel(call.samples.begin);
    const MatrixView<T> out = to.columns(call.samples);
    transposed ? map.apply_transposed(call, x, out, epilogue) : map.apply(call, x, out, epilogue);
  }
}

template <class T>
Index differences(const PanelMatrix<T>& a, const PanelMatrix<T>& b, Index rows, Index n) {
  Index wrong = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < n; ++j) wrong += *a.at(i, j) != *b.at(i, j);
  }
  return wrong;
}

}  // namespace

TEST_CASE_TEMPLATE("a convolution has the products of its formula", T, float, double) {
  for (const Geometry& g : kGeometries) {
    const Window window = window_of(g);
    const ConvolutionMap<T> map(window, g.filters);
    const Index channels = g.channels, filters = g.filters, columns = window.taps() * channels;
    const std::vector<T> w = integers<T>(filters * columns, 1), bias = integers<T>(filters, 2);
    for (const Index n : {Index{1}, kLanes<T>, kNR<T> + 3}) {
      for (const bool accumulate : {false, true}) {
        CAPTURE(g.height);
        CAPTURE(n);
        const PanelMatrix<T> x = batch<T>(map.inputs(), n, 3), d = batch<T>(map.outputs(), n, 4);
        PanelMatrix<T> a = batch<T>(map.outputs(), n, 5), dx = batch<T>(map.inputs(), n, 6);
        PanelMatrix<T> expected_a = a, expected_dx = dx;
        std::vector<T> dw(static_cast<std::size_t>(filters * columns), T(accumulate ? 3 : 0));
        std::vector<T> part(dw);
        part.resize(part.size() + kLanes<T>);
        for (Index s = 0; s < n; ++s) {
          for (Index i = 0; i < map.outputs(); ++i) {
            T& to = *expected_a.at(i, s);
            to = (accumulate ? to : T(0)) + bias[static_cast<std::size_t>(i % filters)];
          }
          for (Index i = 0; i < map.inputs() && !accumulate; ++i) *expected_dx.at(i, s) = T(0);
          for_uses_of(window, [&](Index p, Index k, Index q) {
            for (Index f = 0; f < filters; ++f) {
              for (Index c = 0; c < channels; ++c) {
                const auto at = static_cast<std::size_t>(f * columns + k * channels + c);
                *expected_a.at(p * filters + f, s) += w[at] * *x.at(q * channels + c, s);
                *expected_dx.at(q * channels + c, s) += w[at] * *d.at(p * filters + f, s);
                dw[at] += *d.at(p * filters + f, s) * *x.at(q * channels + c, s);
              }
            }
          });
        }
        Epilogue<T> epilogue;
        epilogue.accumulate = accumulate;
        apply<T>(map, false, w, bias.data(), nullptr, false, n, x, epilogue, a);
        CHECK(differences(a, expected_a, map.outputs(), n) == 0);
        apply<T>(map, true, w, nullptr, nullptr, false, n, d, epilogue, dx);
        CHECK(differences(dx, expected_dx, map.inputs(), n) == 0);
        const GradientFactors<T> factors{d.panels(), x.panels(), {}, n};
        const Index half = filters / 2;  // in two parts
        map.weight_gradient({0, half}, factors, accumulate, part.data(), nullptr);
        map.weight_gradient({half, filters}, factors, accumulate, part.data() + half * columns,
                            nullptr);
        part.resize(dw.size());
        CHECK(same_bits(part, dw));
      }
    }
  }
}

TEST_CASE_TEMPLATE("the epilogue of a convolution is relu, its slope, or a function of rows", T,
                   float, double) {
  const Window window = window_of(kGeometries[2]);
  const ConvolutionMap<T> map(window, 13);
  const std::vector<T> w = integers<T>(13 * window.taps() * 3, 1);
  const Index n = kNR<T>;
  const PanelMatrix<T> x = batch<T>(map.inputs(), n, 3);
  PanelMatrix<T> plain(map.outputs(), n), a(map.outputs(), n), sloped(map.outputs(), n);
  apply<T>(map, false, w, nullptr, nullptr, false, n, x, {}, plain);
  apply<T>(map, false, w, nullptr, nullptr, false, n, x, {true}, a);
  apply<T>(map, false, w, nullptr, nullptr, false, n, x, {false, a.at(0, 0)}, sloped);
  struct Negate final : RowEpilogue<T> {
    void apply(T* c, Index rows, Index cols, Index ldc) const override {
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < cols; ++j) c[i * ldc + j] = -c[i * ldc + j];
      }
    }
  } negate;
  PanelMatrix<T> negated(map.outputs(), n);
  apply<T>(map, false, w, nullptr, nullptr, false, n, x, {false, nullptr, &negate}, negated);
  Index wrong = 0;
  for (Index i = 0; i < map.outputs(); ++i) {
    for (Index j = 0; j < n; ++j) {
      const T sum = *plain.at(i, j);
      wrong += *a.at(i, j) != std::max(sum, T(0)) || *negated.at(i, j) != -sum;
      wrong += *sloped.at(i, j) != std::max(sum, T(0));
    }
  }
  CHECK(wrong == 0);
}

namespace {

// Pooling in plain loops: maxima and what they pick of `other`, means, and both derivatives.
template <class T>
struct Pooled {
  Pooled(const Window& window, Index n, const PanelMatrix<T>& x, const PanelMatrix<T>& other,
         const PanelMatrix<T>& d)
      : largest(outputs(window), n),
        picked(outputs(window), n),
        means(outputs(window), n),
        back(window.inputs(), n),
        spread(window.inputs(), n) {
    PanelMatrix<T> counts(outputs(window), n), first(outputs(window), n);
    const auto for_each = [&](auto&& f) {
      for_uses_of(window, [&](Index p, Index, Index q) {
        for (Index s = 0; s < n; ++s) {
          for (Index c = 0; c < window.channels; ++c) {
            f(p * window.channels + c, q * window.channels + c, s);
          }
        }
      });
    };
    for_each([&](Index i, Index j, Index s) {
      if (*counts.at(i, s) == 0 || *x.at(j, s) > *largest.at(i, s)) {
        *largest.at(i, s) = *x.at(j, s);
        *picked.at(i, s) = *other.at(j, s);
        *first.at(i, s) = static_cast<T>(j);
      }
      *means.at(i, s) += *x.at(j, s);
      *counts.at(i, s) += 1;
    });
    for_each([&](Index i, Index j, Index s) {
      if (*first.at(i, s) == static_cast<T>(j)) *back.at(j, s) += *d.at(i, s);
      *spread.at(j, s) += T(1) / *counts.at(i, s) * *d.at(i, s);
    });
    for (Index i = 0; i < outputs(window); ++i) {
      for (Index s = 0; s < n; ++s) *means.at(i, s) = T(1) / *counts.at(i, s) * *means.at(i, s);
    }
  }
  static Index outputs(const Window& window) { return window.positions() * window.channels; }

  PanelMatrix<T> largest, picked, means, back, spread;
};

// The largest difference, nan where there is one.
template <class T>
double distance(const PanelMatrix<T>& a, const PanelMatrix<T>& b, Index rows, Index n) {
  double largest = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < n; ++j) {
      const double difference = std::abs(static_cast<double>(*a.at(i, j) - *b.at(i, j)));
      largest = difference <= largest ? largest : difference;
    }
  }
  return largest;
}

}  // namespace

TEST_CASE_TEMPLATE("pooling has its maxima and means, and their derivatives at the point", T, float,
                   double) {
  for (Geometry g : kGeometries) {
    g.dilation = {2, 1, 1};
    if (g.padding.zeros) g.padding = kSame;
    const Window window = window_of(g);
    const MaxPoolMap<T> max(window);
    const AveragePoolMap<T> mean(window);
    const Index n = kNR<T> + 1;
    const PanelMatrix<T> x = batch<T>(max.inputs(), n, 1), d = batch<T>(max.outputs(), n, 2);
    const PanelMatrix<T> other = batch<T>(max.inputs(), n, 3);
    const Pooled<T> expected(window, n, x, other, d);
    PanelMatrix<T> mask(max.outputs(), n), a(max.outputs(), n), dx(max.inputs(), n);
    const std::vector<T> none;
    apply<T>(max, false, none, nullptr, nullptr, true, n, x, {}, a);  // in prediction
    CHECK(differences(a, expected.largest, max.outputs(), n) == 0);
    apply<T>(max, false, none, nullptr, &mask, true, n, x, {}, a);
    CHECK(differences(a, expected.largest, max.outputs(), n) == 0);
    apply<T>(max, false, none, nullptr, &mask, false, n, other, {}, a);
    CHECK(differences(a, expected.picked, max.outputs(), n) == 0);
    apply<T>(max, true, none, nullptr, &mask, false, n, d, {}, dx);
    CHECK(differences(dx, expected.back, max.inputs(), n) == 0);
    apply<T>(mean, false, none, nullptr, nullptr, true, n, x, {}, a);
    CHECK(distance(a, expected.means, max.outputs(), n) < 1e-5);
    apply<T>(mean, true, none, nullptr, nullptr, true, n, d, {}, dx);
    CHECK(distance(dx, expected.spread, max.inputs(), n) < 1e-5);
  }
}

TEST_CASE_TEMPLATE("sums over positions and samples leave out lanes without a sample", T, float,
                   double) {
  for (const Index rows : {1, 4, 7}) {
    for (const Index n : {Index{1}, kLanes<T>, kNR<T> + 5}) {
      const Index positions = 6;
      const PanelMatrix<T> a = batch<T>(rows * positions, n, 8);
      std::vector<T> y(static_cast<std::size_t>(rows), T(2)), expected = y;
      for (Index i = 0; i < rows * positions; ++i) {
        for (Index j = 0; j < n; ++j) expected[static_cast<std::size_t>(i % rows)] += *a.at(i, j);
      }
      sum_positions(rows, positions, n, a.panels(), y.data(), true);
      CHECK(same_bits(y, expected));
      sum_positions(rows, positions, n, a.panels(), y.data(), false);
      CHECK(y[0] == expected[0] - 2);
    }
  }
}

TEST_CASE("chunks have fewer samples where they would take too many bytes") {
  const auto plan_of = [](Index size) {
    auto conv = std::make_shared<Conv2D>();
    conv->filters = 32;
    conv->kernel = {2, 3, 3};
    return make_plan<float>(Shape({size, size, 1}), {conv});
  };
  CHECK(plan_of(8).chunk_samples() == kChunkSamples);
  CHECK(plan_of(3000).chunk_samples() == kNR<float>);
  const Plan<float> plan = plan_of(66);
  const Index bytes = (66 * 66 * 2 + 64 * 64 * 32 * 3) * 4;  // x and its copy; a, h and delta
  CHECK(plan.chunk_samples() == kChunkBytes / bytes / kNR<float> * kNR<float>);
}
