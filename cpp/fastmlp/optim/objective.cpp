#include "fastmlp/optim/objective.hpp"

#include <cmath>

#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {
namespace {

template <class T>
T* reserve(Buffer<T>& buffer, Index size) {
  if (buffer.size() != size) buffer = Buffer<T>(size);
  return buffer.data();
}

// h with h |v| = eps^power (1 + |w|), in the largest entries; 0 where v is.
template <class T>
double difference_step(Index n, const T* w, const T* v, double power) {
  const double length = max_abs(n, v);
  if (length == 0) return 0;
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  return std::pow(eps, power) * (1 + max_abs(n, w)) / length;
}

}  // namespace

template <class T>
double Objective<T>::value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) {
  if (T* whole = consumer.whole_gradient()) return value_and_gradient(w, whole);
  T* g = reserve(gradient_, size());
  const double value = value_and_gradient(w, g);
  if (!std::isfinite(value)) return value;
  consumer.start(1, w, !squares_finite(size(), g));
  consumer.consume(0, {0, size()}, g);
  return value;
}

template <class T>
void Objective<T>::hessian_product(const T* w, const T* v, T* hv) {
  central_difference(w, v, hv);
}

// H v = (g(w + h v) - g(w - h v)) / 2h + O(h²). Rounding contributes eps |g| / h: the two errors
// are balanced where h |v| = eps^(1/3) |w|, in the largest entries; 1 + |w| also serves w = 0.
template <class T>
void Objective<T>::central_difference(const T* w, const T* v, T* hv) {
  const Index n = size();
  const double h = difference_step<T>(n, w, v, 1.0 / 3);
  if (h == 0) return static_cast<void>(std::fill_n(hv, n, T(0)));
  T* const g = reserve(gradient_, n);
  gradient_beside(w, h, v, hv);
  gradient_beside(w, -h, v, g);
  for (Index i = 0; i < n; ++i) {
    hv[i] = static_cast<T>((static_cast<double>(hv[i]) - static_cast<double>(g[i])) / (2 * h));
  }
}

// H v = (g(w + h v) - g(w)) / h + O(h), balanced where h |v| = eps^(1/2) |w|.
template <class T>
void Objective<T>::forward_difference(const T* w, const T* v, T* hv) {
  const Index n = size();
  const double h = difference_step<T>(n, w, v, 1.0 / 2);
  if (h == 0) return static_cast<void>(std::fill_n(hv, n, T(0)));
  T* const g = reserve(gradient_, n);
  gradient_beside(w, h, v, hv);
  value_and_gradient(w, g);
  for (Index i = 0; i < n; ++i) {
    hv[i] = static_cast<T>((static_cast<double>(hv[i]) - static_cast<double>(g[i])) / h);
  }
}

// g(w + step v)
template <class T>
void Objective<T>::gradient_beside(const T* w, double step, const T* v, T* g) {
  T* const point = reserve(point_, size());
  for (Index i = 0; i < size(); ++i) {
    point[i] = static_cast<T>(static_cast<double>(w[i]) + step * static_cast<double>(v[i]));
  }
  value_and_gradient(point, g);
}

template class Objective<float>;
template class Objective<double>;

}  // namespace fastmlp
