// Errors are in ulp of the exact result. The exhaustive test over all 2³² floats takes minutes and
// is skipped by default:
//   build/native/fastmlp_tests --no-skip --test-case="*every float*"
#include "fastmlp/kernels/math.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

// f over the elements of x, pack by pack.
template <class T, class F>
std::vector<T> map(F f, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); i += kLanes<T>) {
    const auto count = std::min<Index>(kLanes<T>, static_cast<Index>(x.size() - i));
    store_first(&y[i], f(load_first(&x[i], count)), count);
  }
  return y;
}

template <class T, class F>
T map(F f, T x) {
  return map(f, std::vector<T>{x})[0];
}

// |got - exact| in units in the last place of exact. Infinity counts as the number after the
// largest.
template <class T, class Real>
double ulps(T got, Real exact) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(got) || std::isnan(exact)) {
    return std::isnan(got) == std::isnan(exact) ? 0 : kInfinity<double>;
  }
  const Real end = std::ldexp(Real(1), Limits::max_exponent);
  const Real value = std::isinf(got) ? std::copysign(end, Real(got)) : Real(got);
  const Real target = std::abs(exact) < end ? exact : std::copysign(end, exact);
  const int exponent = target == 0 ? Limits::min_exponent : std::ilogb(target);
  const int last = std::max(exponent, Limits::min_exponent - 1) - (Limits::digits - 1);
  return static_cast<double>(std::ldexp(std::abs(value - target), -last));
}

template <class T, class F, class Exact>
double worst(F f, Exact exact, const std::vector<T>& x) {
  const std::vector<T> y = map(f, x);
  double max_error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    max_error = std::max(max_error, ulps(y[i], exact(static_cast<long double>(x[i]))));
  }
  return max_error;
}

// Finite numbers of random bits, so of every magnitude and sign.
template <class T>
std::vector<T> all_magnitudes(Index n) {
  Rng rng(5, Stream::initialization, 0);
  std::vector<T> x;
  while (static_cast<Index>(x.size()) < n) {
    const std::uint64_t word = rng.next();
    T value;
    std::memcpy(&value, &word, sizeof value);
    if (std::isfinite(value)) x.push_back(value);
  }
  return x;
}

// Typical pre-activations, the whole range of exponentials, and all magnitudes.
template <class T>
std::vector<T> samples() {
  std::vector<T> x = all_magnitudes<T>(30000);
  for (const double range : {0.1, 1.0, 10.0, 100.0, 760.0}) {
    const std::vector<T> more = uniform<T>(15000, 6, -range, range);
    x.insert(x.end(), more.begin(), more.end());
  }
  return x;
}

template <class T>
std::vector<T> samples(double low, double high) {
  std::vector<T> x = samples<T>();
  x.erase(std::remove_if(x.begin(), x.end(), [&](T v) { return v < low || v > high; }), x.end());
  for (const T v : uniform<T>(30000, 7, std::max(low, -100.0), std::min(high, 100.0)))
    x.push_back(v);
  return x;
}

const auto vector_exp = [](auto x) { return exp(x); };
const auto vector_log = [](auto x) { return log(x); };
const auto vector_tanh = [](auto x) { return tanh(x); };
const auto vector_sigmoid = [](auto x) { return sigmoid(x); };
const auto vector_softplus = [](auto x) { return softplus(x); };
const auto vector_expm1 = [](auto x) { return expm1_negative(x); };
const auto vector_log1p = [](auto x) { return log1p_unit(x); };
const auto vector_cdf = [](auto x) { return normal_cdf(x); };
const auto vector_pdf = [](auto x) { return normal_pdf(x); };
const auto vector_sin = [](auto x) { return sine(x, 0); };
const auto vector_cos = [](auto x) { return sine(x, 1); };

// From e^-|x|: 1 + e^-x would lose the small values.
template <class Real>
Real exact_sigmoid(Real x) {
  const Real e = std::exp(-std::abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}
long double exact_softplus(long double x) {
  return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
}

}  // namespace

TEST_CASE_TEMPLATE("exp, tanh and sigmoid have errors of a few ulp, subnormals included", T, float,
                   double) {
  const bool single = std::is_same_v<T, float>;
  const std::vector<T> x = samples<T>();
  CHECK(worst<T>(vector_exp, [](long double v) { return std::exp(v); }, x) <= (single ? 2 : 4));
  CHECK(worst<T>(vector_tanh, [](long double v) { return std::tanh(v); }, x) <= 4);
  CHECK(worst<T>(vector_sigmoid, exact_sigmoid<long double>, x) <= 4);
}

