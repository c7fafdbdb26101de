// The threads of a team but its caller, which stay for the next call: members 1 … size - 1.
//
// A worker joins a round through an atomic ticket (number of the round, a bit that is set while it
// is open, number of workers that joined). One that is late, because the machine is busy or because
// the system cannot start it, is not waited for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "fastmlp/base/parallel.hpp"

namespace fastmlp {

class WorkerGroup : public std::enable_shared_from_this<WorkerGroup> {
 public:
  // Of a team of this size: one that waits, or a new one. give_back lets it wait for the next call.
  static std::shared_ptr<WorkerGroup> take(int size);
  static void give_back(std::shared_ptr<WorkerGroup> group);

  WorkerGroup(int size, unsigned long forks);
  ~WorkerGroup();

  // After a fork during a call: its threads are in the other process.
  bool is_of_parent() const;

  // The team's n items, by its caller and those who join; `waiting` is called now and then while
  // the caller waits for their last items.
  void run(ThreadTeam& team, Index n, const std::function<void()>& waiting);

 private:
  struct Pool;
  struct Queue;
  using Clock = std::chrono::steady_clock;

  static Pool* const pool_;
  static void end_idle();
  void start_missing();
  void work(int member);
  std::uint64_t wait_for_round(std::uint64_t last_round);
  std::uint64_t sleep(std::uint64_t last_round);
  void wake();
  bool retires();
  void stop();
  void drain_queues(int member);

  const int size_;
  const unsigned long forks_;  // of this process and those before, when it was made
  std::vector<std::thread> threads_;
  Clock::time_point idle_since_;  // with the pool's lock

  ThreadTeam* team_ = nullptr;  // of the present round
  const std::unique_ptr<Queue[]> queues_;
  alignas(64) std::atomic<std::uint64_t> ticket_{0};
  alignas(64) std::atomic<std::uint64_t> finished_{0};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable opened_;
};

}  // namespace fastmlp
