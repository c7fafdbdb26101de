// Threads. A Team shares out numbered items of work; who does an item changes nothing about its
// result, because every item writes to a place of its own.
//
// A team of one is the calling thread itself. The threads of a larger one live as long as the call
// that needs them: an engine thread runs the body, the others join its rounds, and the caller only
// waits and looks for signals. So Ctrl-C works, other threads of Python run, and a forked child
// inherits nothing. Plain threads rather than an OpenMP region: to start and end one on a fresh
// thread takes libgomp a hundred times longer, and it waits for late threads.
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

// Called on the caller's thread every some ten milliseconds; throws to abandon the work.
using InterruptCheck = std::function<void()>;

// Thrown inside a team whose caller has been told to abandon the work.
struct Interrupted {};

// Whether numbers too small to be normal are computed exactly or taken as 0. Moments of Adam that
// fade away become such numbers, and processors take a hundred times longer over them.
enum class Subnormals { keep, flush };

class ThreadTeam {
 public:
  explicit ThreadTeam(InterruptCheck check = {});  // the calling thread alone
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return size_; }
  // From now on member 0 does everything, or all do again.
  void set_single_threaded(bool alone) { alone_ = alone; }
  // Whether items are shared out, so that memory moves between cores.
  bool shares() const { return size_ > 1 && !alone_; }

  // f(i, member) for every i in [0, n), each by one member in [0, size()); returns when all are
  // done. An exception of f ends it early, and so does one of the check, between items or where f
  // reports progress.
  template <class F>
  void parallel_for(Index n, F&& f) {
    if (shares() && n > 1) return share(n, true, &call<F>, &f);
    for (Index i = 0; i < n; ++i) f(i, 0);
  }

  // To be called by long items after so many operations: throws where the work is to be abandoned.
  void progress(double operations) {
    if (size_ == 1) return worked(operations);
    if (stop_.load(std::memory_order_relaxed)) throw Interrupted();
  }

  // The same, always to the end: for work that must not be left half done.
  template <class F>
  void parallel_for_uninterrupted(Index n, F&& f) {
    if (shares() && n > 1) return share(n, false, &call<F>, &f);
    for (Index i = 0; i < n; ++i) f(i, 0);
  }

 private:
  friend void with_team(int, const InterruptCheck&, const std::function<void(ThreadTeam&)>&,
                        Subnormals);
  using Call = void (*)(void*, Index, int);
  struct Member;

  template <class F>
  static void call(void* f, Index i, int member) {
    (*static_cast<std::remove_reference_t<F>*>(f))(i, member);
  }

  ThreadTeam(int size, Subnormals subnormals);
  std::vector<std::thread> recruit();
  void serve(int member);
  void dismiss();
  void share(Index n, bool may_stop, Call call, void* f);
  void work(int member);
  void drain_queue(Member& home, int member);
  void worked(double operations);
  void look();

  int size_ = 1;
  bool alone_ = false;
  Subnormals subnormals_ = Subnormals::keep;

  // A team of one: when to look at the clock, and when to check.
  InterruptCheck check_;
  double operations_ = 0;
  std::chrono::steady_clock::time_point next_check_;

  // The present round of a larger team.
  Call call_ = nullptr;
  void* function_ = nullptr;
  bool may_stop_ = false;
  std::unique_ptr<Member[]> members_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  // Round number, whether it is open to be joined, and how many members have joined: a member that
  // comes late, because the machine is busy, is not waited for.
  alignas(64) std::atomic<std::uint64_t> door_{0};
  alignas(64) std::atomic<std::uint64_t> finished_{0};
};

// The most threads that OpenMP would give a region of this thread; 1 where the core was built
// without it.
int openmp_threads();

// The date of the OpenMP specification that the core was built with, 0 without.
int openmp_version();

// Runs body with a team of `threads` and returns, or throws, what came of it. `check` is called on
// this thread.
void with_team(int threads, const InterruptCheck& check,
               const std::function<void(ThreadTeam&)>& body,
               Subnormals subnormals = Subnormals::keep);

}  // namespace fastmlp
