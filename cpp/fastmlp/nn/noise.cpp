#include "fastmlp/nn/noise.hpp"

namespace fastmlp {
namespace {

// h and delta of a layer without parameters.
template <class T>
Tape<T> plain_tape(Index n, Index width, typename LayerMap<T>::Needs needs) {
  Tape<T> tape;
  tape.h = PanelMatrix<T>(width, n);
  if (needs.gradient) tape.delta = PanelMatrix<T>(width, n);
  if (needs.samples) tape.samples = PanelMatrix<T>(n, width);
  return tape;
}

}  // namespace

// `a` holds mask / (1 - rate).
template <class T>
Tape<T> DropoutMap<T>::make_tape(Index n, typename LayerMap<T>::Needs needs) const {
  Tape<T> tape = plain_tape<T>(n, this->outputs(), needs);
  if (needs.gradient) tape.a = PanelMatrix<T>(this->outputs(), n);
  return tape;
}

template <class T>
void DropoutMap<T>::combine(const T*, const PassContext& pass, Range samples,
                            const PanelMatrix<T>& inputs, Tape<T>& tape, PanelMatrix<T>& outputs,
                            const Epilogue<T>&) const {
  const MatrixView<const T> x = inputs.columns(samples);
  const MatrixView<T> h = outputs.columns(samples);
  const MatrixView<T> factors = tape.a.empty() ? MatrixView<T>{} : tape.a.columns(samples);
  if (!pass.training) {
    for (Index i = 0; i < factors.rows; ++i) std::fill_n(factors.row(i), factors.cols, T(1));
    return copy(x, h);
  }
  const auto threshold = static_cast<std::uint32_t>(rate_ * 0x1p32);
  const Pack<T> kept = constant<Pack<T>>(1 / (1 - rate_));
  const auto drop = [&](Index i, Index j, const std::uint32_t (&words)[kSampleLanes]) {
    for (Index s = 0; s < std::min(kSampleLanes, samples.size() - j); s += kLanes<T>) {
      const Pack<T> factor = words_at_least<T>(words + s, threshold) ? kept : Pack<T>{};
      store(factors.row(i) + j + s, factor);
      store(h.row(i) + j + s, load(x.row(i) + j + s) * factor);
    }
  };
  this->template for_draws<SampleWords>(pass, Stream::dropout, samples, random_words, drop);
}

template <class T>
void DropoutMap<T>::backward(const T*, Range samples, const Tape<T>& tape,
                             PanelMatrix<T>& input_gradient, const Epilogue<T>&) const {
  const MatrixView<const T> delta = tape.delta.columns(samples), factors = tape.a.columns(samples);
  const MatrixView<T> to = input_gradient.columns(samples);
  for (Index i = 0; i < delta.rows; ++i) {
    for (Index j = 0; j < delta.cols; j += kLanes<T>) {
      store(to.row(i) + j, load(delta.row(i) + j) * load(factors.row(i) + j));
    }
  }
}

template <class T>
Tape<T> GaussianNoiseMap<T>::make_tape(Index n, typename LayerMap<T>::Needs needs) const {
  return plain_tape<T>(n, this->outputs(), needs);
}

template <class T>
void GaussianNoiseMap<T>::combine(const T*, const PassContext& pass, Range samples,
                                  const PanelMatrix<T>& inputs, Tape<T>&, PanelMatrix<T>& outputs,
                                  const Epilogue<T>&) const {
  const MatrixView<const T> x = inputs.columns(samples);
  const MatrixView<T> h = outputs.columns(samples);
  if (!pass.training) return copy(x, h);
  using Normals = T[kWords][kSampleLanes];
  const T deviation = static_cast<T>(deviation_);
  const auto disturb = [&](Index i, Index j, const T(&normals)[kSampleLanes]) {
    for (Index s = 0; s < std::min(kSampleLanes, samples.size() - j); s += kLanes<T>) {
      store(h.row(i) + j + s, load(x.row(i) + j + s) + deviation * load(normals + s));
    }
  };
  this->template for_draws<Normals>(pass, Stream::noise, samples, random_normals<T>, disturb);
}

template <class T>
void GaussianNoiseMap<T>::backward(const T*, Range samples, const Tape<T>& tape,
                                   PanelMatrix<T>& input_gradient, const Epilogue<T>&) const {
  copy<const T>(tape.delta.columns(samples), input_gradient.columns(samples));
}

template class DropoutMap<float>;
template class DropoutMap<double>;
template class GaussianNoiseMap<float>;
template class GaussianNoiseMap<double>;

}  // namespace fastmlp
