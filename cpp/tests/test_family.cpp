#include "fastmlp/base/family.hpp"
#include "fastmlp/optim/update_rules.hpp"
#include "testing.hpp"

using namespace fastmlp;

TEST_CASE("hyperparameters are held to their bounds") {
  Adam rule;
  CHECK_NOTHROW(validate(rule));
  rule.beta2 = 1;
  CHECK_THROWS_WITH_AS(validate(rule), "Adam: beta2=1, expected 0 <= beta2 < 1",
                       std::invalid_argument);
  rule = Adam();
  rule.eps_mode = "middle";
  CHECK_THROWS_WITH_AS(validate(rule),
                       "Adam: eps_mode='middle', expected one of: 'outside', 'hat', 'inside'",
                       std::invalid_argument);
  SGD other;
  other.learning_rate.source = kNan<double>;
  CHECK_THROWS_AS(validate(other), std::invalid_argument);
  other = SGD();
  other.clip_value = ClipRange{1, 1};
  CHECK_THROWS_AS(validate(other), std::invalid_argument);
}

TEST_CASE("numbers are written as short as they read back") {
  CHECK(number_text(0.001) == "0.001");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(1.0 / 3) == "0.3333333333333333");
  CHECK(number_text(1e-8) == "1e-08");
}

TEST_CASE("required fields have no default that passes") {
  CHECK_THROWS_AS(validate(Dropout()), std::invalid_argument);
  CHECK_THROWS_AS(validate(Dense()), std::invalid_argument);
  Dense layer = *dense(0, ReLU{});
  CHECK_THROWS_WITH_AS(validate(layer), "Dense: units=0, expected an integer >= 1",
                       std::invalid_argument);
  layer.units = 1;
  CHECK_NOTHROW(validate(layer));
}

TEST_CASE("a layer is visited with its static type") {
  const std::vector<LayerReference> layers{dense(3, ReLU{}), dropout(0.5), gaussian_noise(0.1)};
  std::vector<std::string> names;
  for (const LayerReference& layer : layers) {
    visit_layer(*layer, [&](const auto& each) { names.emplace_back(each.key); });
  }
  CHECK(names == std::vector<std::string>{"dense", "dropout", "gaussian_noise"});
}

TEST_CASE("without a seed a network starts from zeros") {
  const std::vector<LayerReference> layers{dense(3, ReLU{}), dense(2, Identity{})};
  const Network<float> drawn(4, layers, 0), zeros(4, layers, std::nullopt);
  CHECK(std::count(drawn.w(), drawn.w() + drawn.size(), 0.0F) == 5);  // the biases
  CHECK(std::count(zeros.w(), zeros.w() + zeros.size(), 0.0F) == zeros.size());
}
