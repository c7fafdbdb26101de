#include "fastmlp/nn/network.hpp"

#include "fastmlp/base/error.hpp"

namespace fastmlp {

template <class T>
Network<T>::Network(Index inputs, const std::vector<LayerSpec>& specs, std::uint64_t seed)
    : inputs_(inputs) {
  require(inputs > 0, "Network: inputs=" + std::to_string(inputs) + ", expected at least 1");
  require(!specs.empty(), "Network: no layers, expected at least one Dense");
  Index size = 0;
  for (const LayerSpec& spec : specs) {
    const Index width = layers_.empty() ? inputs : layers_.back()->outputs();
    std::visit([&](const auto& s) { size = add(s, width, size); }, spec);
  }
  require(std::holds_alternative<DenseSpec>(specs.back()), "Network: the last layer must be Dense");
  w_ = Buffer<T>(size);
  for (Index l = 0; l < depth(); ++l) {
    for (Index i = 0; i < layer(l).parts(); ++i) parts_.push_back({l, i, layer(l).part(i)});
  }
  for (Index l = 0; l < depth(); ++l) {
    Rng rng(seed, Purpose::initialization, static_cast<std::uint32_t>(l));
    layer(l).initialize(rng, w());
  }
}

// Each adds a layer whose parameters begin at `offset`, and returns where they end.
template <class T>
Index Network<T>::add(const DenseSpec& spec, Index width, Index offset) {
  require(spec.units > 0, "Dense: units=" + std::to_string(spec.units) + ", expected at least 1");
  constexpr Index kMost = std::numeric_limits<Index>::max();
  const std::string too_large = "Network: the sizes are too large to be counted";
  require(width < kMost, too_large);
  require(checked_product(width + 1, spec.units, "Network") < kMost - offset, too_large);
  auto layer = std::make_unique<Dense<T>>(width, spec, offset);
  dense_.push_back(layer.get());
  layers_.push_back(std::move(layer));
  return layers_.back()->parameters().end;
}

template <class T>
Index Network<T>::add(const DropoutSpec& spec, Index width, Index offset) {
  layers_.push_back(std::make_unique<Dropout<T>>(width, spec, offset, depth()));
  return offset;
}

template <class T>
Index Network<T>::add(const GaussianNoiseSpec& spec, Index width, Index offset) {
  layers_.push_back(std::make_unique<GaussianNoise<T>>(width, spec, offset, depth()));
  return offset;
}

template <class T>
double Network<T>::operations_per_row() const {
  double sum = 0;
  for (const auto* layer : dense_) sum += layer->operations();
  return sum;
}

template <class T>
Workspace<T> Network<T>::make_workspace(Index rows, bool backward) const {
  Workspace<T> workspace;
  workspace.rows = rows;
  for (Index l = 0; l < depth(); ++l) {
    workspace.tapes.push_back(layer(l).make_tape(rows, {backward, backward && l > 0}));
  }
  workspace.tapes.back().a = Matrix<T>(rows, outputs());
  return workspace;
}

template <class T>
void Network<T>::pack(const Part& part, Index n, Workspace<T>& workspace) const {
  layer(part.layer).pack(part.index, w(), n, tape(workspace, part.layer));
}

template <class T>
void Network<T>::pack(Index n, Workspace<T>& workspace, Team& team) const {
  const auto count = static_cast<Index>(parts_.size());
  team.finish_each(count,
                   [&](Index i, int) { pack(parts_[static_cast<std::size_t>(i)], n, workspace); });
}

// h_0 = x; a_l = W_l h_{l-1} + b_l, h_l = phi_l(a_l)
template <class T>
Block<T> Network<T>::forward(Index n, const Pass& pass, Block<const T> x, Range rows,
                             Workspace<T>& workspace) const {
  Block<const T> input = x;
  for (Index l = 0;; ++l) {
    Tape<T>& t = tape(workspace, l);
    const bool last = l + 1 == depth();
    const Block<T> h = t.h.part(rows);
    const Block<T> a = last || uses_input(layer(l).activation()) ? t.a.part(rows) : h;
    layer(l).combine(w(), n, pass, rows, input, t, a);
    pass.team->progress(layer(l).operations() * static_cast<double>(rows.size()));
    if (last) return a;
    activate<T>(layer(l).activation(), a, h);
    if (!t.h_panels.empty()) t.h_panels.copy_rows(h, rows.begin);
    input = h;
  }
}

// delta_l = phi_l'(a_l) ∘ (W_{l+1}ᵀ delta_{l+1})
template <class T>
void Network<T>::backward(Index n, const Pass& pass, Range rows, Workspace<T>& workspace,
                          Block<T>* input_gradient) const {
  for (Index l = depth() - 1; l >= 0; --l) {
    Tape<T>& t = tape(workspace, l);
    const Block<T> delta = t.delta.part(rows);
    if (!t.delta_panels.empty()) t.delta_panels.copy_rows(delta, rows.begin);
    if (l == 0) {
      if (input_gradient) layer(0).backward(w(), n, rows, t, *input_gradient);
      return;
    }
    Tape<T>& below = tape(workspace, l - 1);
    const Block<T> h = below.h.part(rows), delta_below = below.delta.part(rows);
    const Activation& phi = layer(l - 1).activation();
    layer(l).backward(w(), n, rows, t, delta_below);
    pass.team->progress(layer(l).operations() * static_cast<double>(rows.size()));
    differentiate<T>(phi, uses_input(phi) ? below.a.part(rows) : h, h, delta_below);
  }
}

template <class T>
void Network<T>::predict(Block<const T> x, Block<T> out, Team& team) const {
  if (x.rows == 0) return;
  const Index tile_rows = std::min(x.rows, this->tile_rows());
  Workspace<T> workspace = make_workspace(tile_rows * team.size(), false);
  pack(x.rows, workspace, team);
  team.for_each(ceil_div(x.rows, tile_rows), [&](Index i, int member) {
    const Range rows = tile(i, tile_rows, x.rows);
    const Range local{member * tile_rows, member * tile_rows + rows.size()};
    const Block<T> a = forward(x.rows, {&team}, x.part(rows), local, workspace);
    const Block<T> h = workspace.tapes.back().h.part(local);
    activate<T>(output(), a, h);
    copy(h, out.part(rows));
  });
}

// One backward pass per output j, from delta = J_phi(a)ᵀ e_j.
template <class T>
void Network<T>::jacobian(Block<const T> x, T* out, Team& team) const {
  if (x.rows == 0) return;
  const Index tile_rows = std::min(x.rows, this->tile_rows());
  Workspace<T> workspace = make_workspace(tile_rows * team.size(), true);
  Matrix<T> gradients(tile_rows * team.size(), inputs());
  pack(x.rows, workspace, team);
  team.for_each(ceil_div(x.rows, tile_rows), [&](Index i, int member) {
    const Range rows = tile(i, tile_rows, x.rows);
    const Range local{member * tile_rows, member * tile_rows + rows.size()};
    const Block<T> a = forward(x.rows, {&team}, x.part(rows), local, workspace);
    const Block<T> h = workspace.tapes.back().h.part(local);
    const Block<T> delta = workspace.tapes.back().delta.part(local);
    activate<T>(output(), a, h);
    for (Index j = 0; j < outputs(); ++j) {
      for (Index r = 0; r < rows.size(); ++r) {
        std::fill_n(delta.row(r), outputs(), T(0));
        delta.row(r)[j] = T(1);
      }
      differentiate<T>(output(), a, h, delta);
      Block<T> gradient = gradients.part(local);
      backward(x.rows, {&team}, local, workspace, &gradient);
      T* first = out + (rows.begin * outputs() + j) * inputs();
      copy(gradient, Block<T>{first, rows.size(), inputs(), outputs() * inputs()});
    }
  });
}

template class Network<float>;
template class Network<double>;

}  // namespace fastmlp
