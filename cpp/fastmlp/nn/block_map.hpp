// A block of the slot times some features of the input: the uses of one array of weights by the
// steps of a recurrence.
#pragma once

#include "fastmlp/nn/linear_map.hpp"

namespace fastmlp {

struct WeightBlock {
  Index slot_rows, slot_columns;
  Range rows, columns;        // of the slot
  Index inputs, first_input;  // features of the input, and the first that is read
};

// W[rows, columns] x[first_input, ...)
template <class T>
class BlockMap final : public LinearMap<T> {
 public:
  explicit BlockMap(const WeightBlock& block);

  void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
             const Epilogue<T>& epilogue) const override;
  void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta, const MatrixView<T>& dx,
                        const Epilogue<T>& epilogue) const override;
  void weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate, T* g,
                       PrefetchSchedule<T>* prefetch) const override;

 private:
  const T* first(const T* w) const {
    return w + block_.rows.begin * block_.slot_columns + block_.columns.begin;
  }

  WeightBlock block_;
};

extern template class BlockMap<float>;
extern template class BlockMap<double>;

}  // namespace fastmlp
