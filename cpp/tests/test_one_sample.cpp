// Passes of one sample: where they are used, and that they compute what those of a batch do.
#include "fastmlp/optim/first_order.hpp"
#include "fastmlp/train/one_sample.hpp"
#include "members.hpp"
#include "objective_problem.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

using Layers = std::vector<LayerReference>;

template <class T>
bool suits(Index inputs, const Layers& layers) {
  return OneSample<T>::suits(make_plan<T>(inputs, layers));
}

// The value and gradient of a sample, and of a batch that has it twice.
template <class T>
void check_same_as_twice(Index inputs, const Layers& layers, const Loss& loss) {
  Problem<T> one(inputs, layers, loss, 1, true), two(inputs, layers, loss, 2);
  REQUIRE(OneSample<T>::suits(one.network.plan()));
  const auto repeat = [](const std::vector<T>& from, std::vector<T>& to) {
    std::copy(from.begin(), from.end(), to.begin());
    std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(from.size()));
  };
  repeat(one.samples.x, two.samples.x);
  repeat(one.samples.y, two.samples.y);
  two.select(two.samples.data);
  const double tolerance = std::is_same_v<T, float> ? 3e-6 : 1e-14;
  CHECK(one.value() == doctest::Approx(two.value()).epsilon(tolerance));
  CHECK(relative_difference(one.gradient(), two.gradient()) < tolerance);
}

}  // namespace

TEST_CASE("chains of dense layers with parameters of their own suit, others do not") {
  CHECK(suits<float>(3, {dense(4, Tanh{}), dense(2, Softmax{})}));
  CHECK(suits<float>(3, {dense(2, Identity{}, Zeros{}, false)}));
  CHECK_FALSE(suits<float>(3, {dense(4, Tanh{}), dropout(0.5), dense(2, Identity{})}));
  CHECK_FALSE(suits<float>(3, {dense(4, Softmax{}), dense(2, Identity{})}));
  const auto first = dense(3, Tanh{});
  CHECK_FALSE(suits<float>(3, {first, skip(nullptr), dense(2, Identity{})}));
  CHECK_FALSE(suits<float>(3, {first, tied(first, Tanh{}, false), dense(2, Identity{})}));
  CHECK_FALSE(suits<float>(3, {first, tied(first, Tanh{}), dense(2, Identity{})}));
}

TEST_CASE_TEMPLATE("one sample has the loss and gradient of a batch that repeats it", T, float,
                   double) {
  for (const Index width : {1, 3, 8, 16, 17, 40, 70, 150}) {
    CAPTURE(width);
    check_same_as_twice<T>(5, {dense(width, Tanh{}), dense(9, GELU{}), dense(2, Identity{})},
                           SquaredError{});
    check_same_as_twice<T>(width, {dense(width, ReLU{}), dense(width, Softmax{})}, CrossEntropy{});
  }
  check_same_as_twice<T>(600, {dense(520, SiLU{}, GlorotUniform{}, false), dense(4, Sigmoid{})},
                         BinaryCrossEntropy{});
  for (const Activation& phi : activations()) {
    if (couples_units(phi)) continue;
    CAPTURE(key(phi));
    check_same_as_twice<T>(7, {dense(19, phi), dense(5, phi), dense(3, Tanh{})}, Huber{});
  }
}

TEST_CASE_TEMPLATE("the streamed gradient of one sample visits each parameter once, in parts", T,
                   float, double) {
  Problem<T> problem(50, {dense(90, Tanh{}), dense(60, SiLU{}), dense(2, Identity{})},
                     SquaredError{}, 1);
  Recorder<T> streamed(problem.network.size());
  problem.objective.value_and_stream_gradient(problem.network.w(), streamed);
  CHECK(streamed.expected_parts > 1);
  CHECK(streamed.visits == std::vector<int>(streamed.visits.size(), 1));
  CHECK(same_bits(streamed.g, problem.gradient()));
}

TEST_CASE("a step of one sample leaves no stale copies of wide weights to the next batch") {
  Problem<float> problem(1024, {dense(48, Tanh{}), dense(10, Softmax{})}, CrossEntropy{}, 4);
  Problem<float> fresh(1024, {dense(48, Tanh{}), dense(10, Softmax{})}, CrossEntropy{}, 4);
  REQUIRE(problem.network.plan().packs());
  problem.objective.set_exclusive_writer();
  SGD sgd;
  sgd.learning_rate.source = 0.5;
  FirstOrder<float> optimizer(sgd, problem.network.size());
  const auto step = [&](Index n) {
    problem.objective.select({}, n);
    return optimizer.step(problem.objective, problem.network.w(), problem.team).value;
  };
  step(4);
  step(1);
  std::copy_n(problem.network.w(), problem.network.size(), fresh.network.w());
  CHECK(step(4) == fresh.value());
}

TEST_CASE("mistakes of a sign are counted sample by sample") {
  TrainingOptions perceptron = options(1, SGD{});
  perceptron.loss = Perceptron{};
  Network<float> network(2, {dense(3, Sign{}, Zeros{})}, 0);
  Trainer<float> trainer = make_trainer(network, perceptron);
  const std::vector<float> x{1, 2}, y{1, -1, 1};
  ThreadTeam team;
  trainer.step({rows_of(x, 2), rows_of(y, 3)}, team);
  CHECK(trainer.mistakes() == 3);  // an update at equality
  trainer.step({rows_of(x, 2), rows_of(y, 3)}, team);
  CHECK(trainer.mistakes() == 0);
}
