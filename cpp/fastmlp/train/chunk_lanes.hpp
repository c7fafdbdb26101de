// Chunks of a large batch of a small network side by side: each thread takes whole chunks through
// an objective of its own. Their sums are added in the order of the chunks, so the result is that
// of one chunk after the other.
#pragma once

#include <vector>

#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

template <class T>
class ChunkLanes {
 public:
  explicit ChunkLanes(NetworkObjective<T>& objective) : f_(objective) {}

  // The loss at w on the selected batch, and its gradient g unless that is null.
  double run(const T* w, T* g);

 private:
  static constexpr Index kWave = 16;  // chunks whose gradients are kept at a time

  void prepare(const T* w);

  NetworkObjective<T>& f_;
  std::vector<std::unique_ptr<NetworkObjective<T>>> lanes_;  // one per thread
  std::vector<std::unique_ptr<ThreadTeam>> teams_;           // of one thread each
  Buffer<T> gradients_;                                      // of the chunks of a wave
};

extern template class ChunkLanes<float>;
extern template class ChunkLanes<double>;

}  // namespace fastmlp
