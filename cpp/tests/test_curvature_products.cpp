#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/network_objective.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

using Layers = std::vector<LayerReference>;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double max_abs(const std::vector<double>& a) {
  double max = 0;
  for (const double value : a) max = std::max(max, std::abs(value));
  return max;
}

struct CurvatureProblem {
  CurvatureProblem(Index inputs, const Layers& layers, const Loss& loss, Index n)
      : network(inputs, layers, 5),
        samples(n, inputs, target_columns(loss, network.plan().outputs())),
        objective(network.plan(), loss) {
    objective.set_team(team);
    objective.set_context({nullptr, true, 11, 2, 40});
    data = samples.weighted();
    objective.select(data, {}, n);
  }
  std::vector<double> w() const { return parameters(network); }
  std::vector<double> direction(std::uint64_t seed) const {
    return uniform<double>(network.size(), seed);
  }
  std::vector<double> gradient(const std::vector<double>& w) {
    std::vector<double> g(w.size());
    objective.value_and_gradient(w.data(), g.data());
    return g;
  }
  std::vector<double> hessian(const std::vector<double>& w, const std::vector<double>& v) {
    std::vector<double> hv(w.size());
    objective.hessian_product(w.data(), v.data(), hv.data());
    return hv;
  }
  std::vector<double> gauss_newton(const std::vector<double>& w, const std::vector<double>& v) {
    std::vector<double> gv(w.size());
    CHECK(objective.gauss_newton_product(w.data(), v.data(), gv.data()));
    return gv;
  }

  ThreadTeam team;
  Network<double> network;
  Samples<double> samples;
  Dataset<double> data;
  NetworkObjective<double> objective;
};

// Every kind of sharing and of masks.
std::vector<std::pair<Layers, Loss>> cases() {
  const auto encoder = dense(6, Tanh{}), middle = dense(6, SiLU{}), wide = dense(600, Sigmoid{});
  const auto before = dropout(0.3);
  return {
      {{dense(6, Tanh{}), dense(4, Softmax{})}, CrossEntropy{}},
      {{dense(6, GELU{}), dense(5, Softmax{}), dense(4, Sigmoid{})}, BinaryCrossEntropy{}},
      {{dense(6, Softplus{}), dense(4, Softmax{})}, SquaredError{}},
      {{encoder, tied(encoder, Identity{})}, SquaredError{}},
      {{encoder, middle, skip(encoder), tied(middle, ELU{}), tied(encoder, Identity{})},
       SquaredError{}},
      {{encoder, tied(encoder, Tanh{}), tied(encoder, Sigmoid{}, false), dense(4, Identity{})},
       SquaredError{}},
      {{dense(7, SELU{}), skip(nullptr), skip(nullptr), dense(4, Identity{})}, GaussianNLL{}},
      {{before, dense(6, Tanh{}), dropout(0.4), middle, skip(middle), dense(4, Softmax{})},
       CrossEntropy{}},
      {{gaussian_noise(0.2), dense(6, Sigmoid{}), dense(4, Softplus{})}, Poisson{}},
      {{wide, dense(600, Tanh{}), tied(wide, Tanh{}), dense(4, Identity{})}, SquaredError{}},
  };
}

}  // namespace

TEST_CASE("Hessian products are derivatives of the gradient, and symmetric") {
  for (std::size_t c = 0; c < cases().size(); ++c) {
    CAPTURE(c);
    const auto [layers, loss] = cases()[c];
    const bool is_wide = c == 9;
    CurvatureProblem problem(is_wide ? 520 : 7, layers, loss, is_wide ? 9 : 41);
    const std::vector<double> w = problem.w(), u = problem.direction(1), v = problem.direction(2);
    const std::vector<double> hv = problem.hessian(w, v), hu = problem.hessian(w, u);
    const double step = is_wide ? 1e-6 : 1e-5, scale = max_abs(hv);
    std::vector<double> right = w, left = w;
    for (std::size_t i = 0; i < w.size(); ++i) right[i] += step * v[i], left[i] -= step * v[i];
    const std::vector<double> high = problem.gradient(right), low = problem.gradient(left);
    double error = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      error = std::max(error, std::abs((high[i] - low[i]) / (2 * step) - hv[i]));
    }
    CHECK(error < (is_wide ? 1e-5 : 1e-7) * scale);
    CHECK(std::abs(dot(u, hv) - dot(v, hu)) <= 1e-13 * scale * static_cast<double>(w.size()));

    const std::vector<double> gv = problem.gauss_newton(w, v), gu = problem.gauss_newton(w, u);
    CHECK(std::abs(dot(u, gv) - dot(v, gu)) <= 1e-13 * max_abs(gv) * static_cast<double>(w.size()));
    CHECK(dot(v, gv) >= 0);
    CHECK(dot(u, gu) >= 0);
  }
}

TEST_CASE("Gauss and Newton's matrix is the Hessian where the outputs are linear in w") {
  CurvatureProblem problem(5, {dense(4, Identity{})}, SquaredError{}, 30);
  const std::vector<double> w = problem.w(), v = problem.direction(1);
  CHECK(relative_difference(problem.gauss_newton(w, v), problem.hessian(w, v)) < 1e-14);
}

TEST_CASE("products with a kept point, several chunks and threads have the same bits") {
  for (const Index n : {41, 1100}) {
    CAPTURE(n);
    const auto encoder = dense(40, Tanh{});
    const Layers layers{encoder,           dropout(0.2),  dense(9, Softmax{}),
                        dense(40, SiLU{}), skip(encoder), tied(encoder, Identity{})};
    CurvatureProblem problem(30, layers, SquaredError{}, n);
    const std::vector<double> w = problem.w(), v = problem.direction(1), u = problem.direction(2);
    const std::vector<double> hv = problem.hessian(w, v), gu = problem.gauss_newton(w, u);
    CHECK(problem.objective.set_point(w.data()) == (n <= kChunkSamples));
    CHECK(same_bits(problem.hessian(w, v), hv));
    CHECK(same_bits(problem.gauss_newton(w, u), gu));
    problem.gradient(u);  // drops the point
    CHECK(same_bits(problem.hessian(w, v), hv));
    CHECK_FALSE(same_bits(problem.hessian(u, v), hv));
    for (const int threads : {2, 3}) {
      std::vector<double> parallel(w.size());
      with_team(threads, {}, [&](ThreadTeam& team) {
        problem.objective.set_team(team);
        problem.objective.set_context({nullptr, true, 11, 2, 40});
        problem.objective.hessian_product(w.data(), v.data(), parallel.data());
      });
      CHECK(same_bits(parallel, hv));
    }
  }
}

TEST_CASE("the kept point is dropped with its batch") {
  CurvatureProblem problem(7, {dense(6, Tanh{}), dense(4, Softmax{})}, CrossEntropy{}, 41);
  const std::vector<double> w = problem.w(), v = problem.direction(1);
  const std::vector<double> before = problem.hessian(w, v);
  problem.objective.set_point(w.data());
  problem.objective.select(problem.data, {nullptr, 20}, 21);
  CHECK_FALSE(same_bits(problem.hessian(w, v), before));
  problem.objective.select(problem.data, {}, 41);
  CHECK(same_bits(problem.hessian(w, v), before));
}
