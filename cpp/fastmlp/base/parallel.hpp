// Threads. A team distributes numbered items of work; every item writes to its own memory, so the
// assignment of items to members does not change results.
//
// A team of one is the calling thread itself. The threads of a larger team live for one call: a
// runner thread executes the body, workers join its rounds, and the caller only waits and polls for
// signals. So Ctrl-C works, other Python threads run, and a forked child inherits no thread. Plain
// threads rather than an OpenMP region, because libgomp takes a hundred times longer to start and
// end one on a fresh thread, and waits for late threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// Called about every 20 ms on the caller's thread; an exception ends the work.
using InterruptCheck = std::function<void()>;

// Thrown inside a team after its interrupt check has thrown.
struct Interrupted {};

class ThreadTeam {
 public:
  explicit ThreadTeam(InterruptCheck check = {});  // only the calling thread
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
    if (size_ == 1) return poll(operations);
    if (stop_.load(std::memory_order_relaxed)) throw Interrupted();
  }

  // The same without interruption: for work that must not be left half done.
  template <class F>
  void parallel_for_uninterrupted(Index n, F&& f) {
    if (is_parallel() && n > 1) return run_round(n, false, &call<F>, &f);
    for (Index i = 0; i < n; ++i) f(i, 0);
  }

 private:
  friend void with_team(int, const InterruptCheck&, const std::function<void(ThreadTeam&)>&);
  using Call = void (*)(void*, Index, int);
  struct WorkQueue;

  template <class F>
  static void call(void* f, Index i, int member) {
    (*static_cast<std::remove_reference_t<F>*>(f))(i, member);
  }

  explicit ThreadTeam(int size);
  std::vector<std::thread> start_workers();
  void worker_loop(int member);
  void stop_workers();
  void run_round(Index n, bool interruptible, Call item, void* f);
  void drain_queues(int member);
  void drain_queue(WorkQueue& queue, int member);
  void poll(double operations);

  int size_ = 1;
  bool single_threaded_ = false;

  // Polling of a team of one.
  InterruptCheck check_;
  double operations_ = 0;
  std::chrono::steady_clock::time_point next_check_;

  // The current round of a larger team.
  Call call_ = nullptr;
  void* function_ = nullptr;
  bool interruptible_ = false;
  std::unique_ptr<WorkQueue[]> queues_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  // Round number, a bit that admits workers, and the number of those that joined. A worker that is
  // late because the machine is busy is not waited for.
  alignas(64) std::atomic<std::uint64_t> round_ticket_{0};
  alignas(64) std::atomic<std::uint64_t> finished_{0};
};

// Maximum number of threads of an OpenMP region of this thread; 1 in a build without OpenMP.
int openmp_threads();

// Date of the OpenMP specification of the build, 0 without OpenMP.
int openmp_version();

// Runs body with a team of `threads`, all of which flush subnormal numbers; `check` is called on
// this thread in its own floating-point mode. Exceptions of both are rethrown.
void with_team(int threads, const InterruptCheck& check,
               const std::function<void(ThreadTeam&)>& body);

}  // namespace fastmlp
