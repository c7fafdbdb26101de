#include "fastmlp/base/worker_group.hpp"

#include <algorithm>
#include <new>

#include "fastmlp/base/subnormals.hpp"
#include "fastmlp/base/tuning.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#define FASTMLP_POSIX 1
#endif

namespace fastmlp {
namespace {

// Fields of the ticket: round << 32, the open bit, and the number of joined workers.
constexpr std::uint64_t kOpenBit = std::uint64_t{1} << 31;
constexpr std::uint64_t kJoinedMask = kOpenBit - 1;
constexpr std::uint64_t kStopTicket = ~std::uint64_t{0};

bool admits(std::uint64_t ticket, std::uint64_t last_round) {
  return ticket >> 32 != last_round && (ticket & kOpenBit);
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Signals are for the threads of the program, which may wait for them: threads that are started
// meanwhile get none but those of their own faults.
class SignalBlock {
#if defined(FASTMLP_POSIX)
 public:
  SignalBlock() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

}  // namespace

// Items that one member takes first. Others steal the rest when their own queues are empty.
struct alignas(64) WorkerGroup::Queue {
  std::atomic<Index> next{0};
  Index end = 0;
};

// The groups that no call uses.
struct WorkerGroup::Pool {
  unsigned long forks = 0;
  std::mutex mutex;
  std::vector<std::shared_ptr<WorkerGroup>> idle;
};

// Made when the library is loaded, so no fork comes in between, and never destroyed, because
// threads may outlive static objects. Idle threads end before a fork, because Python warns of
// threads. The child has none of the others and perhaps a lock that another thread held, so it
// begins anew.
WorkerGroup::Pool* const WorkerGroup::pool_ = [] {
#if defined(FASTMLP_POSIX)
  pthread_atfork(&WorkerGroup::end_idle, nullptr, [] {
    const unsigned long forks = pool_->forks;
    (new (pool_) Pool)->forks = forks + 1;
  });
#endif
  return new Pool;
}();

std::shared_ptr<WorkerGroup> WorkerGroup::take(int size) {
  std::shared_ptr<WorkerGroup> group;
  {
    const std::lock_guard<std::mutex> lock(pool_->mutex);
    const auto fits = [&](const auto& idle) { return idle->size_ == size; };
    const auto found = std::find_if(pool_->idle.begin(), pool_->idle.end(), fits);
    if (found != pool_->idle.end()) {
      group = std::move(*found);
      pool_->idle.erase(found);
    }
  }
  if (!group) group = std::make_shared<WorkerGroup>(size, pool_->forks);
  group->start_missing();
  return group;
}

void WorkerGroup::give_back(std::shared_ptr<WorkerGroup> group) {
  if (group->is_of_parent()) return;
  const std::lock_guard<std::mutex> lock(pool_->mutex);
  group->idle_since_ = Clock::now();
  pool_->idle.push_back(std::move(group));
}

WorkerGroup::WorkerGroup(int size, unsigned long forks)
    : size_(size), forks_(forks), queues_(new Queue[static_cast<std::size_t>(size)]) {}

WorkerGroup::~WorkerGroup() = default;

bool WorkerGroup::is_of_parent() const { return forks_ != pool_->forks; }

// As many as the system allows; the next call tries again.
void WorkerGroup::start_missing() {
  const auto all = static_cast<std::size_t>(size_ - 1);
  if (threads_.size() == all) return;
  const SignalBlock block;
  try {
    threads_.reserve(all);
    while (threads_.size() < all) {
      const int member = static_cast<int>(threads_.size()) + 1;
      threads_.emplace_back([group = shared_from_this(), member] { group->work(member); });
    }
  } catch (const std::exception&) {  // no thread, or no memory for one
  }
}

// A worker joins every round that it finds open.
void WorkerGroup::work(int member) {
  const FlushSubnormals flush;
  for (std::uint64_t last_round = 0;;) {
    std::uint64_t ticket = wait_for_round(last_round);
    if (ticket == kStopTicket) return;
    if (!ticket_.compare_exchange_strong(ticket, ticket + 1, std::memory_order_acquire)) continue;
    last_round = ticket >> 32;
    drain_queues(member);
    finished_.fetch_add(1, std::memory_order_release);
  }
}

// Rounds of one step follow each other within kSpinTime, and often those of the next call.
std::uint64_t WorkerGroup::wait_for_round(std::uint64_t last_round) {
  const auto ticket_now = [&] { return ticket_.load(std::memory_order_acquire); };
  for (int turn = 0; turn < kPauseTurns; ++turn) {
    if (const std::uint64_t ticket = ticket_now(); admits(ticket, last_round)) return ticket;
    pause();
  }
  for (const auto end = Clock::now() + kSpinTime; Clock::now() < end; std::this_thread::yield()) {
    if (const std::uint64_t ticket = ticket_now(); admits(ticket, last_round)) return ticket;
  }
  return sleep(last_round);
}

// A round is seen here, or whoever opened it sees this sleeper: both first write, then read.
std::uint64_t WorkerGroup::sleep(std::uint64_t last_round) {
  std::unique_lock<std::mutex> lock(mutex_);
  sleeping_.fetch_add(1);
  std::uint64_t ticket;
  while (!admits(ticket = ticket_.load(), last_round)) {
    if (opened_.wait_for(lock, kIdleTime) == std::cv_status::timeout && retires()) {
      ticket = kStopTicket;
      break;
    }
  }
  sleeping_.fetch_sub(1);
  return ticket;
}

void WorkerGroup::wake() {
  if (sleeping_.load() == 0) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
  }  // a sleeper waits now
  opened_.notify_all();
}

// Whether the group ends, because no call has used it for kIdleTime; all of its threads then ask.
bool WorkerGroup::retires() {
  if (ticket_.load() == kStopTicket) return true;
  const std::lock_guard<std::mutex> lock(pool_->mutex);
  const auto self = std::find(pool_->idle.begin(), pool_->idle.end(), shared_from_this());
  if (self == pool_->idle.end() || Clock::now() - idle_since_ < kIdleTime) return false;
  for (std::thread& thread : threads_) thread.detach();
  ticket_.store(kStopTicket);
  pool_->idle.erase(self);
  return true;
}

void WorkerGroup::stop() {
  ticket_.store(kStopTicket);
  wake();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerGroup::end_idle() {
  std::vector<std::shared_ptr<WorkerGroup>> idle;
  {
    const std::lock_guard<std::mutex> lock(pool_->mutex);
    idle.swap(pool_->idle);
  }
  for (const auto& group : idle) group->stop();
}

void WorkerGroup::run(ThreadTeam& team, Index n, const std::function<void()>& waiting) {
  team_ = &team;
  for (int m = 0; m < size_; ++m) {
    Queue& queue = queues_[static_cast<std::size_t>(m)];
    queue.next.store(m * n / size_, std::memory_order_relaxed);
    queue.end = (m + 1) * n / size_;
  }
  finished_.store(0, std::memory_order_relaxed);
  const std::uint64_t last_round = ticket_.load(std::memory_order_relaxed) >> 32;
  ticket_.store((last_round % (kJoinedMask - 1) + 1) << 32 | kOpenBit);
  wake();
  drain_queues(0);
  const std::uint64_t joined = ticket_.fetch_and(~kOpenBit) & kJoinedMask;
  for (int turn = 0; finished_.load(std::memory_order_acquire) != joined; ++turn) {
    if (turn < kPauseTurns) {
      pause();
    } else if (turn < kPauseTurns + kYieldTurns) {
      std::this_thread::yield();
    } else {
      waiting();
      std::this_thread::sleep_for(kWaitSleep);
    }
  }
}

// The member's own queue, then those of the others.
void WorkerGroup::drain_queues(int member) {
  for (int m = 0; m < size_; ++m) {
    Queue& queue = queues_[static_cast<std::size_t>((member + m) % size_)];
    for (Index i; !team_->stops(); team_->run_item(i, member)) {
      i = queue.next.fetch_add(1, std::memory_order_relaxed);
      if (i >= queue.end) break;
    }
  }
}

}  // namespace fastmlp
