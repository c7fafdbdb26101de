// Losses, and the output activation together with its loss.
#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "members.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

template <class T>
struct Evaluation {
  std::vector<T> delta;
  double value;
};

// Value and scale * dL/da of one sample.
template <class T>
Evaluation<T> evaluate_one(const OutputLoss& output, const std::vector<T>& a,
                           const std::vector<T>& y, T scale = 1) {
  const auto n = static_cast<Index>(a.size());
  Matrix<T> in = column(a), targets = column(y), h(n, 1), delta(n, 1);
  std::vector<T> value(1), gradient;
  MatrixView<T> d = delta.view();
  loss_and_delta<T>(output, in.view(), targets.view(), h.view(), value.data(), &scale, &d);
  for (Index i = 0; i < n; ++i) gradient.push_back(*d.row(i));
  return {gradient, static_cast<double>(value[0])};
}

double loss(const Loss& member, double o, double y) {
  return evaluate_one<double>({Identity{}, member}, {o}, {y}).value;
}
double gradient(const Loss& member, double o, double y) {
  return evaluate_one<double>({Identity{}, member}, {o}, {y}).delta[0];
}

}  // namespace

TEST_CASE("losses are those of the formulas") {
  using doctest::Approx;
  CHECK(loss(SquaredError{}, 3, 1) == 2);
  CHECK(gradient(SquaredError{}, 3, 1) == 2);
  CHECK(loss(AbsoluteError{}, 1, 3) == 2);
  CHECK(gradient(AbsoluteError{}, 1, 3) == -1);
  CHECK(gradient(AbsoluteError{}, 3, 3) == 0);
  CHECK(loss(Huber{2.0}, 1, 2) == 0.5);
  CHECK(loss(Huber{2.0}, 1, 6) == 2 * (5 - 1));
  CHECK(gradient(Huber{2.0}, 1, 6) == -2);
  CHECK(loss(CrossEntropy{}, 0.25, 2) == Approx(-2 * std::log(0.25)));
  CHECK(gradient(CrossEntropy{}, 0.25, 2) == -8);
  CHECK(loss(BinaryCrossEntropy{}, 0.25, 0.75) ==
        Approx(-0.75 * std::log(0.25) - 0.25 * std::log(0.75)));
  CHECK(gradient(BinaryCrossEntropy{}, 0.25, 0.75) == Approx(0.25 / 0.75 - 0.75 / 0.25));
  CHECK(loss(Perceptron{}, 2, -1) == 2);
  CHECK(loss(Perceptron{}, 2, 1) == 0);
  CHECK(gradient(Perceptron{}, 2, -1) == 1);
  CHECK(gradient(Perceptron{}, 2, 1) == 0);
  CHECK(gradient(Perceptron{}, 0, 1) == -1);  // or a perceptron of zeros would never move
  CHECK(loss(Hinge{}, 0.25, 1) == 0.75);
  CHECK(loss(Hinge{}, -2, -1) == 0);
  CHECK(gradient(Hinge{}, 1, 1) == -1);
  CHECK(loss(Quantile{0.25}, 1, 3) == 0.5);
  CHECK(loss(Quantile{0.25}, 3, 1) == 1.5);
  CHECK(gradient(Quantile{0.25}, 3, 1) == 0.75);
  CHECK(gradient(Quantile{0.25}, 3, 3) == 0);
  CHECK(loss(Poisson{}, 0.5, 3) == Approx(std::exp(0.5) - 1.5));
  CHECK(gradient(Poisson{}, 0.5, 3) == Approx(std::exp(0.5) - 3));
  CHECK(loss(Poisson{false}, 0.5, 3) == Approx(0.5 - 3 * std::log(0.5)));
  CHECK(gradient(Poisson{false}, 0.5, 3) == -5);
}

TEST_CASE("0 log 0 is 0, and a certain mistake costs infinity") {
  CHECK(loss(CrossEntropy{}, 0, 0) == 0);
  CHECK(gradient(CrossEntropy{}, 0, 0) == 0);
  CHECK(loss(CrossEntropy{}, 0, 1) == kInfinity<double>);
  CHECK(loss(BinaryCrossEntropy{}, 0, 0) == 0);
  CHECK(loss(BinaryCrossEntropy{}, 1, 1) == 0);
  CHECK(gradient(BinaryCrossEntropy{}, 1, 1) == -1);
  CHECK(loss(BinaryCrossEntropy{}, 1, 0) == kInfinity<double>);
}

TEST_CASE("the loss of a sample is the sum over its outputs, for any number of them") {
  const std::vector<double> o = uniform<double>(40, 1, 0.1, 0.9),
                            y = uniform<double>(40, 2, 0.1, 0.9);
  for (const Loss& member : members<Loss>()) {
    if (std::holds_alternative<GaussianNLL>(member)) continue;  // takes them in pairs
    CAPTURE(key(member));
    double sum = 0;
    for (std::size_t n = 1; n <= o.size(); ++n) {
      sum += loss(member, o[n - 1], y[n - 1]);
      const double value =
          evaluate_one<double>({Identity{}, member}, {o.begin(), o.begin() + static_cast<Index>(n)},
                               {y.begin(), y.begin() + static_cast<Index>(n)})
              .value;
      REQUIRE(value == doctest::Approx(sum).epsilon(1e-14));
    }
  }
}

