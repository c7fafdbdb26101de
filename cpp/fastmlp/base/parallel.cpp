#include "fastmlp/base/parallel.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>

#include "fastmlp/base/subnormals.hpp"
#include "fastmlp/base/tuning.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace fastmlp {
namespace {

// Fields of the round ticket: round number << 32, the open bit, and the number of joined workers.
constexpr std::uint64_t kOpenBit = std::uint64_t{1} << 31;
constexpr std::uint64_t kJoinedMask = kOpenBit - 1;
constexpr std::uint64_t kStopTicket = ~std::uint64_t{0};

// Spin, then yield, then (wait_long only) sleep.
class Backoff {
 public:
  void wait() {
    if (++turns_ < kPauseTurns) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
  void wait_long() {
    wait();
    if (turns_ > kPauseTurns + kYieldTurns) std::this_thread::sleep_for(kBackoffSleep);
  }

 private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  int turns_ = 0;
};

}  // namespace

// Items that one member takes first. Others steal the rest when their own queues are empty.
struct alignas(64) ThreadTeam::WorkQueue {
  std::atomic<Index> next{0};
  Index end = 0;
};

ThreadTeam::ThreadTeam(InterruptCheck check)
    : check_(std::move(check)),
      next_check_(std::chrono::steady_clock::now() + kInterruptInterval) {}

ThreadTeam::ThreadTeam(int size)
    : size_(size), queues_(new WorkQueue[static_cast<std::size_t>(size)]) {}

ThreadTeam::~ThreadTeam() = default;

void ThreadTeam::poll(double operations) {
  operations_ += operations;
  if (operations_ < kOperationsPerPoll) return;
  operations_ = 0;
  if (!check_ || std::chrono::steady_clock::now() < next_check_) return;
  {
    const FlushSubnormals::Pause pause;
    check_();
  }
  next_check_ = std::chrono::steady_clock::now() + kInterruptInterval;
}

// A worker joins every round that it finds open.
void ThreadTeam::worker_loop(int member) {
  const FlushSubnormals flush;
  std::uint64_t last_round = 0;
  for (Backoff backoff;;) {
    std::uint64_t ticket = round_ticket_.load(std::memory_order_acquire);
    if (ticket == kStopTicket) return;
    if (ticket >> 32 == last_round || !(ticket & kOpenBit) ||
        !round_ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acquire)) {
      backoff.wait_long();
      continue;
    }
    last_round = ticket >> 32;
    drain_queues(member);
    finished_.fetch_add(1, std::memory_order_release);
    backoff = Backoff();
  }
}

void ThreadTeam::stop_workers() { round_ticket_.store(kStopTicket, std::memory_order_release); }

void ThreadTeam::run_round(Index n, bool interruptible, Call item, void* f) {
  call_ = item;
  function_ = f;
  interruptible_ = interruptible;
  for (int m = 0; m < size_; ++m) {
    WorkQueue& queue = queues_[static_cast<std::size_t>(m)];
    queue.next.store(m * n / size_, std::memory_order_relaxed);
    queue.end = (m + 1) * n / size_;
  }
  finished_.store(0, std::memory_order_relaxed);
  const std::uint64_t last_round = round_ticket_.load(std::memory_order_relaxed) >> 32;
  const std::uint64_t round = last_round % (kJoinedMask - 1) + 1;
  round_ticket_.store(round << 32 | kOpenBit, std::memory_order_release);
  drain_queues(0);
  const std::uint64_t joined =
      round_ticket_.fetch_and(~kOpenBit, std::memory_order_acq_rel) & kJoinedMask;
  for (Backoff backoff; finished_.load(std::memory_order_acquire) != joined;) backoff.wait();
  if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(failure_);
  if (interruptible && stop_.load(std::memory_order_relaxed)) throw Interrupted();
}

// The member's own queue, then those of the others.
void ThreadTeam::drain_queues(int member) {
  for (int m = 0; m < size_; ++m) {
    drain_queue(queues_[static_cast<std::size_t>((member + m) % size_)], member);
  }
}

void ThreadTeam::drain_queue(WorkQueue& queue, int member) {
  while (!(interruptible_ &&
           (stop_.load(std::memory_order_relaxed) || failed_.load(std::memory_order_relaxed)))) {
    const Index i = queue.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= queue.end) return;
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

// Starts as many of the members 1 … size - 1 as the system allows; a missing worker is like a late
// one.
std::vector<std::thread> ThreadTeam::start_workers() {
  std::vector<std::thread> workers;
  try {
    workers.reserve(static_cast<std::size_t>(size_));
    for (int member = 1; member < size_; ++member) {
      workers.emplace_back([this, member] { worker_loop(member); });
    }
  } catch (const std::exception&) {  // no thread, or no memory for one
  }
  return workers;
}

namespace {

// Result of the thread that runs the body, for which the caller waits.
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

  // Returns when the body has ended. An exception of check is kept and sets `stop`.
  void wait(const InterruptCheck& check, std::atomic<bool>& stop) {
    for (std::unique_lock<std::mutex> lock(mutex_); !done_;) {
      finished_.wait_for(lock, kInterruptInterval);
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
               const std::function<void(ThreadTeam&)>& body) {
  if (threads == 1) {
    const FlushSubnormals flush;
    ThreadTeam team(check);
    return body(team);
  }
  ThreadTeam team(threads);
  RunnerThread runner;
  std::thread thread;
  try {
    thread = std::thread([&] {
      const FlushSubnormals flush;
      runner.run(team, body);
    });
  } catch (const std::system_error&) {
    return with_team(1, check, body);  // the system starts no more threads
  }
  std::vector<std::thread> workers = team.start_workers();
  runner.wait(check, team.stop_);
  team.stop_workers();
  thread.join();
  for (std::thread& worker : workers) worker.join();
  runner.rethrow();
}

}  // namespace fastmlp
