#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/nn/activation.hpp"
#include "members.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

const Activation kAll[] = {Identity{}, Sign{},     Sign{true},    Sigmoid{},     Tanh{},
                           ReLU{},     HardTanh{}, Softmax{},     LeakyReLU{},   LeakyReLU{0.0},
                           ELU{},      ELU{0.5},   SELU{},        Softplus{},    SiLU{},
                           GELU{},     Mish{},     HardSigmoid{}, Exponential{}, Softsign{},
                           Sine{},     Sine{2.5}};

bool is_softmax(const Activation& phi) { return std::holds_alternative<Softmax>(phi); }

// h = phi(a) and g = phi'(a) ∘ gradient, of one sample.
template <class T>
struct Sample {
  Sample(const Activation& phi, const std::vector<T>& values, const std::vector<T>& gradient)
      : a(column(values)), h(a), g(column(gradient)) {
    activate<T>(phi, a.view(), h.view());
    // Members that do not use a receive none.
    differentiate<T>(phi, uses_input(phi) ? a.view() : h.view(), h.view(), g.view());
  }
  explicit Sample(const Activation& phi, const std::vector<T>& values)
      : Sample(phi, values, std::vector<T>(values.size(), T(1))) {}
  T value(Index i = 0) const { return *h.view().row(i); }
  T derivative(Index i = 0) const { return *g.view().row(i); }

  Matrix<T> a, h, g;
};

template <class T>
T value(const Activation& phi, T a) {
  return Sample<T>(phi, {a}).value();
}
template <class T>
T derivative(const Activation& phi, T a) {
  return Sample<T>(phi, {a}).derivative();
}

// Equal but for the last place, infinity and 0 exactly.
template <class T>
bool agree(T got, double expected) {
  return got == T(expected) ||
         std::abs(got - expected) <= std::numeric_limits<T>::epsilon() * std::abs(expected);
}

long double reference(const std::string& name, long double a) {
  const auto elu = [](long double x) { return x > 0 ? x : std::expm1(x); };
  if (name == "identity") return a;
  if (name == "sign") return (a > 0) - (a < 0);
  if (name == "sigmoid") return 1 / (1 + std::exp(-a));
  if (name == "tanh") return std::tanh(a);
  if (name == "relu") return std::max(a, 0.0L);
  if (name == "hard_tanh") return std::min(std::max(a, -1.0L), 1.0L);
  if (name == "leaky_relu") return a > 0 ? a : 0.01L * a;
  if (name == "elu") return elu(a);
  if (name == "selu")
    return 1.0507009873554804934L * (a > 0 ? a : 1.6732632423543772848L * std::expm1(a));
  if (name == "softplus") return std::log1p(std::exp(a));
  if (name == "silu") return a / (1 + std::exp(-a));
  if (name == "mish") return a * std::tanh(std::log1p(std::exp(a)));
  if (name == "hard_sigmoid") return std::min(std::max(a / 6 + 0.5L, 0.0L), 1.0L);
  if (name == "exponential") return std::exp(a);
  if (name == "softsign") return a / (1 + std::abs(a));
  if (name == "sine") return std::sin(a);
  return a * std::erfc(-a / std::sqrt(2.0L)) / 2;  // gelu
}

}  // namespace

TEST_CASE_TEMPLATE("values are those of the formulas", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 2e-15;
  for (const Activation& phi : activations()) {
    if (is_softmax(phi)) continue;
    CAPTURE(key(phi));
    const std::vector<T> a = uniform<T>(1000, 1, -20, 20);
    const Sample<T> sample(phi, a);
    double max = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const long double expected = reference(key(phi), static_cast<long double>(a[i]));
      const long double error =
          std::abs(static_cast<long double>(sample.value(static_cast<Index>(i))) - expected);
      max = std::max(max, static_cast<double>(error / (1 + std::abs(expected))));
    }
    CHECK(max <= tolerance);
  }
}

TEST_CASE("derivatives are those of the values") {
  const std::vector<double> points = uniform<double>(500, 2, -6, 6);
  constexpr double step = 1e-6;
  for (const Activation& phi : kAll) {
    if (is_softmax(phi) || std::holds_alternative<Sign>(phi)) continue;
    CAPTURE(key(phi));
    for (const double a : points) {
      const double difference = (value(phi, a + step) - value(phi, a - step)) / (2 * step);
      REQUIRE(derivative(phi, a) == doctest::Approx(difference).epsilon(1e-7));
    }
  }
  CHECK(derivative<double>(Sign{}, 0.5) == 0);
  CHECK(derivative<double>(Sign{true}, 0.5) == 1);
  CHECK(derivative<double>(Sign{true}, -1.5) == 0);
}

