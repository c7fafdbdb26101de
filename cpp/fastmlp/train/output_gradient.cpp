// Outputs, and the gradient by the parameters from one by the outputs that is computed elsewhere.
#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/output_steps.hpp"
#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

template <class T>
void NetworkObjective<T>::forward(const T* w, const SampleRows<T>& x, MatrixView<T> out,
                                  const std::int64_t* lengths) {
  reserve(x.rows);
  batch_.start_gather(x.rows, lengths);
  schedule_.clear_next_batch();
  ++version_;
  packed_ = nullptr;
  start(w);
  workspace_.keeps_slopes = true;
  const PassContext context = context_of({0, x.rows});
  const Point<T> point{plan_, w, context, batch_.x(), workspace_};
  team_->parallel_for(ceil_div(batch_.size(), kTileColumns<T>), [&](Index i, int) {
    const Range samples = tile(i, kTileColumns<T>, batch_.size());
    batch_.gather_inputs(x, samples);
    const MatrixView<T> a = forward_from(point, states_, samples.begin, samples);
    const MatrixView<T> h = workspace_.output().h.columns(samples);
    activate<T>(plan_.output(), a, h);
    clear_ended<T>(output_steps(samples), h);
    transpose(h.rows, h.cols, h.data, h.stride, out.row(samples.begin), out.stride);
  });
}

template <class T>
void NetworkObjective<T>::backward(const T* w, MatrixView<const T> output_gradient, T* g) {
  auto& output = workspace_.output();
  const PassContext context = context_of({0, batch_.size()});
  const Point<T> point{plan_, w, context, batch_.x(), workspace_};
  team_->parallel_for(ceil_div(batch_.size(), kTileColumns<T>), [&](Index i, int) {
    const Range samples = tile(i, kTileColumns<T>, batch_.size());
    const MatrixView<T> delta = output.delta.columns(samples);
    transpose(delta.cols, delta.rows, output_gradient.row(samples.begin), output_gradient.stride,
              delta.data, delta.stride);
    differentiate<T>(plan_.output(), output.a.columns(samples), output.h.columns(samples), delta);
    clear_ended<T>(output_steps(samples), delta);
    fastmlp::backward(point, samples);
  });
  add_gradient(batch_.size(), true, nullptr, g);
}

template void NetworkObjective<float>::forward(const float*, const SampleRows<float>&,
                                               MatrixView<float>, const std::int64_t*);
template void NetworkObjective<double>::forward(const double*, const SampleRows<double>&,
                                                MatrixView<double>, const std::int64_t*);
template void NetworkObjective<float>::backward(const float*, MatrixView<const float>, float*);
template void NetworkObjective<double>::backward(const double*, MatrixView<const double>, double*);

}  // namespace fastmlp
