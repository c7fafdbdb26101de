// The network as an objective: its gradient, in parts, and over the chunks of a large batch.
#include "members.hpp"
#include "objective_problem.hpp"

using namespace fastmlp;

namespace {

std::vector<double> central_differences(Problem<double>& problem) {
  constexpr double step = 1e-5;
  std::vector<double> g;
  for (Index i = 0; i < problem.network.size(); ++i) {
    double& w = problem.network.w()[i];
    const double before = w;
    w = before + step;
    const double right = problem.value();
    w = before - step;
    const double left = problem.value();
    w = before;
    g.push_back((right - left) / (2 * step));
  }
  return g;
}

// Outputs in (0, 1), where every loss is defined.
void center_outputs(Network<double>& network) {
  const LayerParameters& output = network.plan().parameters().back();
  const Range weights = network.plan().slot(output.weights).range;
  const Range biases = network.plan().slot(output.bias).range;
  for (Index i = weights.begin; i < weights.end; ++i) network.w()[i] *= 0.05;
  for (Index i = biases.begin; i < biases.end; ++i) network.w()[i] = 0.4;
}

const std::vector<LayerReference> kLayers{dense(70, Tanh{}), dense(33, SiLU{}),
                                          dense(10, Softmax{})};

}  // namespace

TEST_CASE("the gradient is that of central differences, for every output activation and loss") {
  for (const Index n : {5, 9}) {
    for (const Activation& output : activations()) {
      for (const Loss& loss : members<Loss>()) {
        // A sign as output lies on the boundary of the domain of this one, an exponential beyond.
        const bool outside =
            std::holds_alternative<Sign>(output) || std::holds_alternative<Exponential>(output);
        if (outside && std::holds_alternative<BinaryCrossEntropy>(loss)) continue;
        CAPTURE(key(output));
        CAPTURE(key(loss));
        Problem<double> problem(3, {dense(5, Tanh{}), dense(4, output)}, loss, n, true);
        center_outputs(problem.network);
        const std::vector<double> expected = central_differences(problem);
        CHECK(relative_difference(problem.gradient(), expected) < 1e-7);
      }
    }
  }
}

TEST_CASE("the gradient is that of central differences, for every hidden activation") {
  for (const Index n : {5, 9}) {
    for (const Activation& hidden : activations()) {
      for (const bool bias : {true, false}) {
        CAPTURE(key(hidden));
        Problem<double> problem(3,
                                {dense(6, hidden, HeNormal{}, bias),
                                 dense(5, hidden, HeNormal{}, bias), dense(4, Softmax{})},
                                CrossEntropy{}, n);
        const std::vector<double> expected = central_differences(problem);
        CHECK(relative_difference(problem.gradient(), expected) < 1e-7);
      }
    }
  }
}

TEST_CASE("the gradient is that of central differences through wide layers") {
  Problem<double> problem(520, {dense(3, Tanh{}), dense(520, SiLU{}), dense(2, Identity{})},
                          SquaredError{}, 9);
  CHECK(relative_difference(problem.gradient(), central_differences(problem)) < 1e-6);
}

TEST_CASE("a hidden sign passes a gradient only if it is straight-through") {
  const auto first_layer = [](bool straight_through) {
    Problem<double> problem(3, {dense(6, Sign{straight_through}), dense(2, Softmax{})},
                            CrossEntropy{}, 9);
    std::vector<double> g = problem.gradient();
    g.resize(static_cast<std::size_t>(problem.network.plan().slot(1).range.end));
    return g;
  };
  for (const double g : first_layer(false)) CHECK(g == 0);
  CHECK(relative_difference(first_layer(true), std::vector<double>(24, 0.0)) > 0);
}

TEST_CASE_TEMPLATE(
    "value_and_stream_gradient consumes every range once, with the bits of value_and_gradient", T,
    float, double) {
  for (const Index n : {1, 7, 8, 100, 1024, 1025, 1500}) {
    CAPTURE(n);
    Problem<T> problem(300, kLayers, CrossEntropy{}, n);
    Recorder<T> recorder(problem.network.size());
    const double value = problem.objective.value_and_stream_gradient(problem.network.w(), recorder);
    CHECK(value == problem.value());
    CHECK(same_bits(recorder.g, problem.gradient()));
    CHECK(recorder.visits == std::vector<int>(recorder.visits.size(), 1));
    std::vector<Index> expected(static_cast<std::size_t>(recorder.expected_parts));
    std::iota(expected.begin(), expected.end(), Index(0));
    CHECK(recorder.parts == expected);
  }
}

TEST_CASE_TEMPLATE("a loss that is not finite is returned and nothing consumed", T, float, double) {
  for (const Index n : {9, 1030}) {
    Problem<T> problem(4, {dense(3, Tanh{}), dense(2, Identity{})}, SquaredError{}, n);
    problem.samples.x[1] = kNan<T>;
    Recorder<T> recorder(problem.network.size());
    CHECK_FALSE(
        std::isfinite(problem.objective.value_and_stream_gradient(problem.network.w(), recorder)));
    CHECK(recorder.parts.empty());
    CHECK(recorder.expected_parts == 0);
  }
}

