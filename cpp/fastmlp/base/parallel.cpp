#include "fastmlp/base/parallel.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>

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

// Sets how this thread treats subnormal numbers, for as long as it lives.
class SubnormalMode {
 public:
#if defined(__x86_64__)
  explicit SubnormalMode(Subnormals mode) : before_(__builtin_ia32_stmxcsr()) {
    constexpr unsigned kFlushToZero = 1u << 15, kDenormalsAreZero = 1u << 6;
    if (mode == Subnormals::flush) {
      __builtin_ia32_ldmxcsr(before_ | kFlushToZero | kDenormalsAreZero);
    }
  }
  ~SubnormalMode() { __builtin_ia32_ldmxcsr(before_); }

 private:
  unsigned before_;
#else
  explicit SubnormalMode(Subnormals) {}
#endif
};

// Waits in a loop: briefly at full speed, then leaving the processor to others, and where it is
// long, asleep.
class Backoff {
 public:
  void wait() {
    if (++turns_ < kTurns) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
  void wait_long() {
    wait();
    if (turns_ > kTurns + kYields) std::this_thread::sleep_for(std::chrono::microseconds(20));
  }

 private:
  static constexpr int kTurns = 2000, kYields = 2000;
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  int turns_ = 0;
};

}  // namespace

// The items that a member takes first; the others take what is left of them when their own are
// done.
struct alignas(64) ThreadTeam::Member {
  std::atomic<Index> next{0};
  Index end = 0;
};

ThreadTeam::ThreadTeam(InterruptCheck check)
    : check_(std::move(check)), next_check_(std::chrono::steady_clock::now() + kCheckInterval) {}

ThreadTeam::ThreadTeam(int size, Subnormals subnormals)
    : size_(size), subnormals_(subnormals), members_(new Member[static_cast<std::size_t>(size)]) {}

ThreadTeam::~ThreadTeam() = default;

void ThreadTeam::worked(double operations) {
  operations_ += operations;
  if (operations_ < kOperationsPerLook) return;
  operations_ = 0;
  look();
}

void ThreadTeam::look() {
  if (!check_ || std::chrono::steady_clock::now() < next_check_) return;
  check_();
  next_check_ = std::chrono::steady_clock::now() + kCheckInterval;
}

// What a member other than 0 does until it is dismissed: joins every round that it sees open.
void ThreadTeam::serve(int member) {
  const SubnormalMode mode(subnormals_);
  std::uint64_t seen = 0;
  for (Backoff patience;;) {
    std::uint64_t door = door_.load(std::memory_order_acquire);
    if (door == kDismissed) return;
    if (door >> 32 == seen || !(door & kOpen) ||
        !door_.compare_exchange_weak(door, door + 1, std::memory_order_acquire)) {
      patience.wait_long();
      continue;
    }
    seen = door >> 32;
    work(member);
    finished_.fetch_add(1, std::memory_order_release);
    patience = Backoff();
  }
}

void ThreadTeam::dismiss() { door_.store(kDismissed, std::memory_order_release); }

void ThreadTeam::share(Index n, bool may_stop, Call call, void* f) {
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
  for (Backoff patience; finished_.load(std::memory_order_acquire) != joined;) patience.wait();
  if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(failure_);
  if (may_stop && stop_.load(std::memory_order_relaxed)) throw Interrupted();
}

void ThreadTeam::work(int member) {
  for (int m = 0; m < size_; ++m) {
    drain_queue(members_[static_cast<std::size_t>((member + m) % size_)], member);
  }
}

void ThreadTeam::drain_queue(Member& home, int member) {
  while (!(may_stop_ &&
           (stop_.load(std::memory_order_relaxed) || failed_.load(std::memory_order_relaxed)))) {
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

// Starts as many of the members 1 … threads - 1 as the system allows: those that are missing are
// like late ones.
std::vector<std::thread> ThreadTeam::recruit() {
  std::vector<std::thread> others;
  try {
    others.reserve(static_cast<std::size_t>(size_));
    for (int member = 1; member < size_; ++member) {
      others.emplace_back([this, member] { serve(member); });
    }
  } catch (const std::exception&) {  // no thread, or no memory for one
  }
  return others;
}

namespace {

// What the engine thread of a call does, and how the caller waits for it.
class RunnerThread {
 public:
  void run(ThreadTeam& team, const std::function<void(ThreadTeam&)>& body) {
    try {
      body(team);
    } catch (...) {
      failure_ = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    finished_.notify_one();
  }

  // Returns when the body has ended; after an exception of check, which is kept, `stop` tells it
  // to.
  void wait(const InterruptCheck& check, std::atomic<bool>& stop) {
    for (std::unique_lock<std::mutex> lock(mutex_); !done_;) {
      finished_.wait_for(lock, kCheckInterval);
      if (done_ || stop || !check) continue;
      lock.unlock();
      try {
        check();
      } catch (...) {
        interrupt_ = std::current_exception();
        stop = true;
      }
      lock.lock();
    }
  }

  void rethrow() const {
    if (interrupt_) std::rethrow_exception(interrupt_);
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable finished_;
  bool done_ = false;
  std::exception_ptr failure_, interrupt_;
};

}  // namespace

int openmp_version() {
#if defined(_OPENMP)
  return _OPENMP;
#else
  return 0;
#endif
}

void with_team(int threads, const InterruptCheck& check,
               const std::function<void(ThreadTeam&)>& body, Subnormals subnormals) {
  if (threads == 1) {
    const SubnormalMode mode(subnormals);
    ThreadTeam team(check);
    return body(team);
  }
  ThreadTeam team(threads, subnormals);
  RunnerThread engine;
  std::thread runner;
  try {
    runner = std::thread([&] {
      const SubnormalMode mode(subnormals);
      engine.run(team, body);
    });
  } catch (const std::system_error&) {
    return with_team(1, check, body, subnormals);  // the system gives no more threads
  }
  std::vector<std::thread> others = team.recruit();
  engine.wait(check, team.stop_);
  team.dismiss();
  runner.join();
  for (std::thread& other : others) other.join();
  engine.rethrow();
}

}  // namespace fastmlp