TEST_CASE_TEMPLATE("kinks are as in torch", T, float, double) {
  for (const T zero : {T(0), T(-0.0)}) {
    CHECK(derivative<T>(ReLU{}, zero) == 0);
    CHECK(derivative<T>(LeakyReLU{0.25}, zero) == T(0.25));
    CHECK(derivative<T>(ELU{0.5}, zero) == T(0.5));
    CHECK(value<T>(Sign{}, zero) == 0);
    CHECK(value<T>(Softplus{}, zero) == doctest::Approx(std::log(2.0)));
  }
  for (const T one : {T(1), T(-1)}) {
    CHECK(derivative<T>(HardTanh{}, one) == 0);
    CHECK(derivative<T>(Sign{true}, one) == 0);
  }
}

TEST_CASE_TEMPLATE("limits at infinity are exact", T, float, double) {
  const T inf = kInfinity<T>;
  struct Limits {
    Activation phi;
    double low, high, low_derivative, high_derivative;
  };
  const double infinity = kInfinity<double>, alpha = 1.7580993408473766;
  const Limits all[] = {{Identity{}, -infinity, infinity, 1, 1},
                        {Sign{}, -1, 1, 0, 0},
                        {Sign{true}, -1, 1, 0, 0},
                        {Sigmoid{}, 0, 1, 0, 0},
                        {Tanh{}, -1, 1, 0, 0},
                        {ReLU{}, 0, infinity, 0, 1},
                        {HardTanh{}, -1, 1, 0, 0},
                        {LeakyReLU{}, -infinity, infinity, 0.01, 1},
                        {LeakyReLU{0.0}, 0, infinity, 0, 1},
                        {ELU{}, -1, infinity, 0, 1},
                        {SELU{}, -alpha, infinity, 0, 1.0507009873554805},
                        {Softplus{}, 0, infinity, 0, 1},
                        {SiLU{}, 0, infinity, 0, 1},
                        {GELU{}, 0, infinity, 0, 1},
                        {Mish{}, 0, infinity, 0, 1},
                        {HardSigmoid{}, 0, 1, 0, 0},
                        {Exponential{}, 0, infinity, 0, infinity},
                        {Softsign{}, -1, 1, 0, 0}};
  for (const Limits& at : all) {
    CAPTURE(key(at.phi));
    CHECK(agree(value(at.phi, -inf), at.low));
    CHECK(agree(value(at.phi, inf), at.high));
    CHECK(agree(derivative(at.phi, -inf), at.low_derivative));
    CHECK(agree(derivative(at.phi, inf), at.high_derivative));
  }
}

TEST_CASE_TEMPLATE("nan in gives nan out, value and derivative", T, float, double) {
  for (const Activation& phi : kAll) {
    CAPTURE(key(phi));
    CHECK(std::isnan(value(phi, kNan<T>)));
    // The identity leaves a gradient as it is: the nan is in the output, so in dL/do.
    if (!std::holds_alternative<Identity>(phi)) CHECK(std::isnan(derivative(phi, kNan<T>)));
  }
}

