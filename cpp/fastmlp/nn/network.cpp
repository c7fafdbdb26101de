#include "fastmlp/nn/network.hpp"

#include "fastmlp/base/error.hpp"
#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/epilogue.hpp"

namespace fastmlp {
namespace {

// Fewer samples than this leave most of a pack empty: they are predicted one by one.
constexpr Index kOneByOneRows = 8;

// Pieces of layers are a part together up to so many parameters.
constexpr Index kSmallPart = 800;

}  // namespace

template <class T>
Network<T>::Network(Index inputs, const std::vector<LayerReference>& layers,
                    std::optional<std::uint64_t> seed)
    : inputs_(inputs) {
  require(inputs > 0, "Network: inputs=" + std::to_string(inputs) + ", expected at least 1");
  require(!layers.empty(), "Network: no layers, expected at least one Dense");
  Index size = 0;
  for (const LayerReference& each : layers) {
    const Index width = layers_.empty() ? inputs : layers_.back()->outputs();
    visit_layer(*each, [&](const auto& spec) {
      validate(spec);
      size = add(spec, width, size);
    });
  }
  require(dynamic_cast<const Dense*>(layers.back().get()), "Network: the last layer must be Dense");
  w_ = Buffer<T>(size);
  while (layer(first_dense_).pieces() == 0) ++first_dense_;
  for (const auto* each : dense_) operations_ += each->operations();
  add_parts();
  for (Index l = 0; l < depth(); ++l) {
    const Activation& phi = layer(l).activation();
    const bool last = l + 1 == depth(), product = layer(l).pieces() > 0;
    stages_.push_back({&layer(l), &phi, last || uses_input(phi),
                       product && !last && !couples_units(phi),
                       product && l > 0 && !couples_units(layer(l - 1).activation())});
  }
  for (Index l = 0; seed && l < depth(); ++l) {
    Rng rng(*seed, Stream::initialization, static_cast<std::uint32_t>(l));
    layer(l).initialize(rng, w());
  }
}

// Each adds a layer whose parameters begin at `offset`, and returns where they end.
template <class T>
Index Network<T>::add(const Dense& spec, Index width, Index offset) {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  const std::string too_large = "Network: the sizes are too large to be counted";
  require(width < kMax, too_large);
  require(checked_product(width + 1, spec.units, "Network") < kMax - offset, too_large);
  auto layer = std::make_unique<DenseMap<T>>(width, spec, offset);
  dense_.push_back(layer.get());
  layers_.push_back(std::move(layer));
  return layers_.back()->parameters().end;
}

template <class T>
Index Network<T>::add(const Dropout& spec, Index width, Index offset) {
  layers_.push_back(std::make_unique<DropoutMap<T>>(width, spec, offset, depth()));
  return offset;
}

template <class T>
Index Network<T>::add(const GaussianNoise& spec, Index width, Index offset) {
  layers_.push_back(std::make_unique<GaussianNoiseMap<T>>(width, spec, offset, depth()));
  return offset;
}

template <class T>
void Network<T>::add_parts() {
  for (Index l = 0; l < depth(); ++l) {
    for (Index i = 0; i < layer(l).pieces(); ++i) {
      const Piece piece{l, i, layer(l).piece(i)};
      if (parts_.empty() || piece.range.end - parts_.back().range.begin > kSmallPart) {
        parts_.push_back({{}, {piece.range.begin, piece.range.begin}});
      }
      parts_.back().pieces.push_back(piece);
      parts_.back().range.end = piece.range.end;
    }
  }
}

template <class T>
Workspace<T> Network<T>::make_workspace(Index n, bool backward) const {
  Workspace<T> workspace;
  workspace.samples = n;
  for (Index l = 0; l < depth(); ++l) {
    const bool dense_above = l + 1 < depth() && layer(l + 1).pieces() > 0;
    workspace.tapes.push_back(
        layer(l).make_tape(n, {backward, backward && l > first_dense_, backward && dense_above}));
  }
  workspace.tapes.back().a = PanelMatrix<T>(outputs(), n);
  return workspace;
}

template <class T>
void Network<T>::pack(const Part& part, Workspace<T>& workspace) const {
  for (const Piece& piece : part.pieces) {
    layer(piece.layer).pack(piece.index, w(), tape(workspace, piece.layer));
  }
}

template <class T>
void Network<T>::pack(Workspace<T>& workspace, ThreadTeam& team) const {
  const auto packs = [](const DenseMap<T>* dense) { return dense->packs(); };
  if (std::none_of(dense_.begin(), dense_.end(), packs)) return;
  team.parallel_for_uninterrupted(static_cast<Index>(parts_.size()), [&](Index i, int) {
    pack(parts_[static_cast<std::size_t>(i)], workspace);
  });
}

// h_0 = x; a_l = W_l h_{l-1} + b_l, h_l = phi_l(a_l)
template <class T>
MatrixView<T> Network<T>::forward(const PassContext& pass, const PanelMatrix<T>& x, Range samples,
                                  Workspace<T>& workspace) const {
  pass.team->poll_interrupt(operations_ * static_cast<double>(samples.size()));
  const PanelMatrix<T>* input = &x;
  for (Index l = 0;; ++l) {
    const Stage& stage = this->stage(l);
    Tape<T>& t = tape(workspace, l);
    PanelMatrix<T>& a = stage.keeps_input ? t.a : t.h;
    const Activate<T> phi(*stage.phi, a.at(0, samples.begin), t.h.at(0, samples.begin));
    stage.layer->combine(w(), pass, samples, *input, t, a,
                         stage.fuses_value ? phi.epilogue() : Epilogue<T>{});
    if (l + 1 == depth()) return a.columns(samples);
    if (!stage.fuses_value) activate<T>(*stage.phi, a.columns(samples), t.h.columns(samples));
    if (!t.samples.empty()) transpose(t.h.panels(), {0, layer(l).outputs()}, samples, t.samples);
    input = &t.h;
  }
}

// delta_l = phi_l'(a_l) ∘ (W_{l+1}ᵀ delta_{l+1})
template <class T>
void Network<T>::backward(const PassContext& pass, Range samples, Workspace<T>& workspace,
                          PanelMatrix<T>* input_gradient) const {
  pass.team->poll_interrupt(operations_ * static_cast<double>(samples.size()));
  const Index lowest = input_gradient ? 0 : first_dense_;
  for (Index l = depth() - 1; l > lowest; --l) {
    const Stage &above = stage(l), &stage = this->stage(l - 1);
    Tape<T>& t = tape(workspace, l - 1);
    PanelMatrix<T>& a = stage.keeps_input ? t.a : t.h;
    const Differentiate<T> phi(*stage.phi, a.at(0, samples.begin), t.h.at(0, samples.begin),
                               t.delta.at(0, samples.begin));
    above.layer->backward(w(), samples, tape(workspace, l), t.delta,
                          above.fuses_derivative ? phi.epilogue() : Epilogue<T>{});
    if (above.fuses_derivative) continue;
    differentiate<T>(*stage.phi, a.columns(samples), t.h.columns(samples),
                     t.delta.columns(samples));
  }
  if (!input_gradient) return;
  layer(0).backward(w(), samples, tape(workspace, 0), *input_gradient, {});
}

// Rows of X, turned into columns, through all layers; returns the last pre-activations.
template <class T>
MatrixView<T> Network<T>::forward_rows(const MatrixView<const T>& x, Range samples,
                                       PanelMatrix<T>& columns, Workspace<T>& workspace,
                                       ThreadTeam& team) const {
  transpose(x.rows, x.cols, x.data, x.stride, columns.at(0, samples.begin), kNR<T>);
  const MatrixView<T> a = forward({&team}, columns, samples, workspace);
  activate<T>(output(), a, workspace.tapes.back().h.columns(samples));
  return a;
}

template <class T>
void Network<T>::predict(const MatrixView<const T>& x, const MatrixView<T>& out,
                         ThreadTeam& team) const {
  if (x.rows == 0) return;
  if (x.rows < kOneByOneRows) return predict_one_by_one(x, out);
  Workspace<T> workspace = make_workspace(kTile<T> * team.size(), false);
  PanelMatrix<T> columns(inputs(), kTile<T> * team.size());
  pack(workspace, team);
  team.parallel_for(ceil_div(x.rows, kTile<T>), [&](Index i, int member) {
    const Range rows = tile(i, kTile<T>, x.rows);
    const Range local{member * kTile<T>, member * kTile<T> + rows.size()};
    forward_rows(MatrixView<const T>{x.row(rows.begin), rows.size(), x.cols, x.stride}, local,
                 columns, workspace, team);
    const MatrixView<T> h = workspace.tapes.back().h.columns(local);
    transpose(outputs(), rows.size(), h.data, h.stride, out.row(rows.begin), out.stride);
  });
}

// Matrix-vector products, sample by sample: the entries of h lie side by side. Samples are copied
// first, for the caller's may lie across cache lines.
template <class T>
void Network<T>::predict_one_by_one(const MatrixView<const T>& x, const MatrixView<T>& out) const {
  Index widest = inputs();
  for (const auto& each : layers_) widest = std::max(widest, each->outputs());
  Buffer<T> rooms[2] = {Buffer<T>(widest), Buffer<T>(widest)};
  for (Index i = 0; i < x.rows; ++i) {
    std::copy_n(x.row(i), inputs(), rooms[1].data());
    const T* input = rooms[1].data();
    for (Index l = 0; l < depth(); ++l) {
      T* h = rooms[l % 2].data();
      layer(l).combine_one(w(), input, h);
      activate_one(layer(l).activation(), layer(l).outputs(), h);
      input = h;
    }
    std::copy_n(input, outputs(), out.row(i));
  }
}

// One backward pass per output j, from delta = J_phi(a)ᵀ e_j.
template <class T>
void Network<T>::jacobian(const MatrixView<const T>& x, T* out, ThreadTeam& team) const {
  if (x.rows == 0) return;
  Workspace<T> workspace = make_workspace(kTile<T> * team.size(), true);
  PanelMatrix<T> columns(inputs(), kTile<T> * team.size()), gradients(columns);
  pack(workspace, team);
  team.parallel_for(ceil_div(x.rows, kTile<T>), [&](Index i, int member) {
    const Range rows = tile(i, kTile<T>, x.rows);
    const Range local{member * kTile<T>, member * kTile<T> + rows.size()};
    const MatrixView<T> a = forward_rows({x.row(rows.begin), rows.size(), x.cols, x.stride}, local,
                                         columns, workspace, team);
    const MatrixView<T> h = workspace.tapes.back().h.columns(local);
    const MatrixView<T> delta = workspace.tapes.back().delta.columns(local);
    for (Index j = 0; j < outputs(); ++j) {
      for (Index r = 0; r < outputs(); ++r) std::fill_n(delta.row(r), kTile<T>, T(r == j));
      differentiate<T>(output(), a, h, delta);
      backward({&team}, local, workspace, &gradients);
      T* first = out + (rows.begin * outputs() + j) * inputs();
      transpose(inputs(), rows.size(), gradients.at(0, local.begin), kNR<T>, first,
                outputs() * inputs());
    }
  });
}

template class Network<float>;
template class Network<double>;

}  // namespace fastmlp
