#include "fastmlp/nn/noise.hpp"

namespace fastmlp {
namespace {

// h and delta of a layer without parameters; wide ones as the layer above reads them.
template <class T>
Tape<T> plain_tape(Index n, Index width, typename Layer<T>::Needs needs) {
  Tape<T> tape;
  tape.h = Matrix<T>(n, width);
  if (needs.gradient) tape.delta = Matrix<T>(n, width);
  if (needs.gradient && is_wide<T>(width)) tape.h_panels = PanelMatrix<T>(n, width);
  return tape;
}

}  // namespace

// `a` holds mask / (1 - rate).
template <class T>
Tape<T> Dropout<T>::make_tape(Index n, typename Layer<T>::Needs needs) const {
  Tape<T> tape = plain_tape<T>(n, this->outputs(), needs);
  if (needs.gradient) tape.a = Matrix<T>(n, this->outputs());
  return tape;
}

template <class T>
void Dropout<T>::combine(const T*, Index, const Pass& pass, Range rows, Block<const T> x,
                         Tape<T>& tape, Block<T> h) const {
  const Block<T> factors = tape.a.empty() ? Block<T>{} : tape.a.part(rows);
  if (!pass.training) {
    for (Index i = 0; i < factors.rows; ++i) std::fill_n(factors.row(i), factors.cols, T(1));
    return copy(x, h);
  }
  const auto threshold = static_cast<std::uint32_t>(rate_ * 0x1p32);
  const T kept = static_cast<T>(1 / (1 - rate_));
  std::uint32_t words[kWords];
  for (Index i = 0; i < x.rows; ++i) {
    const RowKey key = this->key(pass, Purpose::dropout, rows.begin + i);
    for (Index j = 0; j < x.cols; j += kWords) {
      random_words(key, static_cast<std::uint32_t>(j / kWords), words);
      const T* in = x.row(i) + j;
      T *factor = factors.row(i) + j, *out = h.row(i) + j;
      for (Index c = 0; c < std::min(kWords, x.cols - j); ++c) {
        factor[c] = words[c] >= threshold ? kept : T(0);
        out[c] = in[c] * factor[c];
      }
    }
  }
}

template <class T>
void Dropout<T>::backward(const T*, Index, Range rows, const Tape<T>& tape,
                          Block<T> input_gradient) const {
  const Block<const T> delta = tape.delta.part(rows), factors = tape.a.part(rows);
  for (Index i = 0; i < delta.rows; ++i) {
    const T *d = delta.row(i), *factor = factors.row(i);
    T* out = input_gradient.row(i);
    for (Index j = 0; j < delta.cols; ++j) out[j] = d[j] * factor[j];
  }
}

template <class T>
Tape<T> GaussianNoise<T>::make_tape(Index n, typename Layer<T>::Needs needs) const {
  return plain_tape<T>(n, this->outputs(), needs);
}

template <class T>
void GaussianNoise<T>::combine(const T*, Index, const Pass& pass, Range rows, Block<const T> x,
                               Tape<T>&, Block<T> h) const {
  if (!pass.training) return copy(x, h);
  const T deviation = static_cast<T>(deviation_);
  T normals[kWords];
  for (Index i = 0; i < x.rows; ++i) {
    const RowKey key = this->key(pass, Purpose::noise, rows.begin + i);
    for (Index j = 0; j < x.cols; j += kWords) {
      random_normals(key, static_cast<std::uint32_t>(j / kWords), normals);
      const T* in = x.row(i) + j;
      T* out = h.row(i) + j;
      for (Index c = 0; c < std::min(kWords, x.cols - j); ++c) {
        out[c] = in[c] + deviation * normals[c];
      }
    }
  }
}

template <class T>
void GaussianNoise<T>::backward(const T*, Index, Range rows, const Tape<T>& tape,
                                Block<T> input_gradient) const {
  copy(tape.delta.part(rows), input_gradient);
}

template class Dropout<float>;
template class Dropout<double>;
template class GaussianNoise<float>;
template class GaussianNoise<double>;

}  // namespace fastmlp
