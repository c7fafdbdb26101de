// The objective of a network is a function of the parameters that it is given, not of the
// network's.
#include <thread>

#include "fastmlp/optim/first_order.hpp"
#include "fastmlp/optim/minimize.hpp"
#include "objective_problem.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("value and gradient are those of the w that is given, packed or not", T, float,
                   double) {
  for (const Index inputs : {30, 600}) {
    CAPTURE(inputs);
    Problem<T> problem(inputs, {dense(40, Tanh{}), dense(520, SiLU{}), dense(10, Softmax{})},
                       CrossEntropy{}, 50);
    const Network<T> other(inputs, {dense(40, Tanh{}), dense(520, SiLU{}), dense(10, Softmax{})},
                           9);
    Problem<T> expected(inputs, {dense(40, Tanh{}), dense(520, SiLU{}), dense(10, Softmax{})},
                        CrossEntropy{}, 50);
    std::copy_n(other.w(), other.size(), expected.network.w());
    const double original = problem.value();
    std::vector<T> g(static_cast<std::size_t>(other.size()));
    CHECK(problem.objective.value(other.w()) == expected.value());
    CHECK(problem.objective.value_and_gradient(other.w(), g.data()) == expected.value());
    CHECK(same_bits(g, expected.gradient()));
    CHECK(original != expected.value());
    CHECK(problem.value() == original);

    // A vector whose values change between calls.
    std::vector<T> w = parameters(problem.network);
    CHECK(problem.objective.value(w.data()) == original);
    std::copy_n(other.w(), other.size(), w.data());
    CHECK(problem.objective.value(w.data()) == expected.value());

    Recorder<T> first(other.size()), second(other.size());
    problem.objective.value_and_stream_gradient(problem.network.w(), first);
    problem.objective.value_and_stream_gradient(w.data(), second);
    CHECK(same_bits(second.g, expected.gradient()));
    CHECK_FALSE(same_bits(first.g, second.g));
  }
}

TEST_CASE("minimize on a network's loss moves a foreign w and leaves the network's") {
  Problem<double> problem(6, {dense(8, Tanh{}), dense(3, Softmax{})}, CrossEntropy{}, 60);
  const std::vector<double> before = parameters(problem.network);
  std::vector<double> w = before;
  for (double& value : w) value *= 0.5;
  const double start = problem.objective.value(w.data());
  FirstOrder<double> optimizer(SGD{}, problem.network.size());
  ThreadTeam team;
  const auto observe = [](const double*) { return Status::running; };
  const MinimizeResult result =
      minimize<double>(problem.objective, w.data(), optimizer, 50, team, observe);
  CHECK(result.value < start);
  CHECK(result.value == problem.objective.value(w.data()));
  CHECK(parameters(problem.network) == before);
}

TEST_CASE_TEMPLATE("one plan serves many vectors and workspaces from several threads at once", T,
                   float, double) {
  const auto encoder = dense(20, Tanh{});
  const std::vector<LayerReference> layers{encoder, dropout(0.3), dense(20, SiLU{}), skip(encoder),
                                           tied(encoder, Identity{})};
  const Network<T> network(520, layers, 1);
  const Samples<T> samples(50, 520, 520);
  constexpr int kThreads = 4;
  std::vector<T> w[kThreads], g[kThreads], expected[kThreads];
  const auto gradient = [&](const std::vector<T>& at, std::vector<T>& to) {
    NetworkObjective<T> objective(network.plan(), SquaredError{});
    ThreadTeam team;
    objective.set_team(team);
    objective.set_context({nullptr, true, 3, 1, 0});
    objective.select(samples.data, {}, 50);
    objective.value_and_gradient(at.data(), to.data());
  };
  for (int i = 0; i < kThreads; ++i) {
    w[i] = uniform<T>(network.size(), static_cast<std::uint64_t>(i), -0.1, 0.1);
    g[i].resize(w[i].size());
    expected[i].resize(w[i].size());
    gradient(w[i], expected[i]);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&, i] { gradient(w[i], g[i]); });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kThreads; ++i) CHECK(same_bits(g[i], expected[i]));
  CHECK_FALSE(same_bits(g[0], g[1]));
}

TEST_CASE("parameters that are written between steps are those of the next step") {
  Problem<double> problem(600, {dense(40, Tanh{}), dense(3, Softmax{})}, CrossEntropy{}, 60);
  FirstOrder<double> optimizer(SGD{}, problem.network.size());
  ThreadTeam team;
  double* w = problem.network.w();
  optimizer.step(problem.objective, w, team);
  for (Index i = 0; i < problem.network.size(); ++i) w[i] *= 0.5;
  const double expected = problem.value();
  CHECK(optimizer.step(problem.objective, w, team).value == expected);
}
