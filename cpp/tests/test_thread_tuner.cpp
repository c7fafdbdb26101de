#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/thread_tuner.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

// Rounds out of `rounds` that the tuner runs on one thread, for the given durations.
int single_threaded_rounds(ThreadTuner& tuner, int rounds, double team_seconds,
                           double single_seconds) {
  int single = 0;
  for (int i = 0; i < rounds; ++i) {
    single += tuner.single_threaded();
    tuner.record(tuner.single_threaded() ? single_seconds : team_seconds);
  }
  return single;
}

}  // namespace

TEST_CASE("the faster choice is kept, the slower one is tried rarely") {
  ThreadTuner near, far;
  const int slow_tries = single_threaded_rounds(near, 1000, 1.0, 1.7);
  CHECK(slow_tries >= 6);
  CHECK(slow_tries <= 30);
  CHECK(single_threaded_rounds(far, 1000, 1.7, 1.0) >= 970);
}

TEST_CASE("a change of the machine is detected within the rounds of one choice") {
  ThreadTuner tuner;
  single_threaded_rounds(tuner, 100, 1.0, 1.7);
  single_threaded_rounds(tuner, 1024, 3.0, 1.7);
  CHECK(single_threaded_rounds(tuner, 100, 3.0, 1.7) >= 90);
}

TEST_CASE("one slow round does not change the choice") {
  ThreadTuner tuner;
  tuner.record(50.0);
  CHECK(single_threaded_rounds(tuner, 100, 1.0, 1.7) <= 6);
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
