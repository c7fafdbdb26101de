// A layer is an immutable plan: its shape and its slice of the parameter vector w. What it keeps of
// a batch is in a Tape, which belongs to the caller's workspace. Passes take a range of samples (of
// one panel) or a piece of the parameters, so that the caller decides who computes what; none of
// them depends on that choice.
//
// Inside a pass samples stand side by side, a feature in a row: every product and every function
// works on whole packs of samples, however narrow the layer is.
#pragma once

#include <memory>
#include <utility>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/kernels/rng.hpp"
#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// What a pass over a batch is for. Layers of noise act in training alone; their draws follow from
// the seed, the epoch and the sample's place in it, counted from `first`, so they are fresh at each
// presentation and the same for any number of threads.
struct PassContext {
  ThreadTeam* team;  // is told of progress
  bool training = false;
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  Index first = 0;
};

// What one layer keeps between its passes: of a batch of n samples, and the parameters of a wide
// layer in the order in which its products read them.
template <class T>
struct Tape {
  PanelMatrix<T> a;        // pre-activations, where the derivative needs them
  PanelMatrix<T> h;        // outputs
  PanelMatrix<T> delta;    // dL/dh, then dL/da
  PanelMatrix<T> samples;  // hᵀ, where the next layer's gradient needs it
  PackedMatrix<T> wt;
  PackedMatrix<T> w;
};

// A range of w that holds parameters of one kind; penalties are told apart by it.
struct Slice {
  Range range;
  bool bias = false;
};

template <class T>
class LayerMap {
 public:
  LayerMap(Index inputs, Index outputs) : inputs_(inputs), outputs_(outputs) {}
  virtual ~LayerMap() = default;

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

  // The parameters are packed, and their gradient is made, in pieces fixed by the shape, each a
  // range of w.
  virtual Index pieces() const = 0;
  virtual Range piece(Index i) const = 0;

  virtual void initialize(Rng& rng, T* w) const = 0;
  // Room for a batch of n samples; for forward passes alone, or for more.
  struct Needs {
    bool gradient;        // by parameters
    bool input_gradient;  // by inputs too
    bool samples;         // the outputs sample by sample
  };
  virtual Tape<T> make_tape(Index n, Needs needs) const = 0;
  // Brings piece i of these parameters into the tape, for layers whose passes read them there.
  virtual bool packs() const = 0;
  virtual void pack(Index i, const T* w, Tape<T>& tape) const = 0;
  // What the activation is applied to: A (n_out, samples) = W X + b, and the epilogue; of layers
  // without parameters, which make no product, none is asked.
  virtual void combine(const T* w, const PassContext& pass, Range samples, const PanelMatrix<T>& x,
                       Tape<T>& tape, PanelMatrix<T>& a, const Epilogue<T>& epilogue) const = 0;
  // The same for one sample, in prediction.
  virtual void combine_one(const T* w, const T* x, T* a) const = 0;
  // dL/dX (n_in, samples) = Wᵀ delta, and the epilogue, likewise.
  virtual void backward(const T* w, Range samples, const Tape<T>& tape,
                        PanelMatrix<T>& input_gradient, const Epilogue<T>& epilogue) const = 0;

  // Piece i of dL/dw = sum over n samples of delta xᵀ, written to g (which has room to be overrun).
  // The errands are the caller's, for what it does next.
  virtual void gradient(Index i, Index n, const Tape<T>& tape, const PanelView<T>& x, T* g,
                        PrefetchSchedule<T>* prefetch) const = 0;

 private:
  Index inputs_, outputs_;
};

}  // namespace fastmlp