TEST_CASE("Gaussian likelihood pairs means with log variances, for any number of them") {
  for (const Index n : {1, 2, 7, 8, 9, 20}) {
    const std::vector<double> o = uniform<double>(2 * n, 5, -1, 1), y = uniform<double>(2 * n, 6);
    const Evaluation<double> result = evaluate_one<double>({Identity{}, GaussianNLL{}}, o, y, 2.0);
    double value = 0;
    for (Index j = 0; j < n; ++j) {
      const auto i = static_cast<std::size_t>(j), k = static_cast<std::size_t>(n + j);
      const double e = y[i] - o[i], p = std::exp(-o[k]);
      value += (o[k] + e * e * p) / 2;
      CHECK(result.delta[i] == doctest::Approx(-2 * e * p).epsilon(1e-13));
      CHECK(result.delta[k] == doctest::Approx(1 - e * e * p).epsilon(1e-13));
    }
    CHECK(result.value == doctest::Approx(value).epsilon(1e-13));
  }
}

TEST_CASE_TEMPLATE("canonical pairs stay exact where a path through the outputs would overflow", T,
                   float, double) {
  const OutputLoss categorical{Softmax{}, CrossEntropy{}}, binary{Sigmoid{}, BinaryCrossEntropy{}};
  const Evaluation<T> lost = evaluate_one<T>(categorical, {1000, 0}, {0, 1});
  CHECK(lost.value == 1000);
  CHECK(lost.delta == std::vector<T>{1, -1});
  CHECK(evaluate_one<T>(categorical, {1000, 0}, {1, 0}).value == 0);
  CHECK(evaluate_one<T>(categorical, {-1000, -1000}, {1, 0}).value ==
        doctest::Approx(std::log(2.0)));

  CHECK(evaluate_one<T>(binary, {1000}, {0}).value == 1000);
  CHECK(evaluate_one<T>(binary, {-1000}, {1}).value == 1000);
  CHECK(evaluate_one<T>(binary, {1000}, {1}).value == 0);
  CHECK(evaluate_one<T>(binary, {-1000}, {0}).value == 0);
  CHECK(evaluate_one<T>(binary, {-1000}, {1}).delta[0] == -1);
  CHECK(evaluate_one<T>(binary, {20}, {1}).value == doctest::Approx(2.061153620314381e-9));
}

TEST_CASE("canonical pairs agree with the path through the outputs") {
  for (const Index n : {1, 2, 3, 8, 17}) {
    const std::vector<double> a = uniform<double>(n, 3, -3, 3), y = uniform<double>(n, 4, 0.1, 0.9);
    const Evaluation<double> soft = evaluate_one<double>({Softmax{}, CrossEntropy{}}, a, y, 2.0);
    const Evaluation<double> sigmoid =
        evaluate_one<double>({Sigmoid{}, BinaryCrossEntropy{}}, a, y, 2.0);
    double total = 0, target_sum = 0, value = 0, binary_value = 0;
    for (const double v : a) total += std::exp(v);
    for (const double v : y) target_sum += v;
    for (std::size_t j = 0; j < a.size(); ++j) {
      const double o = std::exp(a[j]) / total, p = 1 / (1 + std::exp(-a[j]));
      value -= y[j] * std::log(o);
      binary_value -= y[j] * std::log(p) + (1 - y[j]) * std::log(1 - p);
      CHECK(soft.delta[j] == doctest::Approx(2 * (o * target_sum - y[j])).epsilon(1e-12));
      CHECK(sigmoid.delta[j] == doctest::Approx(2 * (p - y[j])).epsilon(1e-12));
    }
    CHECK(soft.value == doctest::Approx(value).epsilon(1e-13));
    CHECK(sigmoid.value == doctest::Approx(binary_value).epsilon(1e-13));
  }
}

TEST_CASE("the perceptron learns from the pre-activation, not from its sign") {
  const Evaluation<double> result =
      evaluate_one<double>({Sign{}, Perceptron{}}, {0.5, -2.0}, {-1, -1});
  CHECK(result.value == 0.5);
  CHECK(result.delta == std::vector<double>{1, 0});
}

TEST_CASE("an output activation has a default loss") {
  CHECK(std::holds_alternative<CrossEntropy>(default_loss(Softmax{})));
  CHECK(std::holds_alternative<BinaryCrossEntropy>(default_loss(Sigmoid{})));
  CHECK(std::holds_alternative<Perceptron>(default_loss(Sign{})));
  CHECK(std::holds_alternative<SquaredError>(default_loss(Tanh{})));
}

TEST_CASE_TEMPLATE("a nan in a row reaches its loss", T, float, double) {
  const std::vector<T> a{T(0.5), kNan<T>, T(0.25)}, y{T(0.5), T(0.5), T(0.25)};
  for (const Activation& activation : activations()) {
    for (const Loss& member : members<Loss>()) {
      CAPTURE(key(activation));
      CAPTURE(key(member));
      CHECK(std::isnan(evaluate_one<T>({activation, member}, a, y).value));
    }
  }
}
