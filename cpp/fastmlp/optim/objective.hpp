// A differentiable function f(w) to be minimised. Every method is a function of the w it receives.
#pragma once

#include <cstdint>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/optim/deadline.hpp"

namespace fastmlp {

// Receives a gradient part by part, as the parts are computed, and may update w in each of them.
template <class T>
class GradientConsumer {
 public:
  virtual ~GradientConsumer() = default;
  // Called once the value is known to be finite, before the first part. `at_risk`: the whole
  // gradient is known and has squares that overflow.
  virtual void start(Index parts, T* w, bool at_risk) = 0;
  // g holds the gradient of the range and may be overwritten. Each part comes once, from any
  // thread; of w only this range may be written.
  virtual void consume(Index part, Range range, T* g) = 0;
  // Buffer for the whole gradient if it is needed before the first update (clipping by norm): the
  // objective then writes it there and calls neither start nor consume.
  virtual T* whole_gradient() { return nullptr; }
  // Changes whenever w was written other than in `consume`: packed copies of w are stale then.
  virtual std::uint64_t version() const { return 0; }
};

template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  virtual Index size() const = 0;
  virtual double value(const T* w) = 0;
  virtual double value_and_gradient(const T* w, T* g) = 0;
  // Returns f(w) and hands the gradient at w to the consumer, if f(w) is finite. By default the
  // gradient is one part.
  virtual double value_and_stream_gradient(T* w, GradientConsumer<T>& consumer);
  // hv = H(w) v; by default a central difference of two gradients, with a relative error of about
  // eps^(2/3). hv must not overlap w or v.
  virtual void hessian_product(const T* w, const T* v, T* hv);
  // The same product by a central difference, or by a forward one, with an error of about
  // eps^(1/2).
  void central_difference(const T* w, const T* v, T* hv);
  void forward_difference(const T* w, const T* v, T* hv);
  // gv = G(w) v, G the Gauss-Newton matrix; false where f is not a loss of model outputs.
  virtual bool gauss_newton_product(const T*, const T*, T*) { return false; }
  // out = sum_i w_i g_i² / sum_i w_i of the gradients g_i of samples; false where f is no mean over
  // samples.
  virtual bool squared_gradients(const T*, double*) { return false; }
  // Keeps the linearisation at w for the products that follow at this w, until w is written or f is
  // evaluated; false where none is kept.
  virtual bool set_point(const T*) { return false; }
  // Changes whenever f itself does: with the batch and with the masks of dropout.
  virtual std::uint64_t version() const { return 0; }
  // Whether a step ends because of its deadline.
  virtual bool expired(Deadline deadline) const {
    return std::chrono::steady_clock::now() >= deadline;
  }

 private:
  void gradient_beside(const T* w, double step, const T* v, T* g);
  Buffer<T> gradient_, point_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace fastmlp
