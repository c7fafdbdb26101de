#include "fastmlp/nn/predict.hpp"

#include <algorithm>
#include <cmath>

#include "fastmlp/nn/sample_gradient.hpp"
#include "fastmlp/nn/sample_passes.hpp"

namespace fastmlp {
namespace {

// out[0], out[1], ... = the outputs of the layers from `first` to the last.
template <class T>
void layer_outputs(const Plan<T>& plan, const T* w, const SampleRows<T>& x, std::size_t first,
                   const MatrixView<T>* out, ThreadTeam& team, const std::int64_t* lengths) {
  if (x.rows == 0) return;
  const std::vector<Index>& nodes = plan.layer_outputs();
  const auto for_layers = [&](auto&& f) {
    for (std::size_t l = first; l < nodes.size(); ++l) f(l, nodes[l], out[l - first]);
  };
  if (passes_one_by_one(plan, x.rows)) {
    SamplePass<T> pass(plan, w);
    for (Index i = 0; i < x.rows; ++i) {
      pass.forward(x, i);
      for_layers([&](std::size_t, Index node, const MatrixView<T>& to) {
        std::copy_n(pass.h(node), to.cols, to.row(i));
      });
    }
    return;
  }
  TilePass<T> pass(plan, w, x.rows, false, team);
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
  TilePass<T> pass(plan, w, x.rows, false, team);
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
  TilePass<T> pass(plan, w, x.rows, false, team);
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
  TilePass<T> pass(plan, w, x.rows, true, team);
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
  TilePass<T> pass(plan, w, x.rows, true, team);
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
