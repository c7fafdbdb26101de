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

  // Through the sequence of node x, or through it from its end.
  Steps(PlanBuilder<T>& plan, const RecurrentFields& layer, Index gates, Index bias_rows, Index x,
        bool reversed)
      : units(layer.units),
        plan_(plan),
        layer_(layer),
        x_(x),
        inputs_(plan.width(x)),
        reversed_(reversed) {
    const Shape& shape = plan.shape(x);
    require(shape.dims() == 2, plan.where() + " reads features of shape " + shape.text() +
                                   ", expected (time, features)");
    require(!layer.sequences || !couples_units(layer.activation),
            plan.where() +
                " has sequences=True and an activation that couples all units, expected "
                "one of each unit; fm.Conv1D(units, 1) can have it, at each step");
    time = shape.sizes[0];
    features_ = shape.channels();
    // Before nodes are made in proportion to it.
    plan.add_steps(time);
    Buffer<Node>::check_available(checked_product(4 * gates, time, "Network"));
    require(!__builtin_add_overflow(features_, units, &columns_),
            "Network: the sizes are too large to be counted");
    rows_ = checked_product(gates, units, "Network");
    w_ = plan.add_weights(rows_, columns_, Zeros{}, layer.learning(), {time, 1, true});
    std::vector<InitialBlock> initial;
    for (Index k = 0; k < gates; ++k) {
      initial.push_back({gate(k), {0, features_}, layer.init.value_or(GlorotUniform{})});
      initial.push_back({gate(k), {features_, columns_}, layer.recurrent_init});
    }
    plan.set_initial(w_, std::move(initial));
    if (layer.bias)
      b = plan.add_bias(checked_product(bias_rows, units, "Network"), layer.learning());
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
    const Index later = reversed_ ? t + 1 : t;
    if (later == 0 || later == time || !every || later % every->x != 0) return state;
    return add({{std::make_shared<ConstantMap<T>>(units), kNone, state}});
  }
  void show_state(Index before, Index after) const { plan_.show_state(before, after); }
  // h of all steps by step(t, h of the step before), or with phi by phi(step(t, h)). Returns the
  // nodes of step, by t.
  template <class F>
  std::vector<Index> for_each(F&& step, const Activation* phi = nullptr) {
    const Index first = add_state();
    Index h = first;
    std::vector<Index> made(static_cast<std::size_t>(time));
    for (Index k = 0; k < time; ++k) {
      const Index t = reversed_ ? time - 1 - k : k;
      h = step(t, before(t, h));
      made[static_cast<std::size_t>(t)] = h;
      if (phi) h = add({{std::make_shared<IdentityMap<T>>(units), kNone, h}}, *phi);
      plan_.set_step(t);
    }
    show_state(first, h);
    return made;
  }
  // phi of the values at the last step of each sample; the term that is always read comes first.
  Index add_last(const std::vector<Index>& values, const Activation& phi) const {
    Uses<T> uses;
    for (Index t = time; t-- > 0;) {
      const Index h = values[static_cast<std::size_t>(t)];
      uses.push_back({std::make_shared<EndMap<T>>(units, t, t + 1 == time), kNone, h});
    }
    return add(std::move(uses), phi);
  }

 private:
  PlanBuilder<T>& plan_;
  const RecurrentFields& layer_;
  Index x_, inputs_, features_ = 0, columns_ = 0, rows_ = 0, w_ = kNone;
  bool reversed_;
};

// A node of several nodes of `units` side by side.
template <class T>
void add_joined(PlanBuilder<T>& plan, Index units, const std::vector<Index>& nodes) {
  const Index width = checked_product(units, static_cast<Index>(nodes.size()), "Network");
  checked_product(width, sizeof(double), "Network");
  Uses<T> uses;
  for (const Index node : nodes) {
    const Index first = static_cast<Index>(uses.size()) * units;
    uses.push_back({std::make_shared<IdentityMap<T>>(units, width, first), kNone, node});
  }
  plan.add_node(std::move(uses));
}

