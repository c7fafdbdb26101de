#include "fastmlp/nn/elementwise_maps.hpp"

#include <algorithm>

#include "fastmlp/kernels/random.hpp"

namespace fastmlp {
namespace {

template <class T>
void add_or_store(T* out, Pack<T> value, bool accumulate) {
  store(out, accumulate ? load(out) + value : value);
}

// out (+)= f(i, j, x) for every pack of X, at row i and column j; whole rows of panels count as a
// single one.
template <class T, class F>
void map_packs(const PanelView<T>& x, const MatrixView<T>& out, bool accumulate, F&& f) {
  const bool contiguous = round_up(out.cols, kLanes<T>) == out.stride && x.row == out.stride;
  const Index rows = contiguous ? 1 : out.rows;
  const Index length = contiguous ? out.rows * out.stride : out.cols;
  for (Index i = 0; i < rows; ++i) {
    const T* from = x.data + i * x.row;
    T* to = out.row(i);
    if (accumulate) {
      for (Index j = 0; j < length; j += kLanes<T>) {
        store(to + j, load(to + j) + f(i, j, load(from + j)));
      }
    } else {
      for (Index j = 0; j < length; j += kLanes<T>) store(to + j, f(i, j, load(from + j)));
    }
  }
}

template <class T>
void add_copy(const PanelView<T>& x, const MatrixView<T>& out, bool accumulate) {
  map_packs<T>(x, out, accumulate, [](Index, Index, Pack<T> value) { return value; });
}

template <class T>
void add_one(Index n, const T* x, bool accumulate, T* a) {
  for (Index i = 0; i < n; ++i) a[i] = accumulate ? a[i] + x[i] : x[i];
}

// f(i, j, random words or numbers) of feature i and the samples from j on, drawn by `draw`, for all
// features.
template <class T, class Numbers, class Draw, class F>
void for_draws(const MapCall<T>& call, Stream kind, std::uint32_t layer, Index features,
               Draw&& draw, F&& f) {
  const auto stream = stream_of(kind, layer);
  Numbers numbers;
  std::uint32_t offsets[kSampleLanes] = {};
  for (Index j = 0; j < call.samples.size(); j += kSampleLanes) {
    const Index begin = call.samples.begin + j, n = std::min(kSampleLanes, call.samples.size() - j);
    SampleKey key{call.context.seed, static_cast<std::uint32_t>(call.context.first_sample), stream,
                  call.context.epoch};
    if (const Index* from = call.context.offsets) {
      for (Index s = 0; s < n; ++s) offsets[s] = static_cast<std::uint32_t>(from[begin + s]);
      key.offsets = offsets;
    } else {
      key.sample_index += static_cast<std::uint32_t>(begin);
    }
    for (Index i = 0; i < features; ++i) {
      if (i % kWords == 0) {
        draw(key, static_cast<std::uint32_t>(i / kWords), numbers, std::min(kWords, features - i));
      }
      for (Index s = 0; s < n; s += kLanes<T>) {
        f(i, j + s, numbers[i % kWords] + s);
      }
    }
  }
}

}  // namespace

template <class T>
void IdentityMap<T>::apply(const MapCall<T>&, const PanelView<T>& x, const MatrixView<T>& a,
                           const Epilogue<T>& epilogue) const {
  if (!epilogue.accumulate) clear_outside({first_, first_ + this->inputs()}, a);
  add_copy(x, a.part(first_, this->inputs()), epilogue.accumulate);
}

template <class T>
void IdentityMap<T>::apply_one(const T*, const T* x, const T*, bool accumulate, T* a) const {
  if (!accumulate) std::fill_n(a, this->outputs(), T(0));
  add_one(this->inputs(), x, accumulate, a + first_);
}

template <class T>
void IdentityMap<T>::apply_transposed(const MapCall<T>&, const PanelView<T>& delta,
                                      const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  add_copy({delta.data + first_ * delta.row, delta.row, delta.panel}, dx, epilogue.accumulate);
}

namespace {

MapTraits by_panels(Index inputs, Range reads) {
  MapTraits traits{inputs, reads.size()};
  traits.by_panels = true;
  if (reads.size() < inputs) traits.reads = reads;
  return traits;
}

}  // namespace

template <class T>
ProductMap<T>::ProductMap(Index inputs, Range reads, Index factor, double sign)
    : LinearMap<T>(by_panels(inputs, reads)), factor_(factor), sign_(sign) {}

template <class T>
void ProductMap<T>::multiply(const MapCall<T>& call, const PanelView<T>& x,
                             const MatrixView<T>& out, bool accumulate) const {
  const T* v = call.factor->at(factor_, call.samples.begin);
  const Pack<T> sign = constant<Pack<T>>(sign_);
  map_packs<T>(x, out, accumulate, [&](Index i, Index j, Pack<T> value) {
    return sign * value * load(v + i * kNR<T> + j);
  });
}

template <class T>
void ProductMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                          const Epilogue<T>& epilogue) const {
  multiply(call, this->read_rows(x), a, epilogue.accumulate);
}

template <class T>
void ProductMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                     const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  const Range read = this->input_rows();
  if (!epilogue.accumulate) clear_outside(read, dx);
  multiply(call, delta, dx.part(read.begin, read.size()), epilogue.accumulate);
}