TEST_CASE_TEMPLATE(
    "any number of samples is computed, in place too, each as if it were the only one", T, float,
    double) {
  constexpr Index kFeatures = 3;
  for (const Activation& phi : kAll) {
    CAPTURE(key(phi));
    for (Index n = 1; n <= 40; ++n) {
      const std::vector<T> values = uniform<T>(kFeatures * n, 3, -3, 3);
      Matrix<T> a(kFeatures, n), h(kFeatures, n);
      copy(rows_of(values, n), a.view());
      activate<T>(phi, a.view(), h.view());
      activate<T>(phi, a.view(), a.view());
      for (Index j = 0; j < n; ++j) {
        std::vector<T> one;
        for (Index i = 0; i < kFeatures; ++i) {
          one.push_back(values[static_cast<std::size_t>(i * n + j)]);
        }
        const Sample<T> single(phi, one);
        one.resize(static_cast<std::size_t>(round_up(kFeatures, kLanes<T>)));
        activate_one<T>(phi, kFeatures, one.data());
        // The units of one sample are added up in another order.
        const T rounding = couples_units(phi) ? 2 * std::numeric_limits<T>::epsilon() : 0;
        for (Index i = 0; i < kFeatures; ++i) {
          const T expected = single.value(i);
          REQUIRE(h.view().row(i)[j] == expected);
          REQUIRE(a.view().row(i)[j] == expected);
          REQUIRE(std::abs(one[static_cast<std::size_t>(i)] - expected) <=
                  rounding * std::abs(expected));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("values and derivatives do not depend on the shape of the view, and stay in it",
                   T, float, double) {
  constexpr Index kMaxRows = 5, kMaxColumns = 40;
  const std::vector<T> values = uniform<T>(kMaxRows * kMaxColumns, 3, -4, 4);
  for (const Activation& phi : {Activation{Tanh{}}, Activation{GELU{}}}) {
    Index wrong = 0;
    for (Index rows = 1; rows <= kMaxRows; ++rows) {
      for (Index columns = 1; columns <= kMaxColumns; ++columns) {
        PanelMatrix<T> a(rows + 1, columns), h(rows + 1, columns), g(rows + 1, columns);
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < round_up(columns, kNR<T>); ++j) {
            const bool inside = j < columns;
            *a.at(i, j) = inside ? values[static_cast<std::size_t>(i * kMaxColumns + j)] : kNan<T>;
            *g.at(i, j) = inside ? T(2) : kNan<T>;
          }
        }
        for (Index p = 0; p < ceil_div(columns, kNR<T>); ++p) {
          const Range samples = tile(p, kNR<T>, columns);
          const auto above = [&](PanelMatrix<T>& m) { return m.columns(samples).part(0, rows); };
          activate<T>(phi, above(a), above(h));
          differentiate<T>(phi, above(a), above(h), above(g));
        }
        for (Index j = 0; j < columns; ++j) wrong += *h.at(rows, j) != 0 || *g.at(rows, j) != 0;
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < columns; ++j) {
            const T at = values[static_cast<std::size_t>(i * kMaxColumns + j)];
            wrong += *h.at(i, j) != value<T>(phi, at);
            wrong += *g.at(i, j) != 2 * derivative<T>(phi, at);
          }
        }
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("softmax is a distribution, whatever the size of its inputs", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-15;
  for (Index n = 1; n <= 40; ++n) {
    for (const double size : {1.0, 100.0, 1e30}) {
      const std::vector<T> a = uniform<T>(n, 4, -size, size);
      const Sample<T> sample(Softmax{}, a);
      const T top = *std::max_element(a.begin(), a.end());
      long double total = 0, sum = 0;
      for (const T v : a) total += std::exp(static_cast<long double>(v) - top);
      for (Index i = 0; i < n; ++i) {
        const long double expected =
            std::exp(static_cast<long double>(a[static_cast<std::size_t>(i)]) - top) / total;
        REQUIRE(std::abs(sample.value(i) - expected) <=
                4 * tolerance * static_cast<double>(1 + size < 1e3 ? size : 1));
        sum += sample.value(i);
      }
      REQUIRE(std::abs(static_cast<double>(sum) - 1) <= 40 * tolerance);
    }
  }
}

TEST_CASE_TEMPLATE("softmax takes infinite inputs", T, float, double) {
  const T inf = kInfinity<T>;
  const Sample<T> up(Softmax{}, {inf, 0, 1}), down(Softmax{}, {-inf, 0, 0});
  CHECK(up.value(0) == 1);
  CHECK(up.value(1) == 0);
  CHECK(down.value(0) == 0);
  CHECK(down.value(1) == T(0.5));
}

TEST_CASE("softmax is differentiated by its Jacobian diag(h) - h hᵀ") {
  for (const Index n : {1, 2, 7, 8, 9, 33}) {
    const std::vector<double> a = uniform<double>(n, 5, -2, 2), g = uniform<double>(n, 6);
    const Sample<double> sample(Softmax{}, a, g);
    for (Index i = 0; i < n; ++i) {
      double expected = 0;
      for (Index j = 0; j < n; ++j) {
        expected += sample.value(i) * ((i == j) - sample.value(j)) * g[static_cast<std::size_t>(j)];
      }
      CHECK(sample.derivative(i) == doctest::Approx(expected).epsilon(1e-13));
    }
  }
}