// A layer whose steps are those of run(steps): in one direction, or in both with weights of
// their own. The outputs are those of all steps, (time, units), or the last ones, which are the
// first of the reversed direction; with `phi` run returns pre-activations.
template <class T, class F>
void add_directions(PlanBuilder<T>& plan, const RecurrentFields& layer, Index gates,
                    Index bias_rows, F&& run, const Activation* phi = nullptr) {
  const Index x = plan.last();
  Steps<T> steps(plan, layer, gates, bias_rows, x, false);
  std::vector<Index> outputs = run(steps);
  if (!layer.sequences) outputs = {steps.add_last(outputs, phi ? *phi : Identity{})};
  if (layer.bidirectional) {
    Steps<T> reversed(plan, layer, gates, bias_rows, x, true);
    const std::vector<Index> others = run(reversed);
    std::vector<Index> pairs;
    for (std::size_t t = 0; t < outputs.size(); ++t) {
      pairs.insert(pairs.end(), {outputs[t], others[t]});
    }
    outputs = std::move(pairs);
  }
  if (layer.sequences || layer.bidirectional) add_joined(plan, layer.units, outputs);
  if (layer.sequences) {
    plan.set_shape(std::vector<Index>{steps.time, layer.units * (layer.bidirectional ? 2 : 1)});
  }
}

}  // namespace

// The last output of a network has its own pre-activations, of which the loss is taken.
template <class T>
void Recurrent::add_to(PlanBuilder<T>& plan) const {
  const bool splits = plan.is_output() && !sequences && !bidirectional;
  const Activation inner = splits ? Activation{Identity{}} : activation;
  const Activation* outer = splits ? &activation : nullptr;
  const auto run = [&](Steps<T>& steps) {
    return steps.for_each(
        [&](Index t, Index h) { return steps.add_gates(steps.gate(0), t, h, inner); }, outer);
  };
  add_directions(plan, *this, 1, 1, run, outer);
}

// h' = n + z h - z n
template <class T>
void GRU::add_to(PlanBuilder<T>& plan) const {
  const auto run = [&](Steps<T>& steps) {
    const Range of_n = steps.gate(2), of_q = steps.gate(3);
    return steps.for_each([&](Index t, Index h) {
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
  };
  add_directions(plan, *this, 3, 4, run);
}

template <class T>
void LSTM::add_to(PlanBuilder<T>& plan) const {
  const auto run = [&](Steps<T>& steps) {
    if (steps.b != kNone) {
      plan.set_initial(steps.b, {{steps.gate(1), {0, 1}, ConstantInit{forget_bias}}});
    }
    const Index first = steps.add_state();
    Index c = first;
    auto outputs = steps.for_each([&](Index t, Index h) {
      c = steps.before(t, c);
      const Index i_f = steps.add_gates(steps.gate(0, 2), t, h, Sigmoid{});
      const Index g = steps.add_gates(steps.gate(2), t, h, activation);
      const Index o = steps.add_gates(steps.gate(3), t, h, Sigmoid{});
      Uses<T> state, output;
      steps.add_product(state, i_f, units, c);
      steps.add_product(state, i_f, 0, g);
      c = steps.add(std::move(state));
      plan.set_step(t);  // the reversed direction starts after the end, from 0
      const Index bounded =
          steps.add({{std::make_shared<IdentityMap<T>>(units), kNone, c}}, activation);
      steps.add_product(output, o, 0, bounded);
      return steps.add(std::move(output));
    });
    steps.show_state(first, c);
    return outputs;
  };
  add_directions(plan, *this, 4, 4, run);
}

#define FASTMLP_INSTANTIATE(T)                            \
  template void Recurrent::add_to(PlanBuilder<T>&) const; \
  template void GRU::add_to(PlanBuilder<T>&) const;       \
  template void LSTM::add_to(PlanBuilder<T>&) const;
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
