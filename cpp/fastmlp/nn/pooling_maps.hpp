// Maps of pooling: of each window and channel its mean or its largest value.
#pragma once

#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/window.hpp"

namespace fastmlp {

// The mean over the inputs that are inside of each window.
template <class T>
class AveragePoolMap final : public LinearMap<T> {
 public:
  explicit AveragePoolMap(const Window& window);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  Window window_;
};

// The maximum over each window, nan where it contains one. Linear at a point: x ∘ mask, where the
// mask selects the tap of the maximum, the first of equal ones. It is kept as the tap's number.
template <class T>
class MaxPoolMap final : public LinearMap<T> {
 public:
  explicit MaxPoolMap(const Window& window);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;

 private:
  Window window_;
};

extern template class AveragePoolMap<float>;
extern template class AveragePoolMap<double>;
extern template class MaxPoolMap<float>;
extern template class MaxPoolMap<double>;

}  // namespace fastmlp
