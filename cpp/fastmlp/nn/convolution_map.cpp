#include "fastmlp/nn/convolution_map.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

MapTraits traits_of(const Window& window, Index filters) {
  MapTraits traits{window.inputs(), window.positions() * filters, filters,
                   window.taps() * window.channels, true};
  traits.by_panels = true;
  return traits;
}

}  // namespace

template <class T>
ConvolutionMap<T>::ConvolutionMap(const Window& window, Index filters)
    : LinearMap<T>(traits_of(window, filters)), window_(window), filters_(filters) {}

template <class T>
const typename ConvolutionMap<T>::Tables& ConvolutionMap<T>::tables() const {
  std::call_once(made_, [this] {
    const auto& [y, x, channels] = window_;
    const Index row = x.kernel * channels;
    Tables made;
    made.forward_y = forward_runs(y, row, x.input * channels, 0, false);
    made.forward_x = forward_runs(x, channels, channels, channels, x.dilation == 1);
    made.backward_y = backward_runs(y, row, x.output * filters_, 0);
    made.backward_x = backward_runs(x, channels, filters_, filters_);
    for (Index i = 0; i < y.kernel; ++i) {
      for (Index j = 0; j < x.kernel; ++j) {
        for (Index c = 0; c < channels; ++c) {
          made.offsets.push_back((i * y.dilation * x.input + j * x.dilation) * channels + c);
        }
      }
    }
    tables_ = std::move(made);
  });
  return tables_;
}

template <class T>
void ConvolutionMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                              const Epilogue<T>& epilogue) const {
  const Tables& t = tables();
  multiply_windows<T>({call.w, this->traits().columns, 1, filters_, t.forward_y, t.forward_x},
                      a.cols, x.data, a.data, call.bias, epilogue);
}

// Each position of X sums Wᵀ delta over the outputs that have read it.
template <class T>
void ConvolutionMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                         const MatrixView<T>& dx,
                                         const Epilogue<T>& epilogue) const {
  const Tables& t = tables();
  multiply_windows<T>(
      {call.w, 1, this->traits().columns, window_.channels, t.backward_y, t.backward_x}, dx.cols,
      delta.data, dx.data, nullptr, epilogue);
}

// dW (filters, columns of row i of the kernel) += delta Xᵀ, over groups of positions along x from
// which the same taps are inside of the input.
template <class T>
void ConvolutionMap<T>::add_row_of_taps(Range filters, Index i, const GradientFactors<T>& factors,
                                        T* g) const {
  const auto& [y, x, channels] = window_;
  const Index ldc = this->traits().columns;
  const Range rows = y.outputs(i);
  for (Index first = 0, end = 0; first < x.output; first = end) {
    const Range taps = x.taps(first);
    const auto same = [&](Index p) {
      return x.taps(p).begin == taps.begin && x.taps(p).end == taps.end;
    };
    while (end < x.output && same(end)) ++end;
    if (taps.size() == 0 || rows.size() == 0) continue;
    const Index out = rows.begin * x.output + first;
    const Index in = (y.input_of(rows.begin, 0) * x.input + x.input_of(first, 0)) * channels;
    const Index column = (i * x.kernel + taps.begin) * channels;
    const PanelView<T>&delta = factors.delta, &from = factors.x;
    add_window_dots<T>(
        filters.size(), taps.size() * channels,
        {delta.data + (out * filters_ + filters.begin) * delta.row, delta.row, delta.panel},
        {from.data + in * from.row, from.row, from.panel}, tables().offsets.data() + column,
        {rows.size(), end - first, x.output * filters_, filters_, y.stride * x.input * channels,
         x.stride * channels},
        factors.samples, g + column, ldc);
  }
}

// Where all taps are inside, the rows of the kernel are one.
template <class T>
void ConvolutionMap<T>::weight_gradient(Range rows, const GradientFactors<T>& factors,
                                        bool accumulate, T* g, PrefetchSchedule<T>*) const {
  const auto& [y, x, channels] = window_;
  const Index columns = this->traits().columns;
  if (!accumulate) std::fill_n(g, rows.size() * columns, T(0));
  if (y.is_inside() && x.is_inside()) {
    const PanelView<T>& delta = factors.delta;
    return add_window_dots<T>(rows.size(), columns,
                              {delta.data + rows.begin * delta.row, delta.row, delta.panel},
                              factors.x, tables().offsets.data(),
                              {y.output, x.output, x.output * filters_, filters_,
                               y.stride * x.input * channels, x.stride * channels},
                              factors.samples, g, columns);
  }
  for (Index i = 0; i < y.kernel; ++i) {
    add_row_of_taps(rows, i, factors, g);
  }
}

template class ConvolutionMap<float>;
template class ConvolutionMap<double>;

}  // namespace fastmlp
