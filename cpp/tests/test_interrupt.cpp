#include <chrono>
#include <thread>

#include "training.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("an interrupt in the middle of a step leaves the parameters before it", T, float,
                   double) {
  const Samples<T> samples(1500, 64, 10);  // the check comes at the second of 32 tiles
  for (int rule = 0; rule < kRules; ++rule) {
    Training<T> training(options(1500, rule_of(rule))), reference(options(1500, rule_of(rule)));
    ThreadTeam calm;
    for (int t = 0; t < 2; ++t) {
      training.trainer.step(samples.data, calm);
      reference.trainer.step(samples.data, calm);
    }
    ThreadTeam interrupted([] { throw Interrupt(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(25));  // the check is due
    CHECK_THROWS_AS(training.trainer.step(samples.data, interrupted), Interrupt);
    CHECK(same_bits(training.w(), reference.w()));
    CHECK(training.trainer.optimizer().steps() == 2);
    // Training continues as if it had not been interrupted.
    training.trainer.step(samples.data, calm);
    reference.trainer.step(samples.data, calm);
    CHECK(same_bits(training.w(), reference.w()));
  }
}

TEST_CASE("an interrupt at any time leaves the last complete step") {
  const Samples<float> samples(128, 64, 10);
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    Training<float> training(options()), reference(options());
    int checks = 0;
    const InterruptCheck check = [&] {
      if (++checks == 3) throw Interrupt();
    };
    const auto forever = [&](ThreadTeam& team) {
      for (;;) training.trainer.step(samples.data, team);
    };
    CHECK_THROWS_AS(with_team(threads, check, forever), Interrupt);
    ThreadTeam team;
    for (Index t = training.trainer.optimizer().steps(); t > 0; --t)
      reference.trainer.step(samples.data, team);
    CHECK(same_bits(training.w(), reference.w()));
  }
}
