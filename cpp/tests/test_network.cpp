#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/predict.hpp"
#include "testing.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE(
    "predict and Jacobian are the same bits for any team; a Jacobian is that of predict", T, float,
    double) {
  const auto first = dense(40, SiLU{});
  const Network<T> network(
      11, {first, skip(first), tied(first, Tanh{}), skip(nullptr), dense(3, Softmax{})}, 2);
  const Plan<T>& plan = network.plan();
  const T* w = network.w();
  for (const Index n : {0, 1, 7, 8, 32, 33, 200}) {
    CAPTURE(n);
    const std::vector<T> x = uniform<T>(n * 11, 3);
    const auto predict = [&](int threads, const std::vector<T>& at) {
      std::vector<T> out(static_cast<std::size_t>(n * 3));
      with_team(threads, {}, [&](ThreadTeam& team) {
        fastmlp::predict<T>(plan, w, rows_of(at, 11), {out.data(), n, 3, 3}, team);
      });
      return out;
    };
    const auto jacobian = [&](int threads) {
      std::vector<T> out(static_cast<std::size_t>(n * 3 * 11));
      with_team(threads, {}, [&](ThreadTeam& team) {
        fastmlp::jacobian<T>(plan, w, rows_of(x, 11), out.data(), team);
      });
      return out;
    };
    const std::vector<T> h = predict(1, x), j = jacobian(1);
    for (const int threads : {2, 3, 8}) {
      CHECK(same_bits(predict(threads, x), h));
      CHECK(same_bits(jacobian(threads), j));
    }
    if (std::is_same_v<T, float>) continue;
    for (std::size_t column = 0; column < 11; ++column) {
      constexpr double step = 1e-5;
      std::vector<T> right = x, left = x;
      for (std::size_t i = column; i < x.size(); i += 11) right[i] += T(step), left[i] -= T(step);
      const std::vector<T> high = predict(1, right), low = predict(1, left);
      for (std::size_t i = 0; i < h.size(); ++i) {
        const double difference = (high[i] - low[i]) / (2 * step);
        REQUIRE(std::abs(j[i * 11 + column] - difference) < 1e-8);
      }
    }
  }
}

TEST_CASE_TEMPLATE("one row is predicted as it is among many", T, float, double) {
  const auto first = dense(600, Tanh{});
  const Network<T> network(
      520,
      {first, dropout(0.5), dense(600, GELU{}), skip(first), tied(first, Sigmoid{}), skip(nullptr),
       gaussian_noise(1), dense(3, Softmax{})},
      2);
  const std::vector<T> x = uniform<T>(9 * 520, 3);
  std::vector<T> all(27), one(3);
  ThreadTeam team;
  fastmlp::predict<T>(network.plan(), network.w(), rows_of(x, 520), {all.data(), 9, 3, 3}, team);
  for (Index i = 0; i < 9; ++i) {
    const MatrixView<const T> row{x.data() + i * 520, 1, 520, 520};
    fastmlp::predict<T>(network.plan(), network.w(), row, {one.data(), 1, 3, 3}, team);
    const std::vector<T> expected(all.begin() + i * 3, all.begin() + i * 3 + 3);
    CHECK(relative_difference(one, expected) < 100 * std::numeric_limits<T>::epsilon());
  }
}
