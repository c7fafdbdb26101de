#include "fastmlp/nn/pooling_maps.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

MapTraits traits_of(const Window& window, bool keeps_mask) {
  MapTraits traits{window.inputs(), window.positions() * window.channels};
  traits.keeps_mask = keeps_mask;
  traits.by_panels = true;
  return traits;
}

// The inputs of one output position that are inside.
struct Region {
  const Window& window;
  Range y, x;  // taps
  Index at_y, at_x;

  Index size() const { return y.size() * x.size(); }
  // f(row of the input, of channel 0; number of the tap) in the order of the rows.
  template <class F>
  void for_taps(F&& f) const {
    for (Index i = y.begin; i < y.end; ++i) {
      const Index row = window.y.input_of(at_y, i) * window.x.input;
      for (Index j = x.begin; j < x.end; ++j) {
        f((row + window.x.input_of(at_x, j)) * window.channels, i * window.x.kernel + j);
      }
    }
  }
};

// f(region, first row of the output) for all output positions.
template <class F>
void for_regions(const Window& window, F&& f) {
  for (Index p = 0; p < window.positions(); ++p) {
    const Index y = p / window.x.output, x = p % window.x.output;
    f(Region{window, window.y.taps(y), window.x.taps(x), y, x}, p * window.channels);
  }
}

// f(channel, offset of a pack in its row) for all samples.
template <class T, class F>
void for_packs(const Window& window, Index cols, F&& f) {
  for (Index c = 0; c < window.channels; ++c) {
    for (Index j = 0; j < cols; j += kLanes<T>) f(c, j);
  }
}

// Sums start from 0, or from what is there.
template <class T>
void start_sums(const MatrixView<T>& sums, bool accumulate) {
  if (accumulate) return;
  const Index padded = round_up(sums.cols, kLanes<T>);
  for (Index i = 0; i < sums.rows; ++i) std::fill_n(sums.row(i), padded, T(0));
}

template <class T>
void add(T* to, Pack<T> value) {
  store(to, load(to) + value);
}

}  // namespace

template <class T>
AveragePoolMap<T>::AveragePoolMap(const Window& window)
    : LinearMap<T>(traits_of(window, false)), window_(window) {}

template <class T>
void AveragePoolMap<T>::apply(const MapCall<T>&, const PanelView<T>& x, const MatrixView<T>& a,
                              const Epilogue<T>& epilogue) const {
  for_regions(window_, [&](const Region& region, Index first) {
    const T share = T(1) / static_cast<T>(region.size());
    for_packs<T>(window_, a.cols, [&](Index c, Index j) {
      Pack<T> sum{};
      region.for_taps([&](Index row, Index) { sum += load(x.data + (row + c) * x.row + j); });
      T* to = a.row(first + c) + j;
      store(to, epilogue.accumulate ? load(to) + share * sum : share * sum);
    });
  });
}

template <class T>
void AveragePoolMap<T>::apply_transposed(const MapCall<T>&, const PanelView<T>& delta,
                                         const MatrixView<T>& dx,
                                         const Epilogue<T>& epilogue) const {
  start_sums(dx, epilogue.accumulate);
  for_regions(window_, [&](const Region& region, Index first) {
    const T share = T(1) / static_cast<T>(region.size());
    for_packs<T>(window_, dx.cols, [&](Index c, Index j) {
      const Pack<T> value = share * load(delta.data + (first + c) * delta.row + j);
      region.for_taps([&](Index row, Index) { add<T>(dx.row(row + c) + j, value); });
    });
  });
}

template <class T>
MaxPoolMap<T>::MaxPoolMap(const Window& window)
    : LinearMap<T>(traits_of(window, true)), window_(window) {}

// The maximum where it is drawn; else the input that was the maximum at the point.
template <class T>
void MaxPoolMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                          const Epilogue<T>& epilogue) const {
  const bool keeps = !call.mask->empty();
  const MatrixView<T> mask = keeps ? call.mask->columns(call.samples) : MatrixView<T>{};
  for_regions(window_, [&](const Region& region, Index first) {
    for_packs<T>(window_, a.cols, [&](Index c, Index j) {
      Pack<T> chosen{}, best{};
      if (!call.draws) chosen = load(mask.row(first + c) + j);
      bool any = false;
      region.for_taps([&](Index row, Index tap) {
        const Pack<T> value = load(x.data + (row + c) * x.row + j);
        const Pack<T> number = Pack<T>{} + static_cast<T>(tap);
        const Mask<T> larger = (value > best) | (value != value) | (any ? Mask<T>{} : ~Mask<T>{});
        const Mask<T> takes = call.draws ? larger : chosen == number;
        best = takes ? value : best;
        if (call.draws) chosen = takes ? number : chosen;
        any = true;
      });
      if (call.draws && keeps) store(mask.row(first + c) + j, chosen);
      T* to = a.row(first + c) + j;
      store(to, epilogue.accumulate ? load(to) + best : best);
    });
  });
}

template <class T>
void MaxPoolMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                     const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  const MatrixView<T> mask = call.mask->columns(call.samples);
  start_sums(dx, epilogue.accumulate);
  for_regions(window_, [&](const Region& region, Index first) {
    for_packs<T>(window_, dx.cols, [&](Index c, Index j) {
      const Pack<T> value = load(delta.data + (first + c) * delta.row + j);
      const Pack<T> chosen = load(mask.row(first + c) + j);
      region.for_taps([&](Index row, Index tap) {
        const Mask<T> here = chosen == Pack<T>{} + static_cast<T>(tap);
        add<T>(dx.row(row + c) + j, here ? value : Pack<T>{});
      });
    });
  });
}

template class AveragePoolMap<float>;
template class AveragePoolMap<double>;
template class MaxPoolMap<float>;
template class MaxPoolMap<double>;

}  // namespace fastmlp
