// Maps that act on each feature by itself and have no parameters: the identity, the mask of a
// dropout, additive noise. Stochastic ones act only in training.
#pragma once

#include "fastmlp/nn/linear_map.hpp"

namespace fastmlp {

// x: what a skip connection adds; or x from a row on of a longer output that is 0 elsewhere, so
// that a sum of such terms is a sequence.
template <class T>
class IdentityMap final : public LinearMap<T> {
 public:
  explicit IdentityMap(Index width) : IdentityMap(width, width, 0) {}
  IdentityMap(Index inputs, Index outputs, Index first)
      : LinearMap<T>({inputs, outputs}), first_(first) {}

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  Index first_;
};

// sign u ∘ v for some features u of the input and v of another node, from `factor` on.
template <class T>
class ProductMap final : public LinearMap<T> {
 public:
  ProductMap(Index inputs, Range reads, Index factor, double sign = 1.0);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  void multiply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& out,
                bool accumulate) const;

  Index factor_;
  double sign_;
};

// x for samples whose sequence ends with a step, else 0: over all steps these terms are the last
// values. Without lengths all end with the last step.
template <class T>
class EndMap final : public LinearMap<T> {
 public:
  EndMap(Index width, Index step, bool last);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  Index step_;
  bool last_;
};

// x as a constant, which no gradient passes: the state before a step.
template <class T>
class ConstantMap final : public LinearMap<T> {
 public:
  explicit ConstantMap(Index width);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;
};

// Inverted dropout: x ∘ mask / (1 - rate), mask 0 with probability rate, per sample and unit
// (Srivastava et al. 2014). The factors are kept as the mask of the pass. With several positions
// they are one per channel of all (Tompson et al. 2015).
template <class T>
class DropoutMap final : public LinearMap<T> {
 public:
  DropoutMap(Index width, double rate, Index layer, Index positions = 1)
      : LinearMap<T>({width, width, 0, 0, false, true, TransposedFactor::none, true}),
        rate_(rate),
        layer_(static_cast<std::uint32_t>(layer)),
        channels_(width / positions) {}

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  void draw(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
            bool accumulate) const;

  double rate_;
  std::uint32_t layer_;
  Index channels_;
};

// x + N(0, stddev²), fresh at each presentation (Bishop 1995); its linear part is the identity.
template <class T>
class GaussianNoiseMap final : public LinearMap<T> {
 public:
  GaussianNoiseMap(Index width, double stddev, Index layer)
      : LinearMap<T>({width, width, 0, 0, false, false, TransposedFactor::none, true}),
        stddev_(stddev),
        layer_(static_cast<std::uint32_t>(layer)) {}

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_one(const T* w, const T* x, const T* bias, bool accumulate, T* a) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  double stddev_;
  std::uint32_t layer_;
};

extern template class IdentityMap<float>;
extern template class IdentityMap<double>;
extern template class ProductMap<float>;
extern template class ProductMap<double>;
extern template class EndMap<float>;
extern template class EndMap<double>;
extern template class ConstantMap<float>;
extern template class ConstantMap<double>;
extern template class DropoutMap<float>;
extern template class DropoutMap<double>;
extern template class GaussianNoiseMap<float>;
extern template class GaussianNoiseMap<double>;

}  // namespace fastmlp