TEST_CASE_TEMPLATE("log, softplus, log1p and expm1 have errors of a few ulp", T, float, double) {
  CHECK(worst<T>(
            vector_log, [](long double v) { return std::log(v); },
            samples<T>(0, kInfinity<double>)) <= 4);
  CHECK(worst<T>(
            vector_log, [](long double v) { return std::log(v); }, uniform<T>(30000, 8, 0.5, 2)) <=
        4);
  CHECK(worst<T>(vector_softplus, exact_softplus, samples<T>()) <= 4);
  CHECK(worst<T>(vector_log1p, [](long double v) { return std::log1p(v); }, samples<T>(0, 1)) <= 4);
  CHECK(worst<T>(
            vector_expm1, [](long double v) { return std::expm1(v); },
            samples<T>(-kInfinity<double>, 0)) <= 4);
}

TEST_CASE_TEMPLATE(
    "the normal distribution and its density have errors of a few ulp, far tails too", T, float,
    double) {
  const auto cdf = [](long double v) { return std::erfc(-v / std::sqrt(2.0L)) / 2; };
  const auto pdf = [](long double v) {
    return std::exp(-v * v / 2) / std::sqrt(2 * 3.14159265358979323846L);
  };
  CHECK(worst<T>(vector_cdf, cdf, samples<T>()) <= 5);
  CHECK(worst<T>(vector_pdf, pdf, samples<T>()) <= 5);
}

// Beyond the reduction, of large numbers, the library's functions of double are exact enough.
TEST_CASE_TEMPLATE("sine and cosine have errors of a few ulp, near their zeros too", T, float,
                   double) {
  std::vector<T> x = samples<T>(-1e6, 1e6);
  for (const double range : {1e3, 1.1e4, 1e5, 2e6}) {
    const std::vector<T> more = uniform<T>(15000, 11, -range, range);
    x.insert(x.end(), more.begin(), more.end());
  }
  for (int n = -7000; n <= 7000; ++n) x.push_back(T(n * 1.57079632679489661923));
  const auto sin = [](long double v) { return std::sin(v); };
  const auto cos = [](long double v) { return std::cos(v); };
  CHECK(worst<T>(vector_sin, sin, x) <= 3);
  CHECK(worst<T>(vector_cos, cos, x) <= 3);
  CHECK(std::isnan(map(vector_sin, kInfinity<T>)));
  CHECK(map(vector_sin, T(0)) == 0);
  CHECK(map(vector_cos, T(0)) == 1);
}

TEST_CASE_TEMPLATE("limits at infinity are exact", T, float, double) {
  const T inf = kInfinity<T>;
  CHECK(map(vector_exp, inf) == inf);
  CHECK(same_bits(std::vector<T>{map(vector_exp, -inf)}, {T(0)}));
  CHECK(map(vector_log, inf) == inf);
  CHECK(map(vector_log, T(0)) == -inf);
  CHECK(std::isnan(map(vector_log, T(-1))));
  CHECK(std::isnan(map(vector_log, -inf)));
  CHECK(map(vector_tanh, inf) == 1);
  CHECK(map(vector_tanh, -inf) == -1);
  CHECK(map(vector_sigmoid, inf) == 1);
  CHECK(map(vector_sigmoid, -inf) == 0);
  CHECK(map(vector_softplus, inf) == inf);
  CHECK(map(vector_softplus, -inf) == 0);
  CHECK(map(vector_expm1, -inf) == -1);
  CHECK(map(vector_cdf, inf) == 1);
  CHECK(map(vector_cdf, -inf) == 0);
  CHECK(map(vector_pdf, inf) == 0);
  CHECK(map(vector_pdf, -inf) == 0);
  CHECK(map([](auto x) { return clamp_to_finite(x); }, -inf) == std::numeric_limits<T>::lowest());
}

