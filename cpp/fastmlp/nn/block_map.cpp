#include "fastmlp/nn/block_map.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

MapTraits traits_of(const WeightBlock& block) {
  MapTraits traits{block.inputs, block.rows.size(), block.slot_rows, block.slot_columns, true};
  traits.transposed = TransposedFactor::x;
  traits.by_panels = true;
  const Range read{block.first_input, block.first_input + block.columns.size()};
  if (read.size() < block.inputs) traits.reads = read;
  return traits;
}

}  // namespace

template <class T>
BlockMap<T>::BlockMap(const WeightBlock& block) : LinearMap<T>(traits_of(block)), block_(block) {}

template <class T>
void BlockMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                        const Epilogue<T>& epilogue) const {
  gemm<T>(a.rows, a.cols, block_.columns.size(), {first(call.w), block_.slot_columns, 1},
          this->read_rows(x), a.data, a.stride, call.bias, epilogue, call.prefetch);
}

// What is not read has no derivative.
template <class T>
void BlockMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                   const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  const Range read = this->input_rows();
  if (!epilogue.accumulate) clear_outside(read, dx);
  gemm<T>(read.size(), dx.cols, block_.rows.size(), {first(call.w), 1, block_.slot_columns}, delta,
          dx.row(read.begin), dx.stride, nullptr, epilogue, call.prefetch);
}

// dW[rows, columns] = delta Xᵀ; the first use sets the rest of these rows to 0.
template <class T>
void BlockMap<T>::weight_gradient(Range rows, const GradientFactors<T>& factors, bool accumulate,
                                  T* g, PrefetchSchedule<T>* prefetch) const {
  const Index stride = block_.slot_columns;
  if (!accumulate) std::fill_n(g, rows.size() * stride, T(0));
  const Range own{std::max(rows.begin, block_.rows.begin), std::min(rows.end, block_.rows.end)};
  if (own.size() <= 0) return;
  const PanelView<T>& delta = factors.delta;
  Epilogue<T> sum;
  sum.accumulate = true;
  gemm<T>(own.size(), block_.columns.size(), factors.samples,
          {delta.data + (own.begin - block_.rows.begin) * delta.row, delta.row, 1, delta.panel},
          factors.transposed, g + (own.begin - rows.begin) * stride + block_.columns.begin, stride,
          nullptr, sum, prefetch);
}

template class BlockMap<float>;
template class BlockMap<double>;

}  // namespace fastmlp
