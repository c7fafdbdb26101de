// Layers that disturb what passes through them, in training only. They have no parameters.
#pragma once

#include "fastmlp/kernels/random.hpp"
#include "fastmlp/nn/dense.hpp"

namespace fastmlp {

// What the two have in common: shape, and nothing to learn.
template <class T>
class NoiseLayer : public LayerMap<T> {
 public:
  NoiseLayer(Index width, Index offset, Index number)
      : LayerMap<T>(width, width), offset_(offset), number_(static_cast<std::uint32_t>(number)) {}

  Range parameters() const final { return {offset_, offset_}; }
  std::vector<Slice> slices() const final { return {}; }
  const Activation& activation() const final { return identity_; }
  Index pieces() const final { return 0; }
  Range piece(Index) const final { return parameters(); }
  void initialize(Rng&, T*) const final {}
  bool packs() const final { return false; }
  void pack(Index, const T*, Tape<T>&) const final {}
  void combine_one(const T*, const T* x, T* h) const final { std::copy_n(x, this->inputs(), h); }
  void gradient(Index, Index, const Tape<T>&, const PanelView<T>&, T*,
                PrefetchSchedule<T>*) const final {}

 protected:
  // f(i, j, the words or numbers drawn by `draw` for feature i and the samples from j on), for all
  // features of a range of samples.
  template <class Numbers, class Draw, class F>
  void for_draws(const PassContext& pass, Stream purpose, Range samples, Draw&& draw, F&& f) const {
    const auto stream = stream_of(purpose, number_);
    Numbers numbers;
    for (Index j = 0; j < samples.size(); j += kSampleLanes) {
      const auto place = static_cast<std::uint32_t>(pass.first + samples.begin + j);
      for (Index i = 0; i < this->inputs(); ++i) {
        if (i % kWords == 0) {
          draw({pass.seed, place, stream, pass.epoch}, static_cast<std::uint32_t>(i / kWords),
               numbers, std::min(kWords, this->inputs() - i));
        }
        f(i, j, numbers[i % kWords]);
      }
    }
  }

 private:
  Index offset_;
  std::uint32_t number_;
  Activation identity_;
};

// Inverted dropout: h = x mask / (1 - rate), mask 0 with probability rate, per sample and unit
// (Srivastava et al. 2014).
template <class T>
class DropoutMap final : public NoiseLayer<T> {
 public:
  DropoutMap(Index width, Dropout spec, Index offset, Index number)
      : NoiseLayer<T>(width, offset, number), rate_(spec.rate) {}

  Tape<T> make_tape(Index n, typename LayerMap<T>::Needs needs) const override;
  void combine(const T* w, const PassContext& pass, Range samples, const PanelMatrix<T>& x,
               Tape<T>& tape, PanelMatrix<T>& h, const Epilogue<T>& epilogue) const override;
  void backward(const T* w, Range samples, const Tape<T>& tape, PanelMatrix<T>& input_gradient,
                const Epilogue<T>& epilogue) const override;

 private:
  double rate_;
};

// h = x + N(0, deviation²), fresh at each presentation (Bishop 1995).
template <class T>
class GaussianNoiseMap final : public NoiseLayer<T> {
 public:
  GaussianNoiseMap(Index width, GaussianNoise spec, Index offset, Index number)
      : NoiseLayer<T>(width, offset, number), deviation_(spec.std) {}

  Tape<T> make_tape(Index n, typename LayerMap<T>::Needs needs) const override;
  void combine(const T* w, const PassContext& pass, Range samples, const PanelMatrix<T>& x,
               Tape<T>& tape, PanelMatrix<T>& h, const Epilogue<T>& epilogue) const override;
  void backward(const T* w, Range samples, const Tape<T>& tape, PanelMatrix<T>& input_gradient,
                const Epilogue<T>& epilogue) const override;

 private:
  double deviation_;
};

extern template class DropoutMap<float>;
extern template class DropoutMap<double>;
extern template class GaussianNoiseMap<float>;
extern template class GaussianNoiseMap<double>;

}  // namespace fastmlp
