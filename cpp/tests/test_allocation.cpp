// Memory: nothing is allocated after the first batch, and wherever an allocation fails, bad_alloc
// surfaces, nothing leaks (AddressSanitizer) and no parameter has changed. Memory of Eigen, which
// comes from malloc, is checked by Eigen's switch.
#include <Eigen/Core>

#include "allocation.hpp"
#include "fastmlp/nn/predict.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

// Allocations made by f, of all threads.
template <class F>
long allocations_of(F&& f) {
  Eigen::internal::set_is_malloc_allowed(false);
  const long before = allocation::count;
  f();
  const long made = allocation::count - before;
  Eigen::internal::set_is_malloc_allowed(true);
  return made;
}

// Runs f with its k-th allocation failing; false where f makes no more than k.
template <class F>
bool runs_out_of_memory(long k, F&& f) {
  allocation::until_failure = k;
  try {
    f();
  } catch (const std::bad_alloc&) {
    allocation::until_failure = -1;
    return true;
  }
  allocation::until_failure = -1;
  return false;
}

constexpr Index kInputs = 12, kOutputs = 5;

// A convolution and its maxima, a wide layer with its packed copies, activations that keep their
// input, and noise.
template <class T>
std::vector<LayerReference> specs() {
  auto convolution = std::make_shared<Conv1D>();
  convolution->filters = 3;
  convolution->kernel = {1, 1, 2};
  convolution->padding.word = "same";
  convolution->activation = Tanh{};
  auto pool = std::make_shared<MaxPool1D>();
  pool->size = {1, 1, 2};
  return {convolution,
          pool,
          gaussian_noise(0.1),
          penalized(dense(20, ReLU{}), 0.01, 0),
          dropout(0.5),
          penalized(dense(4096 / static_cast<Index>(sizeof(T)), SiLU{}), 0, 0.01, 1.0),
          penalized(dense(kOutputs, Softmax{}), 0.01, 0.01)};
}

template <class T>
TrainingOptions options(const Network<T>& network, Index batch_size, int which) {
  Adam all;
  all.clip_norm = 1.0;
  all.clip_value = ClipRange{-1, 1};
  all.average = Polyak{};
  SGD evaluation_offset;
  evaluation_offset.momentum = 0.9;
  evaluation_offset.nesterov = std::string("lecture");
  TrainingOptions result;
  result.loss = CrossEntropy{};
  result.rule = which == 0 ? Rule{evaluation_offset} : which == 1 ? Rule{Adam{}} : Rule{all};
  result.batch_size = batch_size;
  result.groups = make_groups(network.plan(), 0, 0, true);
  return result;
}

}  // namespace

TEST_CASE("allocations are counted and made to fail, plain and aligned") {
  CHECK(allocations_of([] { Buffer<float> buffer(1); }) == 1);
  CHECK(allocations_of([] { std::vector<int> vector(1); }) == 1);
  CHECK(runs_out_of_memory(0, [] { Buffer<float> buffer(1); }));
  CHECK(runs_out_of_memory(1, [] { std::vector<int> first(1), second(1); }));
  CHECK_FALSE(runs_out_of_memory(2, [] { std::vector<int> first(1), second(1); }));
}

TEST_CASE_TEMPLATE("nothing is allocated after the first epoch", T, float, double) {
  const Samples<T> samples(100, kInputs, kOutputs), many(1100, kInputs, kOutputs);
  for (const int threads : {1, 3}) {
    for (const Index batch_size : {1, 7, 32, 100, 1100}) {
      for (int rule = 0; rule < 3; ++rule) {
        if (batch_size == 1100 && rule == 0) continue;
        CAPTURE(threads);
        CAPTURE(batch_size);
        CAPTURE(rule);
        const Dataset<T> data = batch_size > 1000 ? many.weighted() : samples.weighted();
        Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
        Trainer<T> trainer = make_trainer(network, options(network, batch_size, rule));
        long made = -1;
        allocation::counted = threads == 1;  // of a larger team the caller only starts the threads
        with_team(threads, {}, [&](ThreadTeam& team) {
          trainer.epoch(data, kInfinity<double>, team);
          made = allocations_of([&] {
            for (int e = 0; e < 2; ++e) trainer.epoch(data, 1e6, team);
          });
        });
        allocation::counted = true;
        CHECK(made == 0);
      }
    }
  }
}