TEST_CASE_TEMPLATE("a batch of several chunks is the mean of its samples, taken one by one", T,
                   float, double) {
  constexpr Index n = 2 * kChunkSamples + 3;
  Problem<T> problem(6, {dense(9, Tanh{}), dense(3, Softmax{})}, CrossEntropy{}, n, true);
  const double value = problem.value();
  const std::vector<T> whole = problem.gradient();

  const Dataset<T> data = problem.samples.weighted();
  std::vector<double> sum(whole.size());
  double value_sum = 0, weight = 0;
  for (Index i = 0; i < n; ++i) {
    problem.objective.select(data, {&i}, 1);
    const double w = problem.objective.weight();
    value_sum += w * problem.value();
    const std::vector<T> g = problem.gradient();
    for (std::size_t j = 0; j < g.size(); ++j) sum[j] += w * static_cast<double>(g[j]);
    weight += w;
  }
  std::vector<T> mean;
  for (const double s : sum) mean.push_back(static_cast<T>(s / weight));
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  CHECK(value == doctest::Approx(value_sum / weight).epsilon(tolerance));
  CHECK(relative_difference(whole, mean) < tolerance);
}

TEST_CASE("the gradient is that of central differences with fixed noise") {
  for (const Index n : {5, 40}) {
    Problem<double> problem(4,
                            {gaussian_noise(0.3), dense(6, Tanh{}), dropout(0.4), dense(5, SiLU{}),
                             dense(3, Softmax{})},
                            CrossEntropy{}, n);
    problem.objective.set_context({nullptr, true, 11, 2, 100});
    CHECK(relative_difference(problem.gradient(), central_differences(problem)) < 1e-7);
  }
}

TEST_CASE("noise depends on the sample and its position, not on the size of batches") {
  constexpr Index n = kChunkSamples + 40;
  Problem<double> problem(
      6, {gaussian_noise(0.3), dense(9, Tanh{}), dropout(0.4), dense(3, Softmax{})}, CrossEntropy{},
      n);
  problem.objective.set_context({nullptr, true, 11, 2, 100});
  const double value = problem.value();
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    problem.objective.select(problem.samples.data, {&i}, 1);
    problem.objective.set_context({nullptr, true, 11, 2, 100 + i});
    sum += problem.value();
  }
  CHECK(value == doctest::Approx(sum / n).epsilon(1e-13));
}

TEST_CASE("smoothed labels are the targets (1 - s) y + s / n") {
  CrossEntropy smooth;
  smooth.label_smoothing = 0.3;
  Problem<double> smoothed(4, {dense(5, ReLU{}), dense(3, Softmax{})}, smooth, 9),
      plain(4, {dense(5, ReLU{}), dense(3, Softmax{})}, CrossEntropy{}, 9);
  for (double& y : plain.samples.y) y = 0.7 * y + 0.3 / 3;
  CHECK(smoothed.value() == doctest::Approx(plain.value()).epsilon(1e-14));
  CHECK(relative_difference(smoothed.gradient(), plain.gradient()) < 1e-14);
}

TEST_CASE_TEMPLATE("classes are one-hot targets; whole weights are repeated samples", T, float,
                   double) {
  Problem<T> problem(4, {dense(5, ReLU{}), dense(3, Softmax{})}, CrossEntropy{}, 6);
  const std::vector<std::int64_t> classes{0, 2, 1, 1, 0, 2};
  std::vector<T> one_hot(18);
  for (std::size_t i = 0; i < 6; ++i) one_hot[3 * i + static_cast<std::size_t>(classes[i])] = 1;

  Dataset<T> data = problem.samples.data;
  data.y = rows_of(one_hot, 3);
  problem.select(data);
  const double value = problem.value();
  const std::vector<T> g = problem.gradient();
  data.y = {};
  data.classes = classes.data();
  problem.select(data);
  CHECK(problem.value() == value);
  CHECK(same_bits(problem.gradient(), g));

  for (const std::int64_t wrong : {std::int64_t{3}, std::int64_t{-1}, std::int64_t{1} << 60}) {
    std::vector<std::int64_t> changed = classes;
    changed[4] = wrong;
    data.classes = changed.data();
    problem.select(data);
    CHECK_THROWS_AS(problem.value(), std::invalid_argument);
  }
  data.classes = classes.data();
  const std::vector<T> weights{1, 2, 0, 3, 1, 1};
  const std::vector<Index> repeated{0, 1, 1, 3, 3, 3, 4, 5};
  problem.objective.select(data, {repeated.data()}, 8);
  const double expected = problem.value();
  const std::vector<T> expected_gradient = problem.gradient();
  data.weights = weights.data();
  problem.select(data);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  CHECK(problem.value() == doctest::Approx(expected).epsilon(tolerance));
  CHECK(relative_difference(problem.gradient(), expected_gradient) < tolerance);
}
