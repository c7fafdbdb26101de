#include "fastmlp/nn/compiled_network.hpp"

#include "fastmlp/base/subnormals.hpp"

namespace fastmlp {

template <class T>
CompiledNetwork<T>::CompiledNetwork(std::shared_ptr<const Network<T>> network, Index samples)
    : network_(std::move(network)), samples_(samples) {
  const Plan<T>& plan = network_->plan();
  if (passes_one_by_one(plan, samples)) {
    one_by_one_.emplace(plan, network_->w());
  } else {
    tiles_.emplace(plan, network_->w(), samples, false, team_);
  }
}

template <class T>
void CompiledNetwork<T>::predict(const T* x, T* out) {
  const FlushSubnormals flush;
  const Plan<T>& plan = network_->plan();
  const Index inputs = plan.inputs(), outputs = plan.outputs();
  const SampleRows<T> rows(MatrixView<const T>{x, samples_, inputs, inputs});
  if (one_by_one_) {
    for (Index i = 0; i < samples_; ++i) {
      one_by_one_->forward(rows, i);
      std::copy_n(one_by_one_->h(plan.layer_outputs().back()), outputs, out + i * outputs);
    }
    return;
  }
  const MatrixView<T> to{out, samples_, outputs, outputs};
  tiles_->pack_weights();
  tiles_->for_tiles(rows, [&](Range tile, Range samples) {
    tiles_->forward(tile, samples);
    write_outputs<T>(plan.layer_shapes().back(), nullptr, tile, tiles_->h(samples), to);
  });
}

template class CompiledNetwork<float>;
template class CompiledNetwork<double>;

}  // namespace fastmlp
