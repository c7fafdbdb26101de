#include "fastmlp/nn/network.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

const std::vector<LayerReference> kLayers{dense(70, Tanh{}), dense(33, SiLU{}),
                                          dense(10, Softmax{})};

}  // namespace

TEST_CASE_TEMPLATE("parts cover the parameters once, in order", T, float, double) {
  const Network<T> network(300, kLayers, 1);
  Index end = 0;
  for (const auto& part : network.parts()) {
    CHECK(part.range.begin == end);
    end = part.range.end;
  }
  CHECK(end == network.size());
  CHECK(network.size() == 300 * 70 + 70 + 70 * 33 + 33 + 33 * 10 + 10);
}

TEST_CASE("pieces of layers are a part together as long as that is small") {
  constexpr Index small = 800;
  const std::vector<LayerReference> tiny{dense(8, Tanh{}), dropout(0.1), dense(8, Tanh{}),
                                         dense(1, Identity{})};
  CHECK(Network<float>(2, tiny, 1).parts().size() == 1);
  for (const Index inputs : {2, 10, 64, 300}) {
    CAPTURE(inputs);
    const Network<float> network(
        inputs, {dense(64, ReLU{}), dense(10, ReLU{}), dense(3, ReLU{}), dense(30, Identity{})}, 1);
    Index before = -small;  // where the part before began
    for (const auto& part : network.parts()) {
      CHECK((part.pieces.size() == 1 || part.range.size() <= small));
      CHECK(part.pieces.front().range.end - before > small);
      CHECK(part.range.end == part.pieces.back().range.end);
      before = part.range.begin;
    }
  }
}

TEST_CASE_TEMPLATE(
    "predict and Jacobian are the same bits for any team; a Jacobian is that of predict", T, float,
    double) {
  const Network<T> network(11, {dense(40, SiLU{}), dense(3, Softmax{})}, 2);
  for (const Index n : {0, 1, 7, 8, 32, 33, 200}) {
    CAPTURE(n);
    const std::vector<T> x = uniform<T>(n * 11, 3);
    const auto predict = [&](int threads, const std::vector<T>& at) {
      std::vector<T> out(static_cast<std::size_t>(n * 3));
      with_team(threads, {}, [&](ThreadTeam& team) {
        network.predict(rows_of(at, 11), MatrixView<T>{out.data(), n, 3, 3}, team);
      });
      return out;
    };
    const auto jacobian = [&](int threads) {
      std::vector<T> out(static_cast<std::size_t>(n * 3 * 11));
      with_team(threads, {},
                [&](ThreadTeam& team) { network.jacobian(rows_of(x, 11), out.data(), team); });
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

TEST_CASE_TEMPLATE("initial weights follow from the seed alone, a layer's from its place", T, float,
                   double) {
  const Network<T> first(4, kLayers, 1), again(4, kLayers, 1), other(4, kLayers, 2);
  CHECK(same_bits(parameters(first), parameters(again)));
  CHECK_FALSE(same_bits(parameters(first), parameters(other)));
  const Network<T> two(4, {dense(4, Tanh{}), dense(4, Tanh{})}, 1);
  CHECK_FALSE(same_bits(two.w(), two.w() + 20, 16));
}

TEST_CASE("shapes that make no network are refused") {
  const auto make = [](Index inputs, std::vector<LayerReference> specs) {
    Network<float>(inputs, specs, 0);
  };
  constexpr Index kMax = std::numeric_limits<Index>::max();
  CHECK_THROWS_AS(make(0, {dense(1, Tanh{})}), std::invalid_argument);
  CHECK_THROWS_AS(make(1, {}), std::invalid_argument);
  CHECK_THROWS_AS(make(1, {dense(0, Tanh{})}), std::invalid_argument);
  CHECK_THROWS_AS(make(1, {dense(-1, Tanh{})}), std::invalid_argument);
  CHECK_THROWS_AS(make(kMax / 2, {dense(4, Tanh{})}), std::invalid_argument);
  CHECK_THROWS_AS(make(2, {dense(kMax / 2, Tanh{})}), std::invalid_argument);
}
