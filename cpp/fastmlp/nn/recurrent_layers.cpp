#include "fastmlp/nn/recurrent_layers.hpp"

#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/block_map.hpp"
#include "fastmlp/nn/elementwise_maps.hpp"

namespace fastmlp {
namespace {

template <class T>
using Uses = std::vector<typename PlanBuilder<T>::Use>;

// The slots of a recurrent layer with so many gates, W (gates units, features + units), and its
// nodes, step by step.
template <class T>
class Steps {
 public:
  const Index units;
  Index time = 0, b = kNone;

  Steps(PlanBuilder<T>& plan, const RecurrentFields& layer, Index gates, Index bias_rows)
      : units(layer.units), plan_(plan), layer_(layer), x_(plan.last()), inputs_(plan.width()) {
    const Shape& shape = plan.shape();
    require(shape.dims() == 2, plan.where() + " reads features of shape " + shape.text() +
                                   ", expected (time, features)");
    require(!layer.sequences || !couples_units(layer.activation),
            plan.where() +
                " has sequences=True and an activation that couples all units, expected "
                "one of each unit; fm.Conv1D(units, 1) can have it, at each step");
    time = shape.sizes[0];
    features_ = shape.channels();
    // Before nodes are made in proportion to it.
    Buffer<Node>::check_available(checked_product(4 * gates, time, "Network"));
    require(!__builtin_add_overflow(features_, units, &columns_),
            "Network: the sizes are too large to be counted");
    rows_ = checked_product(gates, units, "Network");
    const LayerPenalty penalty{layer.l1, layer.l2, layer.max_norm.value_or(0.0)};
    w_ = plan.add_weights(rows_, columns_, Zeros{}, penalty, {time, 1, true});
    std::vector<InitialBlock> initial;
    for (Index k = 0; k < gates; ++k) {
      initial.push_back({gate(k), {0, features_}, layer.init.value_or(GlorotUniform{})});
      initial.push_back({gate(k), {features_, columns_}, layer.recurrent_init});
    }
    plan.set_initial(w_, std::move(initial));
    if (layer.bias) b = plan.add_bias(checked_product(bias_rows, units, "Network"), penalty);
    plan.show_parameters(w_, b);
  }

  // Rows of some gates.
  Range gate(Index k, Index count = 1) const { return {k * units, (k + count) * units}; }

  typename PlanBuilder<T>::Use of_x(Range rows, Index t) const {
    const WeightBlock block{rows_, columns_, rows, {0, features_}, inputs_, t * features_};
    return {std::make_shared<BlockMap<T>>(block), w_, x_};
  }
  typename PlanBuilder<T>::Use of_h(Range rows, Index h) const {
    const WeightBlock block{rows_, columns_, rows, {features_, columns_}, units, 0};
    return {std::make_shared<BlockMap<T>>(block), w_, h};
  }
  // Adds sign u ∘ v of two nodes, features from `first` on of u; u is added as the silent term.
  void add_product(Uses<T>& uses, Index u, Index first, Index v, double sign = 1.0) const {
    const Range reads{first, first + units};
    uses.push_back(
        {std::make_shared<ProductMap<T>>(plan_.width(u), reads, 0, sign), kNone, u, v, true});
    uses.push_back(
        {std::make_shared<ProductMap<T>>(units, Range{0, units}, first, sign), kNone, v, u});
  }

  // A node with these rows of b.
  Index add(Uses<T> uses, const Activation& phi = Identity{}, Range bias_rows = {}) const {
    plan_.add_node(std::move(uses), bias_rows.size() > 0 ? b : kNone, phi, bias_rows);
    return plan_.last();
  }
  // phi(W x_t + U h + b) of some gates
  Index add_gates(Range rows, Index t, Index h, const Activation& phi) const {
    return add({of_x(rows, t), of_h(rows, h)}, phi, rows);
  }
  // A state before the first step.
  Index add_state() const {
    plan_.add_state(units);
    return plan_.last();
  }

