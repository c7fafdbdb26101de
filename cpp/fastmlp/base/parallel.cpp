#include "fastmlp/base/parallel.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace fastmlp {
namespace {

constexpr std::chrono::milliseconds kCheckInterval{20};
// Some ten microseconds of work: how often a team of one reads the clock.
constexpr double kOperationsPerLook = 1e6;

constexpr std::uint64_t kOpen = std::uint64_t{1} << 31;
constexpr std::uint64_t kJoined = kOpen - 1;
constexpr std::uint64_t kDismissed = ~std::uint64_t{0};

// Waits in a loop: briefly at full speed, then leaving the processor to others.
class Patience {
 public:
  void wait() {
    if (++turns_ < kTurns) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }

 private:
  static constexpr int kTurns = 2000;
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  int turns_ = 0;
};

// f(member) for every member of a parallel region; member 0 is the calling thread.
template <class F>
void region(int threads, const F& f) {
#if defined(_OPENMP)
#pragma omp parallel for schedule(static, 1) num_threads(threads)
  for (int member = 0; member < threads; ++member) f(member);
#else
  std::vector<std::thread> others;
  for (int member = 1; member < threads; ++member) others.emplace_back(f, member);
  f(0);
  for (std::thread& other : others) other.join();
#endif
}

}  // namespace

// The items that a member takes first; the others take what is left of them when their own are done.
struct alignas(64) Team::Member {
  std::atomic<Index> next{0};
  Index end = 0;
};

Team::Team(Check check)
    : check_(std::move(check)), next_check_(std::chrono::steady_clock::now() + kCheckInterval) {}

Team::Team(int size) : size_(size), members_(new Member[static_cast<std::size_t>(size)]) {}

Team::~Team() = default;

void Team::worked(double operations) {
  operations_ += operations;
  if (operations_ < kOperationsPerLook) return;
  operations_ = 0;
  look();
}

void Team::look() {
  if (!check_ || std::chrono::steady_clock::now() < next_check_) return;
  check_();
  next_check_ = std::chrono::steady_clock::now() + kCheckInterval;
}

// What a member other than 0 does until it is dismissed: joins every round that it sees open.
void Team::serve(int member) {
  std::uint64_t seen = 0;
  for (Patience patience;;) {
    std::uint64_t door = door_.load(std::memory_order_acquire);
    if (door == kDismissed) return;
    if (door >> 32 == seen || !(door & kOpen) ||
        !door_.compare_exchange_weak(door, door + 1, std::memory_order_acquire)) {
      patience.wait();
      continue;
    }
    seen = door >> 32;
    work(member);
    finished_.fetch_add(1, std::memory_order_release);
    patience = Patience();
  }
}

void Team::dismiss() { door_.store(kDismissed, std::memory_order_release); }

void Team::share(Index n, bool may_stop, Call call, void* f) {
  call_ = call;
  function_ = f;
  may_stop_ = may_stop;
  for (int m = 0; m < size_; ++m) {
    members_[static_cast<std::size_t>(m)].next.store(m * n / size_, std::memory_order_relaxed);
    members_[static_cast<std::size_t>(m)].end = (m + 1) * n / size_;
  }
  finished_.store(0, std::memory_order_relaxed);
  const std::uint64_t round = (door_.load(std::memory_order_relaxed) >> 32) % (kJoined - 1) + 1;
  door_.store(round << 32 | kOpen, std::memory_order_release);
  work(0);
  const std::uint64_t joined = door_.fetch_and(~kOpen, std::memory_order_acq_rel) & kJoined;
  for (Patience patience; finished_.load(std::memory_order_acquire) != joined;) patience.wait();
  if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(failure_);
  if (may_stop && stop_.load(std::memory_order_relaxed)) throw Abandoned();
}

void Team::work(int member) {
  for (int m = 0; m < size_; ++m) {
    take_items(members_[static_cast<std::size_t>((member + m) % size_)], member);
  }
}

void Team::take_items(Member& home, int member) {
  while (!(may_stop_ && (stop_.load(std::memory_order_relaxed) ||
                         failed_.load(std::memory_order_relaxed)))) {
    const Index i = home.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= home.end) return;
    try {
      call_(function_, i, member);
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
  }
}

int openmp_threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

void with_team(int threads, const Check& check, const std::function<void(Team&)>& body) {
  if (threads == 1) {
    Team team(check);
    return body(team);
  }
  Team team(threads);
  std::exception_ptr failure, interrupt;
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::thread engine([&] {
    region(threads, [&](int member) {
      if (member > 0) return team.serve(member);
      try {
        body(team);
      } catch (...) {
        failure = std::current_exception();
      }
      team.dismiss();
    });
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    finished.notify_one();
  });
  for (std::unique_lock<std::mutex> lock(mutex); !done;) {
    finished.wait_for(lock, kCheckInterval);
    if (done || interrupt || !check) continue;
    lock.unlock();
    try {
      check();
    } catch (...) {
      interrupt = std::current_exception();
      team.stop_.store(true, std::memory_order_relaxed);
    }
    lock.lock();
  }
  engine.join();
  if (interrupt) std::rethrow_exception(interrupt);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fastmlp
