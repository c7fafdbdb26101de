#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "fastmlp/train/exact_sum.hpp"
#include "testing.hpp"

namespace fastmlp {

TEST_CASE("digits of a double are read back, in float too, unless it is smaller than the last") {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-200, 280), mantissa(-1, 1);
  for (int i = 0; i < 1000; ++i) {
    const double value = mantissa(random) * std::exp2(exponent(random));
    std::vector<float> digits(static_cast<std::size_t>(kLossDigits.digits));
    kLossDigits.write(value, digits.data());
    CHECK(kLossDigits.read(digits.data()) == value);
  }
}

TEST_CASE("sums of digits do not depend on their order and are those of doubles") {
  constexpr int kProcesses = 1000;
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  std::vector<double> values(kProcesses);
  for (double& value : values) value = normal(random) * std::exp2(20 * normal(random));
  const auto sum = [&] {
    const auto n = static_cast<std::size_t>(kLossDigits.digits);
    std::vector<float> total(n), digits(n);
    for (const double value : values) {
      kLossDigits.write(value, digits.data());
      for (std::size_t j = 0; j < n; ++j) total[j] += digits[j];
    }
    return kLossDigits.read(total.data());
  };
  const double first = sum();
  std::shuffle(values.begin(), values.end(), random);
  CHECK(sum() == first);
  long double expected = 0;
  for (const double value : values) expected += value;
  CHECK(first == doctest::Approx(static_cast<double>(expected)).epsilon(1e-15));
}

TEST_CASE("counts of each process are exact to 2^48") {
  std::vector<float> digits(static_cast<std::size_t>(kCountDigits.digits));
  for (const double count : {0.0, 1.0, 4095.0, 4096.0, 281474976710655.0}) {
    kCountDigits.write(count, digits.data());
    CHECK(kCountDigits.read(digits.data()) == count);
  }
}

}  // namespace fastmlp
