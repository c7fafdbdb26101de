#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/thread_tuner.hpp"
#include "fastmlp/kernels/team_costs.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

// Rounds out of `rounds` that the tuner runs on one thread, for the given durations.
int single_threaded_rounds(ThreadTuner& tuner, int rounds, double team_seconds,
                           double single_seconds, double work = 1) {
  int single = 0;
  for (int i = 0; i < rounds; ++i) {
    single += tuner.single_threaded();
    tuner.record(tuner.single_threaded() ? single_seconds : team_seconds, work);
  }
  return single;
}

}  // namespace

TEST_CASE("the faster choice is kept, the slower one is tried rarely") {
  for (const double unit : {1e-5, 1e-3, 1.0}) {
    ThreadTuner near, far;
    const int slow_tries = single_threaded_rounds(near, 1000, unit, 1.7 * unit);
    CHECK(slow_tries >= 2 * kTrialRounds);
    CHECK(slow_tries <= 30);
    CHECK(single_threaded_rounds(far, 1000, 1.7 * unit, unit) >= 925);
  }
}

TEST_CASE("the unit of work changes neither the choice nor the time that trials may take") {
  for (const double unit : {1e-5, 1e-3}) {
    for (const double team : {0.6, 1.7, 8.0}) {
      ThreadTuner rounds, samples;
      const int single = single_threaded_rounds(rounds, 5000, team * unit, unit);
      CHECK(single_threaded_rounds(samples, 5000, team * unit, unit, 1024) == single);
    }
  }
}

TEST_CASE("rounds of different work are compared by the unit of work") {
  ThreadTuner tuner;
  int single = 0;
  for (int i = 0; i < 2000; ++i) {
    const double work = i % 7 == 0 ? 10 : 100;
    single += tuner.single_threaded();
    tuner.record((tuner.single_threaded() ? 1e-5 : 1.7e-5) * work, work);
  }
  CHECK(single >= 1900);
}

TEST_CASE("of two choices that are as fast the team is kept") {
  ThreadTuner tuner;
  single_threaded_rounds(tuner, 20000, 4e-3, 2e-3);
  single_threaded_rounds(tuner, 600, 2e-3, 2e-3);
  CHECK(single_threaded_rounds(tuner, 100, 2e-3, 2e-3) <= 20);
}

TEST_CASE("a change of the machine is detected within the rounds of one choice") {
  ThreadTuner tuner;
  single_threaded_rounds(tuner, 100, 1.0, 1.7);
  single_threaded_rounds(tuner, 1024, 3.0, 1.7);
  CHECK(single_threaded_rounds(tuner, 100, 3.0, 1.7) >= 90);
}

TEST_CASE("a team that becomes slow is left within some windows, not at its next trial") {
  ThreadTuner tuner;
  single_threaded_rounds(tuner, 20000, 1e-3, 1.7e-3);
  CHECK(single_threaded_rounds(tuner, 100, 4e-3, 1.7e-3) >= 75);
}

TEST_CASE("a team that becomes quick again is found within a second of rounds") {
  ThreadTuner tuner;
  single_threaded_rounds(tuner, 20000, 4e-3, 2e-3);
  single_threaded_rounds(tuner, 600, 1e-3, 2e-3);
  CHECK(single_threaded_rounds(tuner, 100, 1e-3, 2e-3) <= 10);
}

TEST_CASE("one slow round does not change the choice") {
  ThreadTuner tuner;
  tuner.record(50.0);
  CHECK(single_threaded_rounds(tuner, 100, 1.0, 1.7) <= 12);
}

TEST_CASE("a team that is quick at its best and late in most rounds is the slower choice") {
  ThreadTuner tuner;
  int single = 0;
  for (int i = 0; i < 2000; ++i) {
    single += tuner.single_threaded();
    tuner.record(tuner.single_threaded() ? 1e-3 : i % 3 == 0 ? 0.6e-3 : 2e-3);
  }
  CHECK(single >= 1900);
}

