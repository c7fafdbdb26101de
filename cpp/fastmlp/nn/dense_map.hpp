// The maps of a matrix W (rows, columns) and of its transpose.
#pragma once

#include "fastmlp/nn/linear_map.hpp"

namespace fastmlp {

// Of a map whose products can be those of bfloat16.
inline MapTraits rounded(MapTraits traits) {
  traits.rounds = true;
  return traits;
}

// The gradient is computed from both factors with samples in lanes.
template <class T>
bool has_few(Index outputs, Index inputs) {
  return std::min(outputs, inputs) <= kFewRows<T>;
}

// W x
template <class T>
class DenseMap final : public LinearMap<T> {
 public:
  DenseMap(Index outputs, Index inputs)
      : LinearMap<T>(
            rounded({inputs, outputs, outputs, inputs, true, false,
                     has_few<T>(outputs, inputs) ? TransposedFactor::none : TransposedFactor::x})) {
  }

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;
  void weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate, T* g,
                       PrefetchSchedule<T>* prefetch) const override;
};

// Wᵀ x: the products of W, the first two swapped.
template <class T>
class TransposedMap final : public LinearMap<T> {
 public:
  TransposedMap(Index outputs, Index inputs)
      : LinearMap<T>(rounded(
            {inputs, outputs, inputs, outputs, true, false,
             has_few<T>(outputs, inputs) ? TransposedFactor::none : TransposedFactor::delta})),
        original_(inputs, outputs) {}

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;
  void weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate, T* g,
                       PrefetchSchedule<T>* prefetch) const override;

 private:
  DenseMap<T> original_;
};

extern template class DenseMap<float>;
extern template class DenseMap<double>;
extern template class TransposedMap<float>;
extern template class TransposedMap<double>;

}  // namespace fastmlp
