// A layer is an immutable plan: its shape and its slice of the parameter vector w. What it keeps of
// a batch is in a Tape, which belongs to the caller's workspace. Passes take a range of rows
// (samples) or a part of the parameters, so that the caller decides who computes what; none of them
// depends on that choice.
#pragma once

#include <memory>
#include <utility>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/rng.hpp"
#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// What a pass over a batch is for. Layers of noise act in training alone; their draws follow from
// the seed, the epoch and the sample's place in it, counted from `first`, so they are fresh at each
// presentation and the same for any number of threads.
struct Pass {
  Team* team;  // is told of progress
  bool training = false;
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  Index first = 0;
};

// What one layer keeps between its passes: the parameters in the forms that its products want, and
// of a batch n rows.
template <class T>
struct Tape {
  PanelMatrix<T> wt;        // Wᵀ, for the forward product
  PanelMatrix<T> w_panels;  // W, for the backward product of a wide layer
  Matrix<T> a;              // pre-activations, where the derivative needs them
  Matrix<T> h;              // outputs
  Matrix<T> delta;          // dL/dh, then dL/da
  PanelMatrix<T> h_panels;  // copies for the gradients, where h and delta are wide
  PanelMatrix<T> delta_panels;
};

// Batches below this many rows read W in place; from it on packing pays.
constexpr Index kFewRows = 8;

// A range of w that holds parameters of one kind; penalties are told apart by it.
struct Slice {
  Range range;
  bool bias = false;
};

template <class T>
class Layer {
 public:
  Layer(Index inputs, Index outputs) : inputs_(inputs), outputs_(outputs) {}
  virtual ~Layer() = default;

  Index inputs() const { return inputs_; }
  Index outputs() const { return outputs_; }
  // Multiplications and additions of one of its products, for a row.
  double operations() const {
    return 2.0 * static_cast<double>(inputs_) * static_cast<double>(outputs_);
  }
  // What the layer owns of w: all of it, and cut into slices of one kind.
  virtual Range parameters() const = 0;
  virtual std::vector<Slice> slices() const = 0;
  virtual const Activation& activation() const = 0;

  // The parameters are packed, and their gradient is made, in parts fixed by the shape, each a
  // range of w.
  virtual Index parts() const = 0;
  virtual Range part(Index i) const = 0;

  virtual void initialize(Rng& rng, T* w) const = 0;
  // Room for a batch of n rows; for forward passes alone, or for gradients by parameters and by
  // inputs too.
  struct Needs {
    bool gradient;
    bool input_gradient;
  };
  virtual Tape<T> make_tape(Index n, Needs needs) const = 0;
  // Brings part i of these parameters into the form that combine reads in the tape, for batches of
  // n rows.
  virtual void pack(Index i, const T* w, Index n, Tape<T>& tape) const = 0;
  // What the activation is applied to, for rows x of a batch of n: W x + b, into `a`.
  virtual void combine(const T* w, Index n, const Pass& pass, Range rows, Block<const T> x,
                       Tape<T>& tape, Block<T> a) const = 0;
  // dL/dh_in = Wᵀ delta, for these rows of a batch of n.
  virtual void backward(const T* w, Index n, Range rows, const Tape<T>& tape,
                        Block<T> input_gradient) const = 0;

  // Part i of dL/dw = sum over n rows of delta h_inᵀ, written to g (which has room to be overrun).
  virtual void gradient(Index i, Index n, const Tape<T>& tape, Panels<T> input, T* g) const = 0;

 private:
  Index inputs_, outputs_;
};

}  // namespace fastmlp