  // A state before step t, as a constant where the gradient is cut.
  Index before(Index t, Index state) const {
    const auto& every = layer_.truncate.value;
    if (t == 0 || !every || t % every->x != 0) return state;
    return add({{std::make_shared<ConstantMap<T>>(units), kNone, state}});
  }
  void show_state(Index before, Index after) const { plan_.show_state(before, after); }
  // h of all steps by step(t, h of the step before), or with phi by phi(step(t, h)); then a node of
  // them all, (time, units), or of the last one, to which phi is applied again.
  template <class F>
  void for_each(F&& step, const Activation* phi = nullptr) {
    const Index first = add_state();
    Index h = first;
    std::vector<Index> outputs;
    for (Index t = 0; t < time; ++t) {
      h = step(t, before(t, h));
      outputs.push_back(h);
      if (phi) h = add({{std::make_shared<IdentityMap<T>>(units), kNone, h}}, *phi);
      plan_.set_step(t);
    }
    show_state(first, h);
    if (layer_.sequences) return add_all(outputs);
    add_last(outputs, phi ? *phi : Identity{});
  }

 private:
  void add_all(const std::vector<Index>& outputs) const {
    const Index width = checked_product(time, units, "Network");
    checked_product(width, sizeof(double), "Network");
    Uses<T> uses;
    for (Index t = 0; t < time; ++t) {
      const Index h = outputs[static_cast<std::size_t>(t)];
      uses.push_back({std::make_shared<IdentityMap<T>>(units, width, t * units), kNone, h});
    }
    add(std::move(uses));
    plan_.set_shape(std::vector<Index>{time, units});
  }
  // The term that is always read comes first.
  void add_last(const std::vector<Index>& outputs, const Activation& phi) const {
    Uses<T> uses;
    for (Index t = time; t-- > 0;) {
      const Index h = outputs[static_cast<std::size_t>(t)];
      uses.push_back({std::make_shared<EndMap<T>>(units, t, t + 1 == time), kNone, h});
    }
    add(std::move(uses), phi);
  }

  PlanBuilder<T>& plan_;
  const RecurrentFields& layer_;
  Index x_, inputs_, features_ = 0, columns_ = 0, rows_ = 0, w_ = kNone;
};

}  // namespace

// The last output of a network has its own pre-activations, of which the loss is taken.
template <class T>
void Recurrent::add_to(PlanBuilder<T>& plan) const {
  Steps<T> steps(plan, *this, 1, 1);
  const bool splits = plan.is_output() && !sequences;
  const Activation phi = splits ? Activation{Identity{}} : activation;
  steps.for_each([&](Index t, Index h) { return steps.add_gates(steps.gate(0), t, h, phi); },
                 splits ? &activation : nullptr);
}

// h' = n + z h - z n
template <class T>
void GRU::add_to(PlanBuilder<T>& plan) const {
  Steps<T> steps(plan, *this, 3, 4);
  const Range of_n = steps.gate(2), of_q = steps.gate(3);
  steps.for_each([&](Index t, Index h) {
    const Index rz = steps.add_gates(steps.gate(0, 2), t, h, Sigmoid{});
    const Index q = steps.add({steps.of_h(of_n, h)}, Identity{}, of_q);
    Uses<T> inner{steps.of_x(of_n, t)}, outer;
    steps.add_product(inner, rz, 0, q);
    const Index n = steps.add(std::move(inner), activation, of_n);
    steps.add_product(outer, rz, units, h);
    steps.add_product(outer, rz, units, n, -1.0);
    outer.push_back({std::make_shared<IdentityMap<T>>(units), kNone, n});
    return steps.add(std::move(outer));
  });
}

template <class T>
void LSTM::add_to(PlanBuilder<T>& plan) const {
  Steps<T> steps(plan, *this, 4, 4);
  if (steps.b != kNone) {
    plan.set_initial(steps.b, {{steps.gate(1), {0, 1}, ConstantInit{forget_bias}}});
  }
  const Index first = steps.add_state();
  Index c = first;
  steps.for_each([&](Index t, Index h) {
    c = steps.before(t, c);
    const Index i_f = steps.add_gates(steps.gate(0, 2), t, h, Sigmoid{});
    const Index g = steps.add_gates(steps.gate(2), t, h, activation);
    const Index o = steps.add_gates(steps.gate(3), t, h, Sigmoid{});
    Uses<T> state, output;
    steps.add_product(state, i_f, units, c);
    steps.add_product(state, i_f, 0, g);
    c = steps.add(std::move(state));
    const Index bounded =
        steps.add({{std::make_shared<IdentityMap<T>>(units), kNone, c}}, activation);
    steps.add_product(output, o, 0, bounded);
    return steps.add(std::move(output));
  });
  steps.show_state(first, c);
}

#define FASTMLP_INSTANTIATE(T)                            \
  template void Recurrent::add_to(PlanBuilder<T>&) const; \
  template void GRU::add_to(PlanBuilder<T>&) const;       \
  template void LSTM::add_to(PlanBuilder<T>&) const;
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
