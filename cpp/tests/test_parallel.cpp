#include <chrono>
#include <ctime>
#include <set>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/tuning.hpp"
#include "testing.hpp"

#if defined(__linux__)
#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace fastmlp;

namespace {

struct Failure {};

void busy_wait(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// The threads that take an item each of a round of as many, at the same time.
std::set<std::thread::id> members(ThreadTeam& team) {
  std::vector<std::thread::id> ids(static_cast<std::size_t>(team.size()));
  std::atomic<int> arrived{0};
  team.parallel_for(team.size(), [&](Index i, int) {
    ids[static_cast<std::size_t>(i)] = std::this_thread::get_id();
    ++arrived;
    while (arrived < team.size()) std::this_thread::yield();
  });
  return {ids.begin(), ids.end()};
}
std::set<std::thread::id> members(int threads) {
  std::set<std::thread::id> ids;
  with_team(threads, {}, [&](ThreadTeam& team) { ids = members(team); });
  return ids;
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

TEST_CASE("the check ends a round whose last item is another member's") {
  std::atomic<bool> taken{false};
  const std::thread::id caller = std::this_thread::get_id();
  const InterruptCheck check = [] { throw Failure(); };
  CHECK_THROWS_AS(with_team(2, check,
                            [&](ThreadTeam& team) {
                              team.parallel_for(2, [&](Index, int) {
                                while (std::this_thread::get_id() == caller && !taken) {
                                }
                                taken = true;
                                while (std::this_thread::get_id() != caller) {
                                  team.poll_interrupt(1e6);
                                }
                              });
                            }),
                  Failure);
}

TEST_CASE("the body runs on the caller's thread, which is a member of the team") {
  for (const int threads : {1, 2, 3}) {
    with_team(threads, {}, [&, caller = std::this_thread::get_id()](ThreadTeam& team) {
      CHECK((std::this_thread::get_id() == caller));
      const auto ids = members(team);
      CHECK(ids.size() == static_cast<std::size_t>(threads));
      CHECK(ids.count(caller) == 1);
    });
  }
}

TEST_CASE("the threads of a call serve the next one, also where another call comes in between") {
  const auto first = members(3);
  with_team(3, {}, [&](ThreadTeam& team) {
    CHECK(members(team) == first);
    CHECK(members(3) != first);  // the others are in use
  });
  CHECK(members(3).size() == 3);
}

// ThreadSanitizer has a thread of its own, and allows none after a fork.
#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
namespace {

int threads_of_process() {
  int threads = -2;  // . and ..
  DIR* const tasks = opendir("/proc/self/task");
  while (readdir(tasks)) ++threads;
  closedir(tasks);
  return threads;
}

// Waits some multiples of the time after which idle threads end.
int threads_after_a_while() {
  int threads = threads_of_process();
  for (int i = 0; i < 50 && (threads = threads_of_process()) > 1; ++i) {
    std::this_thread::sleep_for(kIdleTime);
  }
  return threads;
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

TEST_CASE("threads begin with a round that has work for them, and end when no call needs them") {
  REQUIRE(threads_after_a_while() == 1);
  with_team(4, {}, [](ThreadTeam& team) {
    team.set_single_threaded(true);
    team.parallel_for(100, [](Index, int) {});
    CHECK(threads_of_process() == 1);
    team.set_single_threaded(false);
    team.parallel_for(1, [](Index, int) {});
    CHECK(threads_of_process() == 1);
    members(team);
    CHECK(threads_of_process() == 4);
  });
  CHECK(threads_of_process() == 4);
  CHECK(threads_after_a_while() == 1);
  CHECK(members(4).size() == 4);
}

TEST_CASE("idle threads, and those of a call on one thread, take no processor time") {
  const auto sleep = [] {
    const double before = processor_seconds();
    std::this_thread::sleep_for(kIdleTime / 2);
    return processor_seconds() - before;
  };
  constexpr double kTenth = 0.1 * std::chrono::duration<double>(kIdleTime / 2).count();
  with_team(4, {}, [&](ThreadTeam& team) {
    members(team);
    team.set_single_threaded(true);
    CHECK(sleep() < kTenth);
  });
  CHECK(sleep() < kTenth);
}

TEST_CASE("a forked child has threads of its own, also where the parent's are in a call") {
  const auto in_child = [](const auto& work) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      work();
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  };
  const auto uses_threads = [] {
    if (members(3).size() != 3 || threads_of_process() != 3) _exit(1);
  };
  members(3);
  CHECK(in_child(uses_threads) == 0);
  with_team(3, {}, [&](ThreadTeam& team) {
    members(team);
    CHECK(in_child([&] { _exit(members(team).size() != 3); }) == 0);
    CHECK(members(team).size() == 3);
  });
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) members(3);
  });
  for (int i = 0; i < 20; ++i) CHECK(in_child([&] { members(3); }) == 0);
  done = true;
  other.join();
}
#endif
