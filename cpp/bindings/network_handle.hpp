// A network as Python holds it: with the mark that somebody is training it.
#pragma once

#include <atomic>

#include "fastmlp/nn/network.hpp"

namespace fastmlp::bindings {

template <class T>
struct NetworkHandle : Network<T> {
  using Network<T>::Network;
  std::atomic<bool> in_training{false};
};

// Held while a call changes the parameters; a second holder is refused.
class TrainingLock {
 public:
  explicit TrainingLock(std::atomic<bool>& mark) : mark_(mark) {
    if (mark_.exchange(true)) {
      throw std::runtime_error("fit: this network is being trained by another call");
    }
  }
  ~TrainingLock() { mark_ = false; }
  TrainingLock(const TrainingLock&) = delete;
  TrainingLock& operator=(const TrainingLock&) = delete;

 private:
  std::atomic<bool>& mark_;
};

}  // namespace fastmlp::bindings
