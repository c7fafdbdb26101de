#include "fastmlp/base/parallel.hpp"

#include "fastmlp/base/subnormals.hpp"
#include "fastmlp/base/tuning.hpp"
#include "fastmlp/base/worker_group.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace fastmlp {

ThreadTeam::ThreadTeam(InterruptCheck check, int size)
    : size_(size),
      check_(std::move(check)),
      next_check_(std::chrono::steady_clock::now() + kInterruptInterval) {}

ThreadTeam::~ThreadTeam() {
  if (workers_) WorkerGroup::give_back(std::move(workers_));
}

void ThreadTeam::poll(double operations) {
  operations_ += operations;
  if (operations_ < kOperationsPerPoll) return;
  operations_ = 0;
  if (!check_ || std::chrono::steady_clock::now() < next_check_) return;
  try {
    const FlushSubnormals::Pause pause;
    check_();
  } catch (...) {
    interrupt_ = std::current_exception();
    stop_.store(true, std::memory_order_relaxed);
    throw;
  }
  next_check_ = std::chrono::steady_clock::now() + kInterruptInterval;
}

void ThreadTeam::run_item(Index i, int member) {
  try {
    call_(function_, i, member);
  } catch (...) {
    if (!failed_.exchange(true)) failure_ = std::current_exception();
  }
}

void ThreadTeam::run_round(Index n, bool interruptible, Call item, void* f) {
  call_ = item;
  function_ = f;
  interruptible_ = interruptible;
  if (!workers_ || workers_->is_of_parent()) workers_ = WorkerGroup::take(size_);
  workers_->run(*this, n, [this] {
    if (!interruptible_ || stop_) return;
    try {
      poll(kOperationsPerPoll);
    } catch (...) {  // thrown below, when all have stopped
    }
  });
  if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(failure_);
  if (interruptible && stop_.load(std::memory_order_relaxed)) throw Interrupted();
}

int openmp_threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  return 1;
#endif
}

int openmp_version() {
#if defined(_OPENMP)
  return _OPENMP;
#else
  return 0;
#endif
}

void with_team(int threads, const InterruptCheck& check,
               const std::function<void(ThreadTeam&)>& body) {
  const FlushSubnormals flush;
  ThreadTeam team(check, threads);
  try {
    body(team);
  } catch (...) {
    if (team.interrupt_) std::rethrow_exception(team.interrupt_);
    throw;
  }
}

}  // namespace fastmlp