TEST_CASE_TEMPLATE("fixed points are exact", T, float, double) {
  CHECK(map(vector_exp, T(0)) == 1);
  CHECK(map(vector_exp, T(-0.0)) == 1);
  CHECK(map(vector_log, T(1)) == 0);
  CHECK(map(vector_sigmoid, T(0)) == T(0.5));
  CHECK(map(vector_expm1, T(0)) == 0);
  CHECK(map(vector_log1p, T(0)) == 0);
  CHECK(same_bits(std::vector<T>{map(vector_tanh, T(0))}, {T(0)}));
  CHECK(same_bits(std::vector<T>{map(vector_tanh, T(-0.0))}, {T(-0.0)}));
  for (const T x : uniform<T>(1000, 10, 0, 25)) {
    REQUIRE(map(vector_tanh, -x) == -map(vector_tanh, x));
    REQUIRE(map(vector_tanh, x) <= 1);
  }
}

TEST_CASE_TEMPLATE("min and max of a number and nan are the second argument", T, float, double) {
  const T values[] = {T(-2), T(-0.0), T(0), T(3), kNan<T>, kInfinity<T>};
  for (const T a : values) {
    for (const T b : values) {
      const auto either = [&](auto f) {
        return map([&](auto y) { return f(constant<decltype(y)>(static_cast<double>(a)), y); }, b);
      };
      const T less = either([](auto x, auto y) { return min(x, y); });
      const T more = either([](auto x, auto y) { return max(x, y); });
      CHECK(same_bits(std::vector<T>{less}, {a < b ? a : b}));
      CHECK(same_bits(std::vector<T>{more}, {a > b ? a : b}));
    }
  }
}

TEST_CASE_TEMPLATE("nan stays nan, in its lane only", T, float, double) {
  std::vector<T> x(static_cast<std::size_t>(kLanes<T>), T(0.5));
  x[1] = kNan<T>;
  const auto check = [&](auto f) {
    const std::vector<T> y = map(f, x);
    CHECK(std::isnan(y[1]));
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i == 1));
  };
  check(vector_exp), check(vector_log), check(vector_tanh), check(vector_sigmoid);
  check(vector_softplus), check(vector_log1p), check(vector_expm1);
  check(vector_cdf), check(vector_pdf), check(vector_sin), check(vector_cos);
  check([](auto v) { return clamp_to_finite(v); });
}

TEST_CASE_TEMPLATE("a value does not depend on its lane", T, float, double) {
  const std::vector<T> x = uniform<T>(kLanes<T> * 8, 9, -3, 3);
  const auto check = [&](auto f) {
    const std::vector<T> y = map(f, x);
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(map(f, x[i]) == y[i]);
  };
  check(vector_exp), check(vector_tanh), check(vector_sigmoid), check(vector_softplus);
}

// Double precision is exact enough here: 2⁻²⁹ ulp of a float.
TEST_CASE(
    "exp, tanh, sigmoid and the normal distribution have errors of a few ulp for every float "
    "(minutes)" *
    doctest::skip()) {
  constexpr std::uint64_t kAll = std::uint64_t{1} << 32, kChunk = 1 << 16;
  double max_exp_error = 0, max_tanh_error = 0, max_sigmoid_error = 0, max_cdf_error = 0;
  std::vector<float> x(kChunk);
  for (std::uint64_t begin = 0; begin < kAll; begin += kChunk) {
    for (std::uint64_t i = 0; i < kChunk; ++i) {
      const auto word = static_cast<std::uint32_t>(begin + i);
      std::memcpy(&x[i], &word, sizeof word);
    }
    const std::vector<float> e = map(vector_exp, x), t = map(vector_tanh, x),
                             s = map(vector_sigmoid, x), c = map(vector_cdf, x);
    for (std::size_t i = 0; i < kChunk; ++i) {
      const double v = static_cast<double>(x[i]);
      max_exp_error = std::max(max_exp_error, ulps(e[i], std::exp(v)));
      max_tanh_error = std::max(max_tanh_error, ulps(t[i], std::tanh(v)));
      max_sigmoid_error = std::max(max_sigmoid_error, ulps(s[i], exact_sigmoid(v)));
      max_cdf_error = std::max(max_cdf_error, ulps(c[i], std::erfc(-v / std::sqrt(2.0)) / 2));
    }
  }
  CHECK(max_exp_error <= 2);
  CHECK(max_tanh_error <= 4);
  CHECK(max_sigmoid_error <= 4);
  CHECK(max_cdf_error <= 5);
}
