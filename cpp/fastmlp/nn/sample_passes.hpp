// Forward passes of samples in evaluation mode, and what follows them, in memory of their own.
#pragma once

#include <algorithm>

#include "fastmlp/kernels/sample_rows.hpp"
#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/output_steps.hpp"
#include "fastmlp/nn/passes.hpp"

namespace fastmlp {

// Tiles of X through the plan, each thread in separate columns. What all callers share is not
// inlined, to keep the module small.
template <class T>
class TilePass {
 public:
  // For X of n rows.
  [[gnu::noinline]] TilePass(const Plan<T>& plan, const T* w, Index n, bool backward,
                             ThreadTeam& team)
      : plan_(plan),
        w_(w),
        team_(team),
        context_{&team},
        workspace_(make_workspace(plan, kTileColumns<T> * team.size(), backward,
                                  !backward && plan.rounds(n))),
        x_(plan.inputs(), workspace_.samples) {
    workspace_.keeps_slopes = backward;
    pack_weights();
  }

  // As they are now.
  void pack_weights() { pack(plan_, w_, workspace_.packed, team_); }

  // f(rows of X, their samples in the workspace) for all tiles, which are gathered.
  template <class F>
  void for_tiles(const SampleRows<T>& x, F&& f) {
    team_.parallel_for(ceil_div(x.rows, kTileColumns<T>), [&](Index i, int thread) {
      const Range rows = tile(i, kTileColumns<T>, x.rows);
      const Range samples{thread * kTileColumns<T>, thread * kTileColumns<T> + rows.size()};
      gather(x, rows, samples);
      f(rows, samples);
    });
  }

  void forward(Range rows, Range samples) { forward(context_, rows, samples); }
  // In training mode. Draws are those of epochs counted down from the last possible one, which no
  // training reaches.
  void forward_random(std::uint64_t seed, Index pass, Range rows, Range samples) {
    const auto epoch = ~static_cast<std::uint32_t>(pass);
    const Index first = rows.begin - samples.begin;
    forward({&team_, true, seed, epoch, first, context_.lengths}, rows, samples);
  }

  // From delta = J_phi(a)ᵀ e_j of output j; the inputs' gradient is left out where it is null.
  void backward(Range samples, Index j, PanelMatrix<T>* input_gradient) {
    auto& output = workspace_.output();
    const MatrixView<T> delta = output.delta.columns(samples);
    for (Index i = 0; i < delta.rows; ++i) std::fill_n(delta.row(i), kTileColumns<T>, T(i == j));
    differentiate<T>(plan_.output(), output.a.columns(samples), output.h.columns(samples), delta);
    fastmlp::backward(point_, samples, input_gradient);
  }

  // Of the rows of X.
  void set_lengths(const std::int64_t* lengths) {
    lengths_ = lengths;
    tile_lengths_ = Buffer<Index>(workspace_.samples);
    context_.lengths = tile_lengths_.data();
  }
  // Of the rows of X, which go on from them.
  void set_states(const MatrixView<T>& states) { states_ = states; }
  MatrixView<T> h(Range samples) { return workspace_.output().h.columns(samples); }
  MatrixView<T> h(Index node, Range samples) { return workspace_.node(node).h.columns(samples); }
  const PanelMatrix<T>& x() const { return x_; }
  const Workspace<T>& workspace() const { return workspace_; }

 private:
  [[gnu::noinline]] void gather(const SampleRows<T>& x, Range rows, Range samples) {
    if (!x.is_dense()) {
      for (Index j = 0; j < rows.size(); ++j) {
        spread_row(x, rows.begin + j, x_.at(0, samples.begin + j), kNR<T>);
      }
    } else {
      transpose(rows.size(), x.cols, x.row(rows.begin), x.stride, x_.at(0, samples.begin), kNR<T>);
    }
    if (lengths_)
      std::copy_n(lengths_ + rows.begin, rows.size(), tile_lengths_.data() + samples.begin);
  }
  [[gnu::noinline]] void forward(const PassContext& context, Range rows, Range samples) {
    const Point<T> point{plan_, w_, context, x_, workspace_};
    const MatrixView<T> a = forward_from(point, states_, rows.begin, samples);
    activate<T>(plan_.output(), a, h(samples));
  }

  const Plan<T>& plan_;
  const T* w_;
  ThreadTeam& team_;
  PassContext context_;
  Workspace<T> workspace_;
  PanelMatrix<T> x_;
  const std::int64_t* lengths_ = nullptr;
  Buffer<Index> tile_lengths_;
  MatrixView<T> states_{};
  Point<T> point_{plan_, w_, context_, x_, workspace_};
};

// One sample through the plan, by matrix-vector products: the features of a node are contiguous and
// start at a cache line.
template <class T>
class SamplePass {
 public:
  SamplePass(const Plan<T>& plan, const T* w) : plan_(plan), w_(w), values_(plan.sample_size()) {}

  void forward(const SampleRows<T>& x, Index row) {
    T* const h = values_.data();
    if (x.is_dense()) {
      std::copy_n(x.row(row), plan_.inputs(), h);
    } else {
      spread_row(x, row, h, 1);
    }
    for (const Term<T>& term : plan_.terms()) {
      const Node& node = plan_.node(term.output);
      T* a = h + node.offset;
      term.map->apply_one(w_ + term.weights, h + plan_.node(term.input).offset,
                          term.bias == kNone ? nullptr : w_ + term.bias, !term.first, a);
      if (term.last) activate_one(node.phi, node.rows, a);
    }
  }

  const T* h(Index node) const { return values_.data() + plan_.node(node).offset; }

 private:
  const Plan<T>& plan_;
  const T* w_;
  Buffer<T> values_;
};

// Whether `n` samples are computed one by one.
template <class T>
bool passes_one_by_one(const Plan<T>& plan, Index n) {
  return n < kMinPanelSamples && plan.predicts_one_by_one();
}

// Outputs of these samples to the rows of `out`, 0 in steps after the end of a sequence.
template <class T>
void write_outputs(const Shape& shape, const std::int64_t* lengths, Range rows,
                   const MatrixView<T>& h, const MatrixView<T>& out) {
  if (lengths && shape.dims() == 2) clear_ended<T>({shape.sizes[0], lengths + rows.begin}, h);
  transpose(h.rows, rows.size(), h.data, h.stride, out.row(rows.begin), out.stride);
}

}  // namespace fastmlp