TEST_CASE_TEMPLATE("nothing is allocated after the first step, or the first explicit pass", T,
                   float, double) {
  const Samples<T> samples(40, kInputs, kOutputs), fewer(5, kInputs, kOutputs);
  for (int rule = 0; rule < 3; ++rule) {
    Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
    Trainer<T> trainer = make_trainer(network, options(network, 40, rule));
    std::vector<T> out(40 * kOutputs), g(static_cast<std::size_t>(network.size()));
    ThreadTeam team;
    const auto by_hand = [&] {
      trainer.forward(samples.data.x, {out.data(), 40, kOutputs, kOutputs}, team);
      trainer.backward(rows_of(out, kOutputs), g.data(), team);
      trainer.apply(g.data(), 1, team);
    };
    trainer.step(samples.data, team);
    CHECK(allocations_of([&] {
            trainer.step(samples.data, team);
            trainer.step(fewer.data, team);
          }) == 0);
    by_hand();
    CHECK(allocations_of(by_hand) == 0);
  }
}

TEST_CASE_TEMPLATE("a value and a gradient allocate nothing after the first", T, float, double) {
  const Samples<T> samples(1100, kInputs, kOutputs);
  Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
  NetworkObjective<T> objective(network.plan(), CrossEntropy{});
  std::vector<T> g(static_cast<std::size_t>(network.size()));
  ThreadTeam team;
  const auto pass = [&] {
    objective.set_team(team);
    objective.select(samples.data, {}, samples.data.size());
    objective.value(network.w());
    objective.value_and_gradient(network.w(), g.data());
  };
  pass();
  CHECK(allocations_of(pass) == 0);
}

TEST_CASE_TEMPLATE("products allocate nothing after the first, at a kept point or a new one", T,
                   float, double) {
  for (const Index n : {40, 1100}) {  // one chunk, and two
    const Samples<T> samples(n, kInputs, kOutputs);
    Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
    NetworkObjective<T> objective(network.plan(), CrossEntropy{});
    const auto size = static_cast<std::size_t>(network.size());
    std::vector<T> w = parameters(network), v(size, T(1)), out(size);
    ThreadTeam team;
    objective.set_team(team);
    objective.select(samples.data, {}, n);
    const auto products = [&] {
      objective.set_point(w.data());
      for (int k = 0; k < 3; ++k) objective.hessian_product(w.data(), v.data(), out.data());
      objective.gauss_newton_product(w.data(), v.data(), out.data());
      w[0] += T(0.5);
    };
    products();
    CHECK(allocations_of(products) == 0);
  }
}

TEST_CASE_TEMPLATE("a network, a workspace and a trainer are made completely or not at all", T,
                   float, double) {
  const std::vector<LayerReference> layers = specs<T>();
  Index k = 0;
  while (runs_out_of_memory(k, [&] { Network<T>(Shape({kInputs, 1}), layers, 0); })) ++k;
  CHECK(k > 3);

  Network<T> network(Shape({kInputs, 1}), layers, 0);
  for (k = 0; runs_out_of_memory(k, [&] { make_workspace(network.plan(), 40, true, true); });) ++k;
  CHECK(k > 3);
  for (int rule = 0; rule < 3; ++rule) {
    const TrainingOptions wanted = options(network, 32, rule);
    for (k = 0; runs_out_of_memory(k, [&] { make_trainer(network, wanted); });) ++k;
    CHECK(k > 0);
  }
}

TEST_CASE_TEMPLATE("a network larger than memory is refused without taking any", T, float, double) {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  const auto bytes_of_attempt = [](Index inputs, const std::vector<LayerReference>& layers) {
    const std::size_t before = allocation::bytes;
    CHECK_THROWS(
        (Network<T>(inputs, layers, 0)));  // bad_alloc, or invalid_argument where sizes overflow
    return allocation::bytes - before;
  };
  CHECK(bytes_of_attempt(1, {dense(Index(1) << 32, Tanh{})}) < 100000);
  CHECK(bytes_of_attempt(Index(1) << 40, {dense(8, Tanh{})}) < 100000);
  CHECK(bytes_of_attempt(2, {dense(kMax / 4, Tanh{}), dense(1, Tanh{})}) < 100000);
  CHECK(bytes_of_attempt(kMax, {dense(1, Tanh{})}) < 100000);
}

