// A map B(w) x, linear in its input x and linear in its parameters w: a matrix product, its
// transpose, the identity of a skip connection, the mask of a dropout. From its three products
//   apply             A  = B(w) X + b
//   apply_transposed  dX = B(w)ᵀ delta
//   weight_gradient   dw = d(sum over samples of deltaᵀ B(w) x)/dw
// follow all passes, those of directions included, because the derivative of B(w) x along (v, x')
// is B(w) x' + B(v) x. Each product replaces its result or is added to it.
//
// Features are in rows and samples in lanes, so every product works on whole packs of samples,
// however narrow it is. A map is immutable and owns no parameters: they are a slot of w, given with
// each call.
#pragma once

#include <algorithm>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/kernels/bf16.hpp"

namespace fastmlp {

// The purpose of a pass over a batch. Stochastic maps act only in training; their draws follow
// from the seed, the epoch and the sample's index in it, which is `first_sample` plus an offset, so
// they are fresh at each presentation and the same for any number of threads.
struct PassContext {
  ThreadTeam* team;  // polled for interrupts
  bool training = false;
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  Index first_sample = 0;
  const Index* lengths = nullptr;  // of sequences, by column; without them all are whole
  const Index* offsets = nullptr;  // by column; without them 0, 1, …
};

// Copies of a wide slot in the orders in which products read it; empty for other slots.
template <class T>
struct PackedWeights {
  PackedMatrix<T> wt;                // for W x
  PackedMatrix<T> w;                 // for Wᵀ delta
  Bf16Matrix bf16, bf16_transposed;  // the same, rounded; then the others are empty
};

// The operands of one call other than its input.
template <class T>
struct MapCall {
  const PassContext& context;
  Range samples;         // of one panel
  const T* w = nullptr;  // the slot, of the parameters or of a direction
  const PackedWeights<T>* packed = nullptr;
  const T* bias = nullptr;
  PanelMatrix<T>* mask = nullptr;          // of the batch; empty in passes that keep none
  const PanelMatrix<T>* factor = nullptr;  // values of the node that a product multiplies by
  bool draws = false;  // noise is drawn now; otherwise the linear part is applied
  PrefetchSchedule<T>* prefetch = nullptr;
  Bf16Panels* rounded = nullptr;  // room for the input of a product of rounded weights
};

// The factors of a weight gradient, rounded: the one whose features are rows of the slot, and the
// other.
struct Bf16Factors {
  Bf16Matrix rows;
  Bf16Panels transposed;
};

// The factors of a weight gradient over all samples of a batch, features in rows.
template <class T>
struct GradientFactors {
  PanelView<T> delta, x;
  PanelView<T> transposed;  // one of the two, samples in rows: MapTraits::transposed
  Index samples = 0;
  const Bf16Factors* bf16 = nullptr;  // instead, of slots that are rounded

  GradientFactors swapped() const { return {x, delta, transposed, samples, bf16}; }
};

// Whole panels at once: a call for each row would take longer than the row.
template <class T>
void fill_zero(const MatrixView<T>& view) {
  if (view.cols == view.stride) {
    std::fill_n(view.data, view.rows * view.stride, T(0));
    return;
  }
  for (Index i = 0; i < view.rows; ++i) std::fill_n(view.row(i), view.cols, T(0));
}

// Sets all other rows to 0.
template <class T>
void clear_outside(Range rows, const MatrixView<T>& view) {
  fill_zero(view.part(0, rows.begin));
  fill_zero(view.part(rows.end, view.rows - rows.end));
}

// Sets the columns of samples whose sequence, of lengths[j] steps, has ended before this step to 0.
template <class T>
void clear_ended(const Index* lengths, Index step, const MatrixView<T>& view) {
  for (Index j = 0; j < view.cols; ++j) {
    if (lengths[j] > step) continue;
    for (Index i = 0; i < view.rows; ++i) view.row(i)[j] = T(0);
  }
}

enum class TransposedFactor { none, x, delta };

struct MapTraits {
  Index inputs, outputs;        // features
  Index rows = 0, columns = 0;  // of the slot; 0 x 0 for maps without parameters
  bool runs_epilogue = false;   // products do, as part of their loops
  bool keeps_mask = false;
  TransposedFactor transposed = TransposedFactor::none;
  bool stochastic = false;  // in training
  bool by_panels = false;   // few samples are computed in panels too: there is no apply_one
  Range reads{};            // features of the input, where not all
  bool rounds = false;      // products can be those of bfloat16
};

template <class T>
class LinearMap {
 public:
  explicit LinearMap(MapTraits traits) : traits_(traits) {}
  virtual ~LinearMap() = default;

  const MapTraits& traits() const { return traits_; }
  Index inputs() const { return traits_.inputs; }
  Index outputs() const { return traits_.outputs; }
  bool reads_all() const { return traits_.reads.size() == 0; }
  Range input_rows() const { return reads_all() ? Range{0, traits_.inputs} : traits_.reads; }
  // X from the first feature on that is read.
  PanelView<T> read_rows(const PanelView<T>& x) const {
    return {x.data + input_rows().begin * x.row, x.row, x.panel};
  }

  // A (n_out, samples) from X (n_in, samples).
  virtual void apply(const MapCall<T>& call, const PanelView<T>& x, const MatrixView<T>& a,
                     const Epilogue<T>& epilogue) const = 0;
  // The same for one sample of contiguous features, in evaluation mode; a is added to if
  // `accumulate`.
  virtual void apply_one(const T* /*w*/, const T* /*x*/, const T* /*bias*/, bool /*accumulate*/,
                         T* /*a*/) const {}
  // dX (n_in, samples) from delta (n_out, samples).
  virtual void apply_transposed(const MapCall<T>& call, const PanelView<T>& delta,
                                const MatrixView<T>& dx, const Epilogue<T>& epilogue) const = 0;
  // Some rows of the slot's gradient (rows, columns). g must be padded by one register.
  virtual void weight_gradient(Range /*rows*/, const GradientFactors<T>&, bool /*accumulate*/,
                               T* /*g*/, PrefetchSchedule<T>* /*prefetch*/) const {}

 private:
  MapTraits traits_;
};

}  // namespace fastmlp