TEST_CASE("trials cost a small part of the time, however late a team is") {
  for (const double unit : {1e-5, 1e-3}) {
    ThreadTuner tuner;
    double sum = 0;
    for (int i = 0; i < 100000; ++i) {
      const double seconds = tuner.single_threaded() ? unit : i % 50 == 0 ? 8e-3 : 0.6 * unit;
      sum += seconds;
      tuner.record(seconds);
    }
    CHECK(sum <= 1.15 * 100000 * unit);
  }
}

TEST_CASE("the networks' tuners are kept by kind of step, size of batch and team") {
  Network<float> network(3, {dense(1, Identity{})}, 1);
  const ThreadTuner* const tuner = &network.tuner(false, 100, 2);
  CHECK(&network.tuner(false, 100, 2) == tuner);
  CHECK(&network.tuner(false, 127, 2) == tuner);
  CHECK(&network.tuner(true, 100, 2) != tuner);
  CHECK(&network.tuner(false, 128, 2) != tuner);
  CHECK(&network.tuner(false, 100, 3) != tuner);
}

TEST_CASE("a new trainer and single steps begin with the choice of those before") {
  const Samples<float> samples(100, 64, 10);
  Training<float> training(options(50));
  const auto run = [&](auto&& work) {
    with_team(2, {}, [&](ThreadTeam& team) {
      training.trainer.set_tuned(true);
      work(team);
    });
  };
  run([&](ThreadTeam& team) { training.trainer.epoch(samples.data, kForever, team); });
  // Rounds in which one thread takes no time decide for it, whatever the machine.
  for (const bool single : {false, true}) {
    ThreadTuner& tuner = training.network.tuner(single, single ? 100 : 50, 2);
    single_threaded_rounds(tuner, 20000, 1.0, 1e-9);
    run([&](ThreadTeam& team) {
      if (single) {
        training.trainer.step(samples.data, team);
      } else {
        training.trainer.epoch(samples.data, kForever, team);
      }
      CHECK_FALSE(team.is_parallel());
    });
  }
}

TEST_CASE("threads pay from a share of a round and of a call on that the machine decides") {
  const TeamCosts costs{1e-7, 1e-4, 1e11};  // a share of 6 us is 600 000 operations
  CHECK(paying_threads({1.1e6, 1000}, costs, 16) == 1);
  CHECK(paying_threads({1.3e6, 1000}, costs, 16) == 2);
  CHECK(paying_threads({1.3e6, 1000}, costs, 1) == 1);
  CHECK(paying_threads({5e6, 1000}, costs, 16) == 8);
  CHECK(paying_threads({5e9}, costs, 16) == 16);
  CHECK(paying_threads({5e6, 1}, costs, 16) == 1);  // 50 us
  CHECK(paying_threads({3e7, 1}, costs, 16) == 16);
  CHECK(paying_threads({1.3e6, 1000}, {2e-7, 1e-4, 1e11}, 16) == 1);
  CHECK(paying_threads({1.3e6, 1000}, {1e-7, 1e-4, 2e11}, 16) == 1);
  CHECK(paying_threads({3e7, 1}, {1e-7, 1e-3, 1e11}, 16) == 1);
  CHECK_FALSE(may_pay({1e5, 1e6}));
  CHECK_FALSE(may_pay({1e6, 1}));
  CHECK(may_pay({1e6, 10}));
}

TEST_CASE("measured costs are those of a machine") {
  const TeamCosts costs = measure_team_costs();
  CHECK(costs.round_trip >= 2e-8);
  CHECK(costs.round_trip <= 4e-7);
  CHECK(costs.start > 0);
  CHECK(costs.start <= 1e-3);
  CHECK(costs.operations_per_second > 1e8);
}

TEST_CASE("in single-threaded mode member 0 does all items") {
  with_team(3, {}, [](ThreadTeam& team) {
    team.set_single_threaded(true);
    Index by_others = 0;
    team.parallel_for(100, [&](Index, int member) { by_others += member != 0; });
    team.parallel_for_uninterrupted(100, [&](Index, int member) { by_others += member != 0; });
    CHECK(by_others == 0);
    team.set_single_threaded(false);
    std::atomic<Index> done{0};
    team.parallel_for(100, [&](Index, int) { ++done; });
    CHECK(done == 100);
  });
}
