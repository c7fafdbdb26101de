#include <chrono>

#include "fastmlp/base/parallel.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

struct Failure {};

void busy_wait(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

TEST_CASE("every item is done once by a member of the team, before the return") {
  for (const int threads : {1, 2, 3, 8}) {
    with_team(threads, {}, [&](ThreadTeam& team) {
      CHECK(team.size() == threads);
      for (Index n = 0; n < 50; ++n) {
        std::vector<int> done(static_cast<std::size_t>(n)), wrong_member(done.size());
        auto item = [&](Index i, int member) {
          ++done[static_cast<std::size_t>(i)];
          wrong_member[static_cast<std::size_t>(i)] = member < 0 || member >= threads;
        };
        team.parallel_for(n, item);
        team.parallel_for_uninterrupted(n, item);
        REQUIRE(done == std::vector<int>(done.size(), 2));
        REQUIRE(wrong_member == std::vector<int>(done.size(), 0));
      }
    });
  }
}

TEST_CASE("an exception of the body or of an item reaches the caller") {
  for (const int threads : {1, 2, 3}) {
    CHECK_THROWS_AS(with_team(threads, {}, [](ThreadTeam&) { throw Failure(); }), Failure);
    CHECK_THROWS_AS(with_team(threads, {},
                              [](ThreadTeam& team) {
                                team.parallel_for(100, [](Index i, int) {
                                  if (i == 57) throw Failure();
                                });
                              }),
                    Failure);
  }
}

TEST_CASE("the check interrupts parallel_for, never parallel_for_uninterrupted") {
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    std::atomic<int> started{0}, finished{0};
    bool ended = false;
    const InterruptCheck check = [] { throw Failure(); };
    const auto body = [&](ThreadTeam& team) {
      team.parallel_for_uninterrupted(8, [&](Index, int) {
        busy_wait(std::chrono::milliseconds(15));
        ++finished;
      });
      team.parallel_for(1000, [&](Index, int) {
        ++started;
        busy_wait(std::chrono::milliseconds(1));
        team.poll_interrupt(1e6);
      });
      ended = true;
    };
    CHECK_THROWS_AS(with_team(threads, check, body), Failure);
    CHECK(finished == 8);
    CHECK(started < 1000);
    CHECK_FALSE(ended);
  }
}

#if defined(__x86_64__)
TEST_CASE("all threads flush subnormal numbers; checks and the caller do not") {
  volatile const double smallest = std::numeric_limits<double>::min();
  const auto is_kept = [&] { return smallest / 2 > 0; };
  for (const int threads : {1, 2, 3}) {
    std::atomic<int> flushed = 0;
    int exact_checks = 0;
    bool body_flushes = false;
    const InterruptCheck check = [&] {
      if (is_kept()) ++exact_checks;
      throw Failure();
    };
    CHECK_THROWS_AS(with_team(threads, check,
                              [&](ThreadTeam& team) {
                                body_flushes = !is_kept();
                                for (;;) {
                                  team.parallel_for(100, [&](Index, int) {
                                    if (!is_kept()) ++flushed;
                                    busy_wait(std::chrono::milliseconds(1));
                                    team.poll_interrupt(1e6);
                                  });
                                }
                              }),
                    Failure);
    CHECK(body_flushes);
    CHECK(flushed > 0);
    CHECK(exact_checks == 1);
    CHECK(is_kept());
    int exact = 0;
    with_team(threads, {}, [&](ThreadTeam& team) {
      std::atomic<int> kept = 0;
      team.parallel_for(300, [&](Index, int) {
        if (is_kept()) ++kept;
        busy_wait(std::chrono::milliseconds(1));
      });
      exact = kept;
    });
    CHECK(exact == 0);
    CHECK(is_kept());
  }
}
#endif

TEST_CASE("the check runs on the caller's thread, at most every 20 ms") {
  for (const int threads : {1, 2}) {
    const std::thread::id caller = std::this_thread::get_id();
    const auto start = std::chrono::steady_clock::now();
    int checks = 0;
    bool elsewhere = false;
    const InterruptCheck check = [&] {
      ++checks;
      elsewhere = elsewhere || std::this_thread::get_id() != caller;
    };
    with_team(threads, check, [](ThreadTeam& team) {
      team.parallel_for(200, [&](Index, int) {
        busy_wait(std::chrono::milliseconds(1));
        team.poll_interrupt(1e6);
      });
    });
    const auto time = std::chrono::steady_clock::now() - start;
    CHECK_FALSE(elsewhere);
    CHECK(checks >= 1);
    CHECK(checks <= time / std::chrono::milliseconds(20) + 1);
  }
}
