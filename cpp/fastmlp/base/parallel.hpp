// Threads. A team distributes numbered items of work; every item writes to its own memory, so the
// assignment of items to members does not change results.
//
// The calling thread is member 0: it runs the body, takes items and polls for signals. The others
// are taken from a pool at the first round that has work for them, so a call that stays on one
// thread starts, wakes and waits for none. They wait a moment for the next round, then sleep, and
// end when no call has needed them for kIdleTime; a forked child begins with an empty pool. Plain
// threads rather than an OpenMP region, because libgomp's pool does not survive a fork, waits for
// late threads and spins between calls (docs/architecture.md has the comparison).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// Called about every 20 ms on the caller's thread; an exception ends the work.
using InterruptCheck = std::function<void()>;

// Thrown in other members of a team after its interrupt check has thrown.
struct Interrupted {};

class WorkerGroup;

class ThreadTeam {
 public:
  // Without a size only the calling thread.
  explicit ThreadTeam(InterruptCheck check = {}, int size = 1);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return size_; }
  // Member 0 does all items of later rounds, or all members share them again.
  void set_single_threaded(bool single_threaded) { single_threaded_ = single_threaded; }
  // True where several members take items, so that memory moves between cores.
  bool is_parallel() const { return size_ > 1 && !single_threaded_; }

  // f(i, member) for every i in [0, n), by one member in [0, size()) each; returns when all are
  // done. An exception of f, or of the check between items or in poll_interrupt, ends it early.
  template <class F>
  void parallel_for(Index n, F&& f) {
    if (is_parallel() && n > 1) return run_round(n, true, &call<F>, &f);
    for (Index i = 0; i < n; ++i) f(i, 0);
  }

  // Called by long items after some operations; throws if the work must stop.
  void poll_interrupt(double operations) {
    if (size_ == 1 || std::this_thread::get_id() == caller_) return poll(operations);
    if (stop_.load(std::memory_order_relaxed)) throw Interrupted();
  }

  // The same without interruption: for work that must not be left half done.
  template <class F>
  void parallel_for_uninterrupted(Index n, F&& f) {
    if (is_parallel() && n > 1) return run_round(n, false, &call<F>, &f);
    for (Index i = 0; i < n; ++i) f(i, 0);
  }

 private:
  friend class WorkerGroup;
  friend void with_team(int, const InterruptCheck&, const std::function<void(ThreadTeam&)>&);
  using Call = void (*)(void*, Index, int);

  template <class F>
  static void call(void* f, Index i, int member) {
    (*static_cast<std::remove_reference_t<F>*>(f))(i, member);
  }

  void run_round(Index n, bool interruptible, Call item, void* f);
  bool stops() const {
    return interruptible_ &&
           (stop_.load(std::memory_order_relaxed) || failed_.load(std::memory_order_relaxed));
  }
  void run_item(Index i, int member);
  void poll(double operations);

  const int size_;
  bool single_threaded_ = false;

  // Polling on the calling thread.
  const std::thread::id caller_ = std::this_thread::get_id();
  const InterruptCheck check_;
  double operations_ = 0;
  std::chrono::steady_clock::time_point next_check_;
  std::exception_ptr interrupt_;  // what the check has thrown

  // The current round of a larger team.
  std::shared_ptr<WorkerGroup> workers_;
  Call call_ = nullptr;
  void* function_ = nullptr;
  bool interruptible_ = false;
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
};

// Maximum number of threads of an OpenMP region of this thread; 1 in a build without OpenMP.
int openmp_threads();

// Date of the OpenMP specification of the build, 0 without OpenMP.
int openmp_version();

// Runs body on this thread with a team of `threads`, all of which flush subnormal numbers; `check`
// is called in the caller's own floating-point mode. Exceptions of both are rethrown.
void with_team(int threads, const InterruptCheck& check,
               const std::function<void(ThreadTeam&)>& body);

}  // namespace fastmlp
