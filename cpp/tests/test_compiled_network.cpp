// A compiled network: the outputs of `predict`, without memory.
#include <doctest/doctest.h>

#include "allocation.hpp"
#include "fastmlp/nn/compiled_network.hpp"
#include "fastmlp/nn/predict.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

// One with a softmax and a wide layer, and one whose samples are computed in panels.
std::vector<std::vector<LayerReference>> layers() {
  auto convolution = std::make_shared<Conv1D>();
  convolution->filters = 3;
  convolution->kernel = {1, 1, 2};
  return {{dense(700, GELU{}), dense(5, Softmax{})},
          {convolution, dropout(0.5), dense(30, SiLU{}), dense(5, Softmax{})}};
}

}  // namespace

TEST_CASE_TEMPLATE("a compiled network computes what predict does, and allocates nothing", T, float,
                   double) {
  for (const auto& list : layers()) {
    const auto network = std::make_shared<Network<T>>(Shape({12, 1}), list, 3);
    for (const Index n : {1, 7, 8, 100}) {
      CompiledNetwork<T> compiled(network, n);
      const std::vector<T> x = uniform<T>(n * 12, static_cast<int>(n));
      std::vector<T> out(static_cast<std::size_t>(n * 5)), expected(out);
      ThreadTeam team;
      predict<T>(network->plan(), network->w(), MatrixView<const T>{x.data(), n, 12, 12},
                 {expected.data(), n, 5, 5}, team);
      const long before = allocation::count;
      compiled.predict(x.data(), out.data());
      CHECK(allocation::count == before);
      CHECK(out == expected);
    }
  }
}
