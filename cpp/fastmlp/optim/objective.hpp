// A function of w to be minimised. An optimizer sees nothing else: bowls and networks look the same
// to it.
#pragma once

#include "fastmlp/base/buffer.hpp"

namespace fastmlp {

// Takes finished parts of a gradient as they are made: each part once, numbered, from any thread.
template <class T>
class GradientConsumer {
 public:
  virtual ~GradientConsumer() = default;
  // g holds the gradient of the range; the sink may write to it.
  virtual void visit(Index part, Range range, T* g) = 0;
};

template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  virtual Index size() const = 0;
  virtual double value(const T* w) = 0;
  virtual double value_and_gradient(const T* w, T* g) = 0;
  // The same for a caller that updates w next: w is taken back from other cores meanwhile, by
  // storing what it holds.
  virtual double value_and_grad_before_update(T* w, T* g) { return value_and_gradient(w, g); }

  // The cut in which value_and_stream_gradient hands out the gradient, fixed by the shape of the
  // problem.
  virtual Index parts() const { return 1; }
  // The value; then the gradient, part by part, to `sink`, which may change w in the part it
  // visits. Nothing is visited where the value is not finite. By default the whole gradient is one
  // part. w is told for what is done to it before it is visited: it stays as it is.
  virtual double value_and_stream_gradient(T* w, GradientConsumer<T>& sink);
  // Told that somebody has changed w outside of a visit.
  virtual void moved() {}

 private:
  Buffer<T> gradient_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace fastmlp
