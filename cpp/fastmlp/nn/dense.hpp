// A fully connected layer: h = phi(W x + b), W (n_out, n_in) row-major in w, followed by b (n_out).
#pragma once

#include "fastmlp/nn/layer.hpp"
#include "fastmlp/nn/layers.hpp"

namespace fastmlp {

template <class T>
class DenseMap final : public LayerMap<T> {
 public:
  DenseMap(Index inputs, Dense spec, Index offset);

  const Dense& spec() const { return spec_; }
  Range weights() const { return {offset_, offset_ + this->inputs() * this->outputs()}; }
  Range biases() const;

  Range parameters() const override { return {offset_, biases().end}; }
  std::vector<Slice> slices() const override { return {{weights(), false}, {biases(), true}}; }
  const Activation& activation() const override { return spec_.activation; }
  Index pieces() const override { return pieces_; }
  Range piece(Index i) const override;
  void initialize(Rng& rng, T* w) const override;
  Tape<T> make_tape(Index n, typename LayerMap<T>::Needs needs) const override;
  bool packs() const override;
  void pack(Index i, const T* w, Tape<T>& tape) const override;
  void combine(const T* w, const PassContext& pass, Range samples, const PanelMatrix<T>& x,
               Tape<T>& tape, PanelMatrix<T>& a, const Epilogue<T>& epilogue) const override;
  void combine_one(const T* w, const T* x, T* a) const override;
  void backward(const T* w, Range samples, const Tape<T>& tape, PanelMatrix<T>& input_gradient,
                const Epilogue<T>& epilogue) const override;
  void gradient(Index i, Index n, const Tape<T>& tape, const PanelView<T>& x, T* g,
                PrefetchSchedule<T>* prefetch) const override;

 private:
  Index unit() const { return packs() ? kMR : 1; }
  const T* bias(const T* w) const { return spec_.bias ? w + biases().begin : nullptr; }
  Range piece_rows(Index i) const;
  bool last(Index i) const { return i + 1 == pieces(); }

  Dense spec_;
  Index offset_;
  Index pieces_;
};

extern template class DenseMap<float>;
extern template class DenseMap<double>;

}  // namespace fastmlp