TEST_CASE_TEMPLATE("a prediction that runs out of memory changes nothing", T, float, double) {
  const Samples<T> samples(40, kInputs, kOutputs);
  const Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
  std::vector<T> out(40 * kOutputs), derivatives(40 * kOutputs * kInputs);
  ThreadTeam team;
  Index k = 0;
  while (runs_out_of_memory(k, [&] {
    predict<T>(network.plan(), network.w(), samples.data.x, {out.data(), 40, kOutputs, kOutputs},
               team);
    jacobian<T>(network.plan(), network.w(), samples.data.x, derivatives.data(), team);
  })) {
    ++k;
  }
  CHECK(k > 6);
}

// The trainer is used again after every failure, as after memory was freed: its state must be
// complete, and no size may be stored for memory that was not allocated.
TEST_CASE_TEMPLATE("a first step that runs out of memory changes nothing, and can be repeated", T,
                   float, double) {
  const Samples<T> samples(40, kInputs, kOutputs), many(1100, kInputs, kOutputs);
  for (const bool chunks : {false, true}) {
    const Dataset<T> data = chunks ? many.data : samples.data;
    for (int rule = 0; rule < 3; ++rule) {
      if (chunks && rule != 1) continue;
      CAPTURE(rule);
      Network<T> expected(Shape({kInputs, 1}), specs<T>(), 0);
      Trainer<T> undisturbed = make_trainer(expected, options(expected, 40, rule));
      const std::vector<T> before = parameters(expected);
      ThreadTeam team;
      undisturbed.step(data, team);

      for (Index k = 0;; ++k) {
        Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
        Trainer<T> trainer = make_trainer(network, options(network, 40, rule));
        const bool failed = runs_out_of_memory(k, [&] { trainer.step(data, team); });
        if (failed) {
          REQUIRE(same_bits(parameters(network), before));
          REQUIRE(trainer.optimizer().steps() == 0);
          trainer.step(data, team);
        }
        REQUIRE(same_bits(parameters(network), parameters(expected)));
        if (!failed) break;
      }
    }
  }
}

TEST_CASE_TEMPLATE("an epoch that runs out of memory ends after a complete step", T, float,
                   double) {
  const Samples<T> samples(40, kInputs, kOutputs);
  Network<T> expected(Shape({kInputs, 1}), specs<T>(), 0);
  Trainer<T> undisturbed = make_trainer(expected, options(expected, 40, 1));
  const std::vector<T> before = parameters(expected);
  ThreadTeam team;
  undisturbed.epoch(samples.data, kInfinity<double>, team);
  for (Index k = 0;; ++k) {
    Network<T> network(Shape({kInputs, 1}), specs<T>(), 0);
    Trainer<T> trainer = make_trainer(network, options(network, 40, 1));
    const bool failed =
        runs_out_of_memory(k, [&] { trainer.epoch(samples.data, kInfinity<double>, team); });
    if (failed) {
      REQUIRE(same_bits(parameters(network), before));
      REQUIRE(trainer.epoch_number() == 0);
      trainer.epoch(samples.data, kInfinity<double>, team);
    }
    REQUIRE(same_bits(parameters(network), parameters(expected)));
    if (!failed) break;
  }
}

TEST_CASE("a team that runs out of memory surfaces it, on whichever thread it happens") {
  const Samples<float> samples(40, kInputs, kOutputs);
  Network<float> network(Shape({kInputs, 1}), specs<float>(), 0);
  const std::vector<float> before = parameters(network);
  const TrainingOptions wanted = options(network, 40, 1);
  for (Index k = 0;; ++k) {
    Trainer<float> trainer = make_trainer(network, wanted);
    const auto step = [&] {
      with_team(2, {}, [&](ThreadTeam& team) { trainer.step(samples.data, team); });
    };
    if (!runs_out_of_memory(k, step)) break;
    REQUIRE(same_bits(parameters(network), before));
  }
  CHECK_FALSE(same_bits(parameters(network), before));
}
