// Helpers of several tests. Arrays have exactly the requested length, so that AddressSanitizer
// detects an access to the first element beyond them.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fastmlp/kernels/rng.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/dataset.hpp"

namespace fastmlp {

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

// n numbers of U(low, high), of one stream per seed.
template <class T>
std::vector<T> uniform(Index n, std::uint64_t seed, double low = -1, double high = 1) {
  Rng rng(seed, Stream::initialization, 99);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& value : values) value = static_cast<T>(low + (high - low) * rng.uniform());
  return values;
}

// n integers in [-8, 8]: their sums of products are exact, in whatever order and with or without
// fused operations.
template <class T>
std::vector<T> integers(Index n, std::uint64_t seed) {
  Rng rng(seed, Stream::initialization, 98);
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& value : values) value = static_cast<T>(uniform_index(17, rng.next()) - 8);
  return values;
}

template <class T>
bool same_bits(const T* a, const T* b, Index n) {
  return n == 0 || std::memcmp(a, b, static_cast<std::size_t>(n) * sizeof(T)) == 0;
}
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && same_bits(a.data(), b.data(), static_cast<Index>(a.size()));
}

// max |a - b| / max |b|
template <class T>
double relative_difference(const std::vector<T>& a, const std::vector<T>& b) {
  double max = 0, scale = 1e-30;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    max = difference <= max ? max : difference;  // a nan stays
    scale = std::max(scale, std::abs(static_cast<double>(b[i])));
  }
  return max / scale;
}

template <class T>
std::vector<T> parameters(const Network<T>& network) {
  return {network.w(), network.w() + network.size()};
}

template <class T>
MatrixView<const T> rows_of(const std::vector<T>& values, Index cols) {
  return {values.data(), static_cast<Index>(values.size()) / cols, cols, cols};
}

// One sample as a column.
template <class T>
Matrix<T> column(const std::vector<T>& values) {
  Matrix<T> matrix(static_cast<Index>(values.size()), 1);
  copy(rows_of(values, 1), matrix.view());
  return matrix;
}

// n random samples, targets in (0.1, 0.9): allowed by every loss.
template <class T>
struct Samples {
  Samples(Index n, Index inputs, Index outputs, std::uint64_t seed = 1)
      : x(uniform<T>(n * inputs, seed)),
        y(uniform<T>(n * outputs, seed + 1000, 0.1, 0.9)),
        weights(uniform<T>(n, seed + 2000, 0.5, 2.0)),
        data{rows_of(x, inputs), rows_of(y, outputs)} {}
  Samples(const Samples&) = delete;

  Dataset<T> weighted() const {
    Dataset<T> result = data;
    result.weights = weights.data();
    return result;
  }

  std::vector<T> x, y, weights;
  Dataset<T> data;
};

inline std::shared_ptr<Dense> dense(Index units, Activation activation,
                                    Initializer init = GlorotUniform{}, bool bias = true) {
  const auto layer = std::make_shared<Dense>();
  layer->units = units;
  layer->activation = std::move(activation);
  layer->bias = bias;
  layer->init = std::move(init);
  return layer;
}

inline std::shared_ptr<Dense> penalized(std::shared_ptr<Dense> layer, double l1, double l2,
                                        double max_norm = 0) {
  layer->l1 = l1;
  layer->l2 = l2;
  if (max_norm > 0) layer->max_norm = max_norm;
  return layer;
}

inline std::shared_ptr<Dropout> dropout(double rate) {
  const auto layer = std::make_shared<Dropout>();
  layer->rate = rate;
  return layer;
}

inline std::shared_ptr<GaussianNoise> gaussian_noise(double std) {
  const auto layer = std::make_shared<GaussianNoise>();
  layer->std = std;
  return layer;
}

inline std::shared_ptr<Skip> skip(LayerReference of) {
  const auto layer = std::make_shared<Skip>();
  layer->of = std::move(of);
  return layer;
}

inline std::shared_ptr<Tied> tied(std::shared_ptr<const Dense> of, Activation activation,
                                  bool transposed = true) {
  const auto layer = std::make_shared<Tied>();
  layer->layer = std::move(of);
  layer->activation = std::move(activation);
  layer->transposed = transposed;
  return layer;
}

}  // namespace fastmlp
