#include "fastmlp/nn/predict.hpp"

#include <algorithm>
#include <cmath>

#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/output_steps.hpp"
#include "fastmlp/nn/sample_gradient.hpp"

namespace fastmlp {
namespace {

// Tiles of X through the plan, each thread in separate columns. What all callers share is not
// inlined, to keep the module small.
template <class T>
class TilePass {
 public:
  [[gnu::noinline]] TilePass(const Plan<T>& plan, const T* w, const SampleRows<T>& x, bool backward,
                             ThreadTeam& team)
      : plan_(plan),
        w_(w),
        team_(team),
        context_{&team},
        workspace_(make_workspace(plan, kTileColumns<T> * team.size(), backward,
                                  !backward && plan.rounds(x.rows))),
        x_(plan.inputs(), workspace_.samples) {
    pack(plan, w, workspace_.packed, team);
  }

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

// Matrix-vector products, sample by sample: the features of a node are contiguous and start at a
// cache line. f(row of X, features of all nodes) for each.
template <class T, class F>
void predict_one_by_one(const Plan<T>& plan, const T* w, const SampleRows<T>& x, F&& f) {
  Buffer<T> values(plan.sample_size());
  T* const h = values.data();
  for (Index i = 0; i < x.rows; ++i) {
    if (!x.is_dense()) {
      spread_row(x, i, h, 1);
    } else {
      std::copy_n(x.row(i), plan.inputs(), h);
    }
    for (const Term<T>& term : plan.terms()) {
      const Node& node = plan.node(term.output);
      T* a = h + node.offset;
      term.map->apply_one(w + term.weights, h + plan.node(term.input).offset,
                          term.bias == kNone ? nullptr : w + term.bias, !term.first, a);
      if (term.last) activate_one(node.phi, node.rows, a);
    }
    f(i, static_cast<const T*>(h));
  }
}

// Outputs of these samples to the rows of `out`, 0 in steps after the end of a sequence.
template <class T>
void write_outputs(const Shape& shape, const std::int64_t* lengths, Range rows,
                   const MatrixView<T>& h, const MatrixView<T>& out) {
  if (lengths && shape.dims() == 2) clear_ended<T>({shape.sizes[0], lengths + rows.begin}, h);
  transpose(h.rows, rows.size(), h.data, h.stride, out.row(rows.begin), out.stride);
}

// out[0], out[1], ... = the outputs of the layers from `first` to the last.
template <class T>
void layer_outputs(const Plan<T>& plan, const T* w, const SampleRows<T>& x, std::size_t first,
                   const MatrixView<T>* out, ThreadTeam& team, const std::int64_t* lengths) {
  if (x.rows == 0) return;
  const std::vector<Index>& nodes = plan.layer_outputs();
  const auto for_layers = [&](auto&& f) {
    for (std::size_t l = first; l < nodes.size(); ++l) f(l, nodes[l], out[l - first]);
  };
  if (x.rows < kMinPanelSamples && plan.predicts_one_by_one()) {
    return predict_one_by_one(plan, w, x, [&](Index i, const T* h) {
      for_layers([&](std::size_t, Index node, const MatrixView<T>& to) {
        std::copy_n(h + plan.node(node).offset, to.cols, to.row(i));
      });
    });
  }
  TilePass<T> pass(plan, w, x, false, team);
  if (lengths) pass.set_lengths(lengths);
  pass.for_tiles(x, [&](Range rows, Range samples) {
    pass.forward(rows, samples);
    for_layers([&](std::size_t l, Index node, const MatrixView<T>& to) {
      write_outputs(plan.layer_shapes()[l], lengths, rows, pass.h(node, samples), to);
    });
  });
}

}  // namespace

template <class T>
void predict(const Plan<T>& plan, const T* w, const SampleRows<T>& x, const MatrixView<T>& out,
             ThreadTeam& team, const std::int64_t* lengths) {
  layer_outputs(plan, w, x, plan.layer_outputs().size() - 1, &out, team, lengths);
}

// Each element by one thread, pass after pass (Welford 1962), of differences d to the first pass,
// so that a small deviation of large outputs keeps its digits:
//   mean <- mean + (d - mean) / k,  squares <- squares + (d - old mean) (d - new mean)
template <class T>
void predict_samples(const Plan<T>& plan, const T* w, const SampleRows<T>& x, Index passes,
                     std::uint64_t seed, const MatrixView<T>& mean, const MatrixView<T>& deviation,
                     ThreadTeam& team, const std::int64_t* lengths) {
  struct Sums {
    double first, mean, squares;
  };
  TilePass<T> pass(plan, w, x, false, team);
  if (lengths) pass.set_lengths(lengths);
  Buffer<Sums> buffer(plan.outputs() * kTileColumns<T> * team.size());
  pass.for_tiles(x, [&](Range rows, Range samples) {
    const MatrixView<T> h = pass.h(samples);
    const auto for_outputs = [&](auto&& f) {
      Sums* sums = buffer.data() + samples.begin * plan.outputs();
      for (Index i = 0; i < h.rows; ++i) {
        for (Index j = 0; j < h.cols; ++j) f(h.row(i)[j], *sums++);
      }
    };
    for (Index k = 0; k < passes; ++k) {
      pass.forward_random(seed, k, rows, samples);
      for_outputs([k](T value, Sums& of) {
        const auto o = static_cast<double>(value);
        if (k == 0) of = {o, 0, 0};
        const double d = o - of.first, change = d - of.mean;
        of.mean += change / static_cast<double>(k + 1);
        of.squares += change * (d - of.mean);
      });
    }
    const Shape& shape = plan.layer_shapes().back();
    for_outputs([](T& value, const Sums& of) { value = static_cast<T>(of.first + of.mean); });
    write_outputs(shape, lengths, rows, h, mean);
    for_outputs([n = static_cast<double>(passes - 1)](T& value, const Sums& of) {
      value = static_cast<T>(std::sqrt(of.squares / n));
    });
    write_outputs(shape, lengths, rows, h, deviation);
  });
}

template <class T>
void activations(const Plan<T>& plan, const T* w, const SampleRows<T>& x,
                 const std::vector<MatrixView<T>>& out, ThreadTeam& team,
                 const std::int64_t* lengths) {
  layer_outputs(plan, w, x, 0, out.data(), team, lengths);
}

template <class T>
void predict_from(const Plan<T>& plan, const T* w, const SampleRows<T>& x,
                  const MatrixView<T>& state, const MatrixView<T>& out, ThreadTeam& team) {
  TilePass<T> pass(plan, w, x, false, team);
  pass.set_states(state);
  pass.for_tiles(x, [&](Range rows, Range samples) {
    pass.forward(rows, samples);
    write_outputs<T>(plan.layer_shapes().back(), nullptr, rows, pass.h(samples), out);
  });
}

// One backward pass per output.
template <class T>
void jacobian(const Plan<T>& plan, const T* w, const SampleRows<T>& x, T* out, ThreadTeam& team) {
  if (x.rows == 0) return;
  const Index inputs = plan.inputs(), outputs = plan.outputs();
  TilePass<T> pass(plan, w, x, true, team);
  PanelMatrix<T> gradients(inputs, kTileColumns<T> * team.size());
  pass.for_tiles(x, [&](Range rows, Range samples) {
    pass.forward(rows, samples);
    for (Index j = 0; j < outputs; ++j) {
      pass.backward(samples, j, &gradients);
      T* first = out + (rows.begin * outputs + j) * inputs;
      transpose(inputs, rows.size(), gradients.at(0, samples.begin), kNR<T>, first,
                outputs * inputs);
    }
  });
}

template <class T>
void parameter_jacobian(const Plan<T>& plan, const T* w, const SampleRows<T>& x, T* out,
                        ThreadTeam& team) {
  if (x.rows == 0) return;
  TilePass<T> pass(plan, w, x, true, team);
  PanelMatrix<T> x_samples(kTileColumns<T> * team.size(), plan.inputs());
  std::vector<Buffer<T>> gradients(static_cast<std::size_t>(team.size()), Buffer<T>(plan.size()));
  const InputViews<T> views{pass.x().panels(), x_samples.panels()};
  pass.for_tiles(x, [&](Range rows, Range samples) {
    pass.forward(rows, samples);
    T* g = gradients[static_cast<std::size_t>(samples.begin / kTileColumns<T>)].data();
    for (Index i = 0; i < rows.size(); ++i) {
      copy_row(x, rows.begin + i, x_samples, samples.begin + i);
    }
    for (Index j = 0; j < plan.outputs(); ++j) {
      pass.backward(samples, j, nullptr);
      for (Index i = 0; i < rows.size(); ++i) {
        sample_gradient(plan, samples.begin + i, views, pass.workspace(), g);
        std::copy_n(g, plan.size(), out + ((rows.begin + i) * plan.outputs() + j) * plan.size());
      }
    }
  });
}

template void predict(const Plan<float>&, const float*, const SampleRows<float>&,
                      const MatrixView<float>&, ThreadTeam&, const std::int64_t*);
template void predict(const Plan<double>&, const double*, const SampleRows<double>&,
                      const MatrixView<double>&, ThreadTeam&, const std::int64_t*);
template void predict_samples(const Plan<float>&, const float*, const SampleRows<float>&, Index,
                              std::uint64_t, const MatrixView<float>&, const MatrixView<float>&,
                              ThreadTeam&, const std::int64_t*);
template void predict_samples(const Plan<double>&, const double*, const SampleRows<double>&, Index,
                              std::uint64_t, const MatrixView<double>&, const MatrixView<double>&,
                              ThreadTeam&, const std::int64_t*);
template void activations(const Plan<float>&, const float*, const SampleRows<float>&,
                          const std::vector<MatrixView<float>>&, ThreadTeam&, const std::int64_t*);
template void activations(const Plan<double>&, const double*, const SampleRows<double>&,
                          const std::vector<MatrixView<double>>&, ThreadTeam&, const std::int64_t*);
template void predict_from(const Plan<float>&, const float*, const SampleRows<float>&,
                           const MatrixView<float>&, const MatrixView<float>&, ThreadTeam&);
template void predict_from(const Plan<double>&, const double*, const SampleRows<double>&,
                           const MatrixView<double>&, const MatrixView<double>&, ThreadTeam&);
template void jacobian(const Plan<float>&, const float*, const SampleRows<float>&, float*,
                       ThreadTeam&);
template void jacobian(const Plan<double>&, const double*, const SampleRows<double>&, double*,
                       ThreadTeam&);
template void parameter_jacobian(const Plan<float>&, const float*, const SampleRows<float>&, float*,
                                 ThreadTeam&);
template void parameter_jacobian(const Plan<double>&, const double*, const SampleRows<double>&,
                                 double*, ThreadTeam&);

}  // namespace fastmlp
