#include "fastmlp/optim/objective.hpp"

#include <cmath>

namespace fastmlp {

template <class T>
double Objective<T>::value_and_stream_gradient(T* w, GradientConsumer<T>& sink) {
  if (gradient_.size() != size()) gradient_ = Buffer<T>(size());
  const double value = value_and_gradient(w, gradient_.data());
  if (std::isfinite(value)) sink.visit(0, {0, size()}, gradient_.data());
  return value;
}

template class Objective<float>;
template class Objective<double>;

}  // namespace fastmlp
