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
