// The map of a convolution: the same weights at each position of a grid.
#pragma once

#include <mutex>

#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/window.hpp"

namespace fastmlp {

// a[y, x, f] = sum over the taps (i, j) and channels c of W[f, i, j, c] x[y', x', c] with y' = y
// stride + i dilation - padding, and x' likewise; W is (filters, taps · channels).
template <class T>
class ConvolutionMap final : public LinearMap<T> {
 public:
  ConvolutionMap(const Window& window, Index filters);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;
  void weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate, T* g,
                       PrefetchSchedule<T>* prefetch) const override;

 private:
  void add_row_of_taps(Range filters, Index i, const GradientFactors<T>& factors, T* g) const;

  // Of the loops, in proportion to the axes, so they are made where the first batch is read: a file
  // of a few bytes can describe long axes.
  struct Tables {
    WindowRuns forward_y, forward_x, backward_y, backward_x;
    std::vector<Index> offsets;  // the row of X that each column of W reads, from the first on
  };
  const Tables& tables() const;

  Window window_;
  Index filters_;
  mutable std::once_flag made_;
  mutable Tables tables_;
};

extern template class ConvolutionMap<float>;
extern template class ConvolutionMap<double>;

}  // namespace fastmlp
