// A network for predictions of a few samples at a time, which take no memory and no lock.
#pragma once

#include <memory>
#include <optional>

#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/sample_passes.hpp"

namespace fastmlp {

template <class T>
class CompiledNetwork {
 public:
  CompiledNetwork(std::shared_ptr<const Network<T>> network, Index samples);

  const Network<T>& network() const { return *network_; }
  Index samples() const { return samples_; }
  // out (samples, n_out) = what `predict` computes of x (samples, n_in), with the parameters of
  // this moment.
  void predict(const T* x, T* out);

 private:
  std::shared_ptr<const Network<T>> network_;
  Index samples_;
  ThreadTeam team_;  // this thread
  std::optional<SamplePass<T>> one_by_one_;
  std::optional<TilePass<T>> tiles_;  // one of them
};

extern template class CompiledNetwork<float>;
extern template class CompiledNetwork<double>;

}  // namespace fastmlp
