// Layers that disturb what passes through them, in training only. They have no parameters.
#pragma once

#include "fastmlp/kernels/random.hpp"
#include "fastmlp/nn/dense.hpp"

namespace fastmlp {

struct DropoutSpec {
  double rate;
};
struct GaussianNoiseSpec {
  double deviation;
};

// What the two have in common: shape, and nothing to learn.
template <class T>
class NoiseLayer : public Layer<T> {
 public:
  NoiseLayer(Index width, Index offset, Index number)
      : Layer<T>(width, width), offset_(offset), number_(static_cast<std::uint32_t>(number)) {}

  Range parameters() const final { return {offset_, offset_}; }
  std::vector<Slice> slices() const final { return {}; }
  const Activation& activation() const final { return identity_; }
  Index parts() const final { return 0; }
  Range part(Index) const final { return parameters(); }
  void initialize(Rng&, T*) const final {}
  void pack(Index, const T*, Index, Tape<T>&) const final {}
  void gradient(Index, Index, const Tape<T>&, Panels<T>, T*) const final {}

 protected:
  RowKey key(const Pass& pass, Purpose purpose, Index row) const {
    const auto stream = static_cast<std::uint32_t>(purpose) << 16 | number_;
    return {pass.seed, static_cast<std::uint32_t>(pass.first + row), stream, pass.epoch};
  }

 private:
  Index offset_;
  std::uint32_t number_;
  Activation identity_;
};

// Inverted dropout: h = x mask / (1 - rate), mask 0 with probability rate, per sample and unit
// (Srivastava et al. 2014).
template <class T>
class Dropout final : public NoiseLayer<T> {
 public:
  Dropout(Index width, DropoutSpec spec, Index offset, Index number)
      : NoiseLayer<T>(width, offset, number), rate_(spec.rate) {}

  Tape<T> make_tape(Index n, typename Layer<T>::Needs needs) const override;
  void combine(const T* w, Index n, const Pass& pass, Range rows, Block<const T> x, Tape<T>& tape,
               Block<T> h) const override;
  void backward(const T* w, Index n, Range rows, const Tape<T>& tape,
                Block<T> input_gradient) const override;

 private:
  double rate_;
};

// h = x + N(0, deviation²), fresh at each presentation (Bishop 1995).
template <class T>
class GaussianNoise final : public NoiseLayer<T> {
 public:
  GaussianNoise(Index width, GaussianNoiseSpec spec, Index offset, Index number)
      : NoiseLayer<T>(width, offset, number), deviation_(spec.deviation) {}

  Tape<T> make_tape(Index n, typename Layer<T>::Needs needs) const override;
  void combine(const T* w, Index n, const Pass& pass, Range rows, Block<const T> x, Tape<T>& tape,
               Block<T> h) const override;
  void backward(const T* w, Index n, Range rows, const Tape<T>& tape,
                Block<T> input_gradient) const override;

 private:
  double deviation_;
};

extern template class Dropout<float>;
extern template class Dropout<double>;
extern template class GaussianNoise<float>;
extern template class GaussianNoise<double>;

}  // namespace fastmlp
