#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/thread_tuner.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

// How many of `rounds` rounds are done alone, where these are the times.
int rounds_alone(ThreadTuner& pace, int rounds, double by_team, double by_one) {
  int alone = 0;
  for (int i = 0; i < rounds; ++i) {
    alone += pace.alone();
    pace.note(pace.alone() ? by_one : by_team);
  }
  return alone;
}

}  // namespace

TEST_CASE("what is faster is done nearly always, the other tried now and then") {
  ThreadTuner near, far;
  const int slow_tries = rounds_alone(near, 1000, 1.0, 1.7);
  CHECK(slow_tries >= 6);
  CHECK(slow_tries <= 30);
  CHECK(rounds_alone(far, 1000, 1.7, 1.0) >= 970);
}

TEST_CASE("a change of the machine is noticed within a span") {
  ThreadTuner pace;
  rounds_alone(pace, 100, 1.0, 1.7);
  rounds_alone(pace, 1024, 3.0, 1.7);
  CHECK(rounds_alone(pace, 100, 3.0, 1.7) >= 90);
}

TEST_CASE("one slow round, as by an interruption, decides nothing") {
  ThreadTuner pace;
  pace.note(50.0);
  CHECK(rounds_alone(pace, 100, 1.0, 1.7) <= 6);
}

TEST_CASE("alone, member 0 does all items; then the team again") {
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