template <class T>
EndMap<T>::EndMap(Index width, Index step, bool last)
    : LinearMap<T>(by_panels(width, {0, width})), step_(step), last_(last) {}

template <class T>
void EndMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                      const Epilogue<T>& epilogue) const {
  const Index* lengths = call.context.lengths;
  if (!lengths && last_) return add_copy(x, a, epilogue.accumulate);
  if (!epilogue.accumulate) clear_outside<T>({}, a);
  if (!lengths) return;
  for (Index j = 0; j < call.samples.size(); ++j) {
    if (lengths[call.samples.begin + j] != step_ + 1) continue;
    for (Index i = 0; i < a.rows; ++i) a.row(i)[j] += x.data[i * x.row + j];
  }
}

template <class T>
void EndMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                 const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  apply(call, delta, dx, epilogue);
}

template <class T>
ConstantMap<T>::ConstantMap(Index width) : LinearMap<T>(by_panels(width, {0, width})) {}

template <class T>
void ConstantMap<T>::apply(const MapCall<T>&, const PanelView<T>& x, const MatrixView<T>& a,
                           const Epilogue<T>& epilogue) const {
  add_copy(x, a, epilogue.accumulate);
}

template <class T>
void ConstantMap<T>::apply_transposed(const MapCall<T>&, const PanelView<T>&,
                                      const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  if (!epilogue.accumulate) clear_outside<T>({}, dx);
}

// out = x ∘ mask / (1 - rate), which is kept where there is room for it
template <class T>
void DropoutMap<T>::draw(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                         bool accumulate) const {
  const auto threshold = static_cast<std::uint32_t>(rate_ * 0x1p32);
  const Pack<T> kept = constant<Pack<T>>(1 / (1 - rate_));
  const MatrixView<T> mask =
      call.mask->empty() ? MatrixView<T>{} : call.mask->columns(call.samples);
  const auto drop = [&](Index i, Index j, const std::uint32_t* words) {
    const Pack<T> factor = words_at_least<T>(words, threshold) ? kept : Pack<T>{};
    for (; i < this->inputs(); i += channels_) {
      if (mask.data) store(mask.row(i) + j, factor);
      add_or_store(a.row(i) + j, load(x.data + i * x.row + j) * factor, accumulate);
    }
  };
  for_draws<T, SampleWords>(call, Stream::dropout, layer_, channels_, random_words, drop);
}

template <class T>
void DropoutMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                          const Epilogue<T>& epilogue) const {
  if (call.draws && call.context.training) return draw(call, x, a, epilogue.accumulate);
  if (call.mask->empty()) return add_copy(x, a, epilogue.accumulate);  // in prediction
  const MatrixView<T> mask = call.mask->columns(call.samples);
  if (call.draws) {
    for (Index i = 0; i < mask.rows; ++i) std::fill_n(mask.row(i), mask.cols, T(1));
  }
  map_packs<T>(x, a, epilogue.accumulate,
               [&](Index i, Index j, Pack<T> value) { return value * load(mask.row(i) + j); });
}

template <class T>
void DropoutMap<T>::apply_one(const T*, const T* x, const T*, bool accumulate, T* a) const {
  add_one(this->inputs(), x, accumulate, a);
}

template <class T>
void DropoutMap<T>::apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                     const MatrixView<T>& dx, const Epilogue<T>& epilogue) const {
  const MatrixView<T> mask = call.mask->columns(call.samples);
  map_packs<T>(delta, dx, epilogue.accumulate,
               [&](Index i, Index j, Pack<T> value) { return value * load(mask.row(i) + j); });
}

template <class T>
void GaussianNoiseMap<T>::apply(const MapCall<T>& call, const PanelView<T>& x,
                                const MatrixView<T>& a, const Epilogue<T>& epilogue) const {
  if (!call.draws || !call.context.training) return add_copy(x, a, epilogue.accumulate);
  using Normals = T[kWords][kSampleLanes];
  const T stddev = static_cast<T>(stddev_);
  const auto add_noise = [&](Index i, Index j, const T* normals) {
    add_or_store(a.row(i) + j, load(x.data + i * x.row + j) + stddev * load(normals),
                 epilogue.accumulate);
  };
  for_draws<T, Normals>(call, Stream::noise, layer_, this->inputs(), random_normals<T>, add_noise);
}

template <class T>
void GaussianNoiseMap<T>::apply_one(const T*, const T* x, const T*, bool accumulate, T* a) const {
  add_one(this->inputs(), x, accumulate, a);
}

template <class T>
void GaussianNoiseMap<T>::apply_transposed(const MapCall<T>&, const PanelView<T>& delta,
                                           const MatrixView<T>& dx,
                                           const Epilogue<T>& epilogue) const {
  add_copy(delta, dx, epilogue.accumulate);
}

template class IdentityMap<float>;
template class IdentityMap<double>;
template class ProductMap<float>;
template class ProductMap<double>;
template class EndMap<float>;
template class EndMap<double>;
template class ConstantMap<float>;
template class ConstantMap<double>;
template class DropoutMap<float>;
template class DropoutMap<double>;
template class GaussianNoiseMap<float>;
template class GaussianNoiseMap<double>;

}  // namespace fastmlp
