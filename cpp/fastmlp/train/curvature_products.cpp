#include "fastmlp/train/curvature_products.hpp"

namespace fastmlp {

template <class T>
bool CurvatureProducts<T>::set_point(const T* w) {
  f_.packed_ = nullptr;
  f_.start(w);
  if (samples_ != f_.workspace_.samples) {
    samples_ = 0;  // until all is there: after a failure the next call starts over
    direction_ = make_tangent_workspace(f_.plan_, f_.workspace_.samples);
    linearization_ = make_linearization(f_.plan_, f_.workspace_.samples);
    samples_ = f_.workspace_.samples;
  }
  if (f_.chunks() != 1) return false;
  f_.forward_backward(w, f_.chunk(0), true, &linearization_);
  point_ = w;
  version_ = f_.version();
  return true;
}

// out (+)= the product over the samples of a chunk.
template <class T>
void CurvatureProducts<T>::add_product(const Tangent<T>& tangent, Range chunk, bool first, T* out) {
  f_.team_->parallel_for(ceil_div(chunk.size(), kTileColumns<T>), [&](Index i, int) {
    const Range samples = tile(i, kTileColumns<T>, chunk.size());
    auto& point = f_.workspace_.output();
    auto& direction = direction_.nodes.back();
    r_forward(tangent, f_.batch_.x(), samples);
    r_delta<T>(f_.output_loss_, tangent.curvature, point.a.columns(samples), f_.batch_.y(samples),
               point.h.columns(samples), f_.batch_.scale() + samples.begin,
               linearization_.nodes.back().columns(samples), direction.a.columns(samples),
               direction.h.columns(samples), direction.delta.columns(samples),
               f_.output_steps(samples));
    r_backward(tangent, samples);
    f_.team_->poll_interrupt(4 * f_.plan_.operations_per_row() *
                             static_cast<double>(samples.size()));
  });
  if (first) f_.clear_frozen(out);
  f_.team_->parallel_for(f_.parts(), [&](Index i, int thread) {
    const GradientPart& part = f_.part(i);
    T* from = f_.part_gradients_[static_cast<std::size_t>(thread)].data();
    T* to = out + part.range.begin;
    r_part_gradient(tangent, part, chunk.size(), f_.inputs(), from);
    for (Index j = 0; j < part.range.size(); ++j) to[j] = first ? from[j] : to[j] + from[j];
  });
}

template <class T>
void CurvatureProducts<T>::product(Curvature curvature, const T* w, const T* v, T* out) {
  if (curvature == Curvature::hessian) require_second_derivatives(f_.plan_);
  const bool kept = point_ == w && version_ == f_.version();
  const bool linearized = kept || set_point(w);
  pack(f_.plan_, v, direction_.packed, *f_.team_);
  for (Index i = 0; i < f_.chunks(); ++i) {
    const Range chunk = f_.chunk(i);
    if (!linearized) f_.forward_backward(w, chunk, true, &linearization_);
    const PassContext context = f_.context_of(chunk);
    add_product({f_.plan_, w, v, curvature, context, f_.workspace_, linearization_, direction_},
                chunk, i == 0, out);
  }
  if (!kept) drop_point();
}

template class CurvatureProducts<float>;
template class CurvatureProducts<double>;

}  // namespace fastmlp
