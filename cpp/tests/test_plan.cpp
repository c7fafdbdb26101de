#include "fastmlp/nn/block_map.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/trainer.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

using Layers = std::vector<LayerReference>;

Layers chain() { return {dense(70, Tanh{}), dense(33, SiLU{}), dense(10, Softmax{})}; }

// An autoencoder whose decoder shares the encoder's weights.
Layers autoencoder() {
  const auto first = dense(40, Tanh{}), second = dense(7, Sigmoid{});
  return {first, second, tied(second, Tanh{}), tied(first, Identity{})};
}

void check_cover(const Plan<float>& plan) {
  Index end = 0;
  std::vector<int> visits(static_cast<std::size_t>(plan.size()));
  for (const GradientPart& part : plan.parts()) {
    CHECK(part.range.begin == end);
    end = part.range.end;
    for (const GradientBlock& block : part.blocks) {
      const Slot& slot = plan.slot(block.slot);
      CHECK(part.range.begin + block.offset == slot.range.begin + block.rows.begin * slot.columns);
      for (Index i = 0; i < block.rows.size() * slot.columns; ++i) {
        ++visits[static_cast<std::size_t>(part.range.begin + block.offset + i)];
      }
      CHECK_FALSE(block.uses.empty());
    }
  }
  CHECK(end == plan.size());
  CHECK(visits == std::vector<int>(visits.size(), 1));
}

}  // namespace

TEST_CASE("parts cover the parameters once, in order, shared ones too") {
  check_cover(make_plan<float>(300, chain()));
  check_cover(make_plan<float>(300, autoencoder()));
  check_cover(make_plan<float>(3, {dense(5, Tanh{}), dropout(0.1), dense(1, Identity{})}));
  CHECK(make_plan<float>(300, chain()).size() == 300 * 70 + 70 + 70 * 33 + 33 + 33 * 10 + 10);
  CHECK(make_plan<float>(300, autoencoder()).size() == 300 * 40 + 40 + 40 * 7 + 7 + 40 + 300);
}

TEST_CASE("blocks of the gradient are joined to parts as long as these are small") {
  constexpr Index small = 800;
  const Layers tiny{dense(8, Tanh{}), dropout(0.1), dense(8, Tanh{}), dense(1, Identity{})};
  CHECK(make_plan<float>(2, tiny).parts().size() == 1);
  for (const Index inputs : {2, 10, 64, 300}) {
    CAPTURE(inputs);
    const auto plan = make_plan<float>(
        inputs, {dense(64, ReLU{}), dense(10, ReLU{}), dense(3, ReLU{}), dense(30, Identity{})});
    Index before = -small;  // beginning of the previous part
    for (const GradientPart& part : plan.parts()) {
      Index weights = 0;
      for (const GradientBlock& block : part.blocks) weights += !block.bias;
      CHECK((weights == 1 || part.range.size() <= small));
      CHECK(part.range.end - before > small);
      before = part.range.begin;
    }
  }
}

TEST_CASE_TEMPLATE("blocks are even; packed rows come in whole groups", T, float, double) {
  for (const Index inputs : {1, 3, 64, 300, 512, 5000}) {
    for (const Index outputs : {1, 31, 32, 33, 100, 1000}) {
      const auto plan = make_plan<T>(inputs, {dense(outputs, ReLU{}, Zeros{}, false)});
      const Index group = plan.slot(0).packed ? kMR : 1;
      std::vector<Index> rows;
      for (const GradientPart& part : plan.parts()) {
        for (const GradientBlock& block : part.blocks) {
          REQUIRE(block.rows.begin % group == 0);
          rows.push_back(block.rows.size());
        }
      }
      const auto [min, max] = std::minmax_element(rows.begin(), rows.end());
      CHECK(*min > 0);
      if (rows.size() > 1) {  // the last has what is left of a group
        CHECK(*max - *std::min_element(rows.begin(), rows.end() - 1) <= group);
        CHECK(rows.size() % 2 ==
              (ceil_div(outputs, group) == static_cast<Index>(rows.size()) ? rows.size() % 2 : 0));
      }
    }
  }
}

