#include "fastmlp/nn/elementwise_maps.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

constexpr Index kWidth = 19, kSamples = 40;

template <class T>
PanelMatrix<T> random_matrix(std::uint64_t seed) {
  PanelMatrix<T> matrix(kWidth, kSamples);
  const std::vector<T> values = uniform<T>(kWidth * kSamples, seed);
  for (Index i = 0; i < kWidth; ++i) matrix.set_row(i, values.data() + i * kSamples, kSamples);
  return matrix;
}

// f(call) for every panel, in training or not.
template <class T, class F>
void for_panels(PanelMatrix<T>* mask, bool training, bool draws, F&& f) {
  ThreadTeam team;
  const PassContext context{&team, training, 5, 2, 100};
  for (Index p = 0; p < ceil_div(kSamples, kNR<T>); ++p) {
    MapCall<T> call{context, tile(p, kNR<T>, kSamples)};
    call.mask = mask;
    call.draws = draws;
    f(call);
  }
}

template <class T>
PanelMatrix<T> apply(const LinearMap<T>& map, const PanelMatrix<T>& x, PanelMatrix<T>* mask,
                     bool training, bool draws) {
  PanelMatrix<T> out(kWidth, kSamples);
  for_panels<T>(mask, training, draws, [&](const MapCall<T>& call) {
    map.apply(call, x.panel(call.samples.begin), out.columns(call.samples), {});
  });
  return out;
}

template <class F>
Index count_elements(F&& f) {
  Index count = 0;
  for (Index i = 0; i < kWidth; ++i) {
    for (Index s = 0; s < kSamples; ++s) count += f(i, s);
  }
  return count;
}

}  // namespace

TEST_CASE_TEMPLATE("the identity copies or adds, forwards and backwards", T, float, double) {
  const IdentityMap<T> map(kWidth);
  const PanelMatrix<T> x = random_matrix<T>(1), start = random_matrix<T>(2);
  for (const bool accumulate : {false, true}) {
    PanelMatrix<T> a = start, dx = start;
    Epilogue<T> epilogue;
    epilogue.accumulate = accumulate;
    for_panels<T>(nullptr, true, true, [&](const MapCall<T>& call) {
      map.apply(call, x.panel(call.samples.begin), a.columns(call.samples), epilogue);
      map.apply_transposed(call, x.panel(call.samples.begin), dx.columns(call.samples), epilogue);
    });
    CHECK(count_elements([&](Index i, Index s) {
            const T expected = *x.at(i, s) + (accumulate ? *start.at(i, s) : T(0));
            return *a.at(i, s) != expected || *dx.at(i, s) != expected;
          }) == 0);
  }
}

TEST_CASE_TEMPLATE("dropout keeps its mask for the backward pass and for directions", T, float,
                   double) {
  const DropoutMap<T> map(kWidth, 0.4, 3);
  const PanelMatrix<T> x = random_matrix<T>(1), v = random_matrix<T>(2);
  PanelMatrix<T> mask(kWidth, kSamples), dx(kWidth, kSamples);
  const PanelMatrix<T> h = apply<T>(map, x, &mask, true, true);
  const PanelMatrix<T> kept = mask, along = apply<T>(map, v, &mask, true, false);
  for_panels<T>(&mask, true, false, [&](const MapCall<T>& call) {
    map.apply_transposed(call, v.panel(call.samples.begin), dx.columns(call.samples), {});
  });
  const T factor = static_cast<T>(1 / 0.6);
  const Index dropped = count_elements([&](Index i, Index s) { return *mask.at(i, s) == 0; });
  CHECK(dropped > kWidth * kSamples * 0.3);
  CHECK(dropped < kWidth * kSamples * 0.5);
  CHECK(count_elements([&](Index i, Index s) {
          const T m = *mask.at(i, s);
          return (m != 0 && m != factor) || m != *kept.at(i, s) || *h.at(i, s) != *x.at(i, s) * m ||
                 *along.at(i, s) != *v.at(i, s) * m || *dx.at(i, s) != *v.at(i, s) * m;
        }) == 0);

  const PanelMatrix<T> off = apply<T>(map, x, &mask, false, true);
  CHECK(count_elements([&](Index i, Index s) {
          return *off.at(i, s) != *x.at(i, s) || *mask.at(i, s) != 1;
        }) == 0);
}

TEST_CASE_TEMPLATE("noise is added only in training; along a direction it is the identity", T,
                   float, double) {
  const GaussianNoiseMap<T> map(kWidth, 0.5, 3);
  const PanelMatrix<T> x = random_matrix<T>(1);
  const PanelMatrix<T> noisy = apply<T>(map, x, nullptr, true, true);
  double sum = 0, squares = 0;
  count_elements([&](Index i, Index s) {
    const double noise = static_cast<double>(*noisy.at(i, s) - *x.at(i, s));
    sum += noise, squares += noise * noise;
    return 0;
  });
  constexpr double n = kWidth * kSamples;
  CHECK(std::abs(sum / n) < 5 * 0.5 / std::sqrt(n));
  CHECK(squares / n == doctest::Approx(0.25).epsilon(0.2));
  for (const bool training : {false, true}) {
    const PanelMatrix<T> plain = apply<T>(map, x, nullptr, training, !training);
    CHECK(count_elements([&](Index i, Index s) { return *plain.at(i, s) != *x.at(i, s); }) == 0);
  }
}