TEST_CASE("the gradient of a shared slot has all its uses, and its penalties count once") {
  const auto plan = make_plan<float>(6, autoencoder());
  CHECK(plan.parameters().size() == 4);
  CHECK(plan.parameters()[3].weights == plan.parameters()[0].weights);
  CHECK(plan.parameters()[3].transposed);
  CHECK(plan.parameters()[2].weights == plan.parameters()[1].weights);
  for (const GradientPart& part : plan.parts()) {
    for (const GradientBlock& block : part.blocks) {
      CHECK(block.uses.size() == (block.bias ? 1 : 2));
    }
  }
  const std::vector<ParameterGroup> groups = make_groups(plan, 0.5, 0.25, false);
  CHECK(groups.size() == plan.slots().size());
  Index end = 0;
  for (const ParameterGroup& group : groups) {
    CHECK(group.range.begin == end);
    end = group.range.end;
    CHECK(group.l1 == (group.bias ? 0 : 0.5));
    CHECK(group.l2 == (group.bias ? 0 : 0.25));
  }
  CHECK(end == plan.size());
}

namespace {

// A node of products with one slot (256, 3), the uses by so many steps, of x from these features
// on.
Plan<float> steps_plan(Index steps, const std::vector<Index>& first_inputs) {
  PlanBuilder<float> builder(Shape(6), {});
  const Index w = builder.add_weights(256, 3, Zeros{}, {}, {steps, 1, true});
  std::vector<PlanBuilder<float>::Use> uses;
  for (const Index first : first_inputs) {
    const WeightBlock block{256, 3, {0, 256}, {0, 3}, 6, first};
    uses.push_back({std::make_shared<BlockMap<float>>(block), w, 0});
  }
  builder.add_node(std::move(uses));
  builder.show_parameters(w, kNone);
  return Plan<float>(std::move(builder));
}

}  // namespace

TEST_CASE("products that read the same features keep one transposed factor") {
  const Plan<float> plan = steps_plan(1, {0, 3, 0, 3});
  const auto workspace = make_workspace(plan, 5, true, false);
  for (const std::size_t i : {0u, 1u, 2u, 3u}) {
    CHECK(plan.terms()[i].keeper == static_cast<Index>(i % 2));
    CHECK(workspace.terms[i].transposed.empty() == (i >= 2));
  }
}

TEST_CASE("blocks of the gradient do not shrink with the number of steps that add to them") {
  const auto blocks = [](Index steps) { return steps_plan(steps, {0}).parts().size(); };
  CHECK(blocks(2) == blocks(1000));
}

TEST_CASE("initial weights follow from the seed, a layer's from its position") {
  const Network<double> first(4, chain(), 1), again(4, chain(), 1), other(4, chain(), 2);
  CHECK(same_bits(parameters(first), parameters(again)));
  CHECK_FALSE(same_bits(parameters(first), parameters(other)));
  const Network<double> two(4, {dense(4, Tanh{}), dense(4, Tanh{})}, 1);
  CHECK_FALSE(same_bits(two.w(), two.w() + 20, 16));
  const Network<double> zeros(4, chain(), std::nullopt);
  CHECK(parameters(zeros) == std::vector<double>(static_cast<std::size_t>(zeros.size())));
}

TEST_CASE("initialisers have the variance that their names promise; biases start at 0") {
  constexpr Index inputs = 200, outputs = 100;
  struct Expected {
    Initializer init;
    double variance;
    bool uniform;
  };
  Normal normal;
  normal.std = 0.5;
  for (const auto& [init, variance, uniform] :
       {Expected{GlorotUniform{}, 2.0 / 300, true}, Expected{GlorotNormal{}, 2.0 / 300, false},
        Expected{HeUniform{}, 2.0 / 200, true}, Expected{HeNormal{}, 2.0 / 200, false},
        Expected{LeCunUniform{}, 1.0 / 200, true}, Expected{LeCunNormal{}, 1.0 / 200, false},
        Expected{normal, 0.25, false}, Expected{Zeros{}, 0.0, true}}) {
    Network<double> network(inputs, {dense(outputs, Tanh{}, init)}, 1);
    double sum = 0, squares = 0, max = 0;
    for (Index i = 0; i < inputs * outputs; ++i) {
      const double w = network.w()[i];
      sum += w, squares += w * w, max = std::max(max, std::abs(w));
    }
    constexpr double n = inputs * outputs;
    CHECK(std::abs(sum / n) <= 5 * std::sqrt(variance / n));
    CHECK(squares / n == doctest::Approx(variance).epsilon(0.05));
    if (uniform) CHECK(max <= std::sqrt(3 * variance));
    for (Index i = inputs * outputs; i < network.size(); ++i) REQUIRE(network.w()[i] == 0);
  }
}

TEST_CASE("orthogonal weights are: W Wᵀ or Wᵀ W is gain² I") {
  for (const auto& [n_in, n_out] : {std::pair<Index, Index>{7, 4}, {4, 7}, {5, 5}, {1, 1}}) {
    Rng rng(1, Stream::initialization, 0);
    std::vector<double> w(static_cast<std::size_t>(n_in * n_out));
    Orthogonal orthogonal;
    orthogonal.gain = 2.0;
    ThreadTeam team;
    orthogonal.fill({n_in, n_out}, rng, w.data(), team);
    const Index shorter = std::min(n_in, n_out), longer = std::max(n_in, n_out);
    const auto entry = [&, n_in = n_in, n_out = n_out](Index s, Index l) {
      return w[static_cast<std::size_t>(n_out == longer ? l * n_in + s : s * n_in + l)];
    };
    for (Index i = 0; i < shorter; ++i) {
      for (Index j = 0; j < shorter; ++j) {
        double sum = 0;
        for (Index l = 0; l < longer; ++l) sum += entry(i, l) * entry(j, l);
        CHECK(std::abs(sum - (i == j ? 4 : 0)) < 1e-13);
      }
    }
  }
}

TEST_CASE("lists of layers that make no network are refused by the layer's index") {
  const auto message = [](Index inputs, const Layers& layers) -> std::string {
    try {
      make_plan<float>(inputs, layers);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  const auto refused = [&](Index inputs, const Layers& layers, const char* part) {
    const std::string text = message(inputs, layers);
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  constexpr Index kMax = std::numeric_limits<Index>::max();
  refused(0, {dense(1, Tanh{})}, "inputs=0");
  refused(1, {}, "no layers");
  refused(1, {dense(0, Tanh{})}, "units=0");
  refused(1, {dense(-1, Tanh{})}, "units=-1");
  refused(kMax / 2, {dense(4, Tanh{})}, "too large");
  refused(2, {dense(kMax / 2, Tanh{})}, "too large");
  refused(2, {dense(3, Tanh{}), dropout(0.5)}, "layers[1] is the last layer");

  const auto first = dense(3, Tanh{}), other = dense(3, Tanh{}), wide = dense(4, Tanh{});
  refused(2, {first, skip(other), dense(1, Tanh{})}, "layers[1] refers to a layer that does not");
  refused(2, {first, skip(other), other, dense(1, Tanh{})}, "layers[1] refers to a layer that");
  refused(2, {first, first, skip(first), dense(1, Tanh{})},
          "layers[0], which occurs more than once");
  refused(2, {first, skip(nullptr), dense(1, Tanh{})}, "layers[1] adds 2 features to 3");
  refused(2, {first, wide, skip(first)}, "layers[2] adds 3 features to 4");
  refused(2, {first, dropout(0.1), tied(other, Tanh{})}, "layers[2] refers to a layer that");
  refused(2, {first, wide, tied(first, Tanh{})},
          "layers[2] multiplies 4 features by weights for 3");
  refused(2, {tied(nullptr, Tanh{})}, "layers[0] refers to a layer without weights");
}

TEST_CASE("a map and its slot have one shape") {
  PlanBuilder<float> plan(3, {});
  const Index w = plan.add_weights(4, 3, Zeros{}, {});
  const auto map = std::make_shared<DenseMap<float>>(4, 3);
  CHECK_THROWS_AS(plan.add_node({{map}}), std::invalid_argument);
  CHECK_THROWS_AS(plan.add_node({{std::make_shared<DenseMap<float>>(3, 4), w}}),
                  std::invalid_argument);
  CHECK_THROWS_AS(plan.add_node({{std::make_shared<IdentityMap<float>>(3), w}}),
                  std::invalid_argument);
  plan.add_node({{map, w}});
  CHECK(plan.width() == 4);
}
