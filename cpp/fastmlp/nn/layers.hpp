// The family of layers: values with the hyperparameters from which a network makes its maps.
// Adding one: a struct, here or with its map in a header, its name in the variant, its formula in
// tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <memory>

#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/dense_map.hpp"
#include "fastmlp/nn/elementwise_maps.hpp"
#include "fastmlp/nn/layer.hpp"
#include "fastmlp/nn/recurrent_layers.hpp"
#include "fastmlp/nn/window_layers.hpp"

namespace fastmlp {

struct Dense : LearningFields {
  static constexpr auto key = "dense", class_name = "Dense";
  static constexpr auto doc = R"(A fully connected layer.

    h = activation(W x + b)

W is drawn from `init`, b starts at 0. The penalty is ``l1 sum |W| + l2 / 2 sum W**2``; None takes
`l1`, `l2` of `fit` and the `init` of the network. `max_norm` limits the Euclidean norm of the
weights of a unit: longer ones are scaled down to it after each update (Srivastava et al. 2014).)";
  static constexpr auto example = ">>> fm.Dense(128, \"relu\", l2=1e-4).units\n128";
  Index units = kRequiredInteger;
  Activation activation;
  bool bias = true;
  std::optional<Initializer> init;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("units", self.units, kPositiveInteger, "number of outputs");
    f("activation", self.activation, "phi, a name or a value such as fm.LeakyReLU(slope=0.1)");
    f("bias", self.bias, "adds b");
    f("init", self.init, "distribution of the weights at the start; None takes the network's");
    penalty_fields(
        self, f,
        "largest Euclidean norm of a unit's weights; longer ones are scaled down after each "
        "update");
    rate_fields(self, f);
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const Index inputs = plan.width();
    const Index w = plan.add_weights(units, inputs, init.value_or(GlorotUniform{}), learning());
    const Index b = bias ? plan.add_bias(units, learning()) : kNone;
    plan.show_parameters(w, b);
    plan.add_node({{std::make_shared<DenseMap<T>>(units, inputs), w}}, b, activation);
  }
};

struct Dropout : LayerBase {
  static constexpr auto key = "dropout", class_name = "Dropout";
  static constexpr LayerTraits traits{false, false};
  static constexpr auto doc = R"(Drops units at random in training (Srivastava et al. 2014).

    h = x mask / (1 - rate),  mask = 0 with probability rate, else 1

Each unit of each sample has its own mask. Off in all methods of `Network` but `fit`, and `predict`
with `samples`. The masks follow from the seed, the epoch and the sample, for any number of threads.)";
  static constexpr auto example =
      ">>> layers = [fm.Dense(128, \"relu\"), fm.Dropout(0.2), fm.Dense(10, \"softmax\")]\n"
      ">>> fm.Network(layers, inputs=64, seed=0).n_parameters\n9610";
  double rate = kRequired;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("rate", self.rate, kUnitInterval, "probability to drop a unit of a sample");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    add_in_place(plan, std::make_shared<DropoutMap<T>>(plan.width(), rate, plan.layer()));
  }
};

struct SpatialDropout : LayerBase {
  static constexpr auto key = "spatial_dropout", class_name = "SpatialDropout";
  static constexpr LayerTraits traits{false, false};
  static constexpr auto doc = R"(Drops whole channels at random in training (Tompson et al. 2015).

    h = x mask / (1 - rate),  mask = 0 with probability rate, else 1

Each channel of each sample has its own mask: neighbouring positions are so alike that `Dropout` of
single ones loses little. Otherwise as `Dropout`.)";
  static constexpr auto example =
      ">>> layers = [fm.Conv2D(6, 3, \"relu\"), fm.SpatialDropout(0.2), fm.Dense(10)]\n"
      ">>> fm.Network(layers, inputs=(8, 8, 1), seed=0).n_parameters\n2230";
  double rate = kRequired;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("rate", self.rate, kUnitInterval, "probability to drop a channel of a sample");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const Index width = plan.width(), positions = width / plan.shape().channels();
    add_in_place(plan, std::make_shared<DropoutMap<T>>(width, rate, plan.layer(), positions));
  }
};

struct GaussianNoise : LayerBase {
  static constexpr auto key = "gaussian_noise", class_name = "GaussianNoise";
  static constexpr LayerTraits traits{false, false};
  static constexpr auto doc = R"(Adds noise in training (Bishop 1995).

    h = x + N(0, std²)

Fresh at each presentation of a sample, otherwise as `Dropout`.)";
  static constexpr auto example =
      ">>> net = fm.Network([fm.GaussianNoise(0.1), fm.Dense(1)], inputs=2, seed=0)\n"
      ">>> net.predict([[0.0, 0.0]])\narray([[0.]], dtype=float32)";
  double std = kRequired;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("std", self.std, kNonNegative, "standard deviation of the noise");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    add_in_place(plan, std::make_shared<GaussianNoiseMap<T>>(plan.width(), std, plan.layer()));
  }
};

struct Skip : LayerBase {
  static constexpr auto key = "skip", class_name = "Skip";
  static constexpr LayerTraits traits{false, true};
  static constexpr auto doc =
      R"(A skip connection: adds the output of an earlier layer (He et al. 2016).

    h = x + h_of

x is the preceding layer's output; the two must be equally wide. `of` is a layer object from
earlier in the list, or ``"input"`` for the network's input.)";
  static constexpr auto example =
      ">>> first = fm.Dense(8, \"relu\")\n"
      ">>> layers = [first, fm.Dense(8, \"relu\"), fm.Skip(first), fm.Dense(1)]\n"
      ">>> fm.Network(layers, inputs=4, seed=0).n_parameters\n121";
  LayerReference of;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("of", self.of, "the layer whose output is added: an earlier one of the list, or \"input\"");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const Index node = plan.output_of(of), width = plan.width();
    const Shape shape = plan.shape();
    require(plan.shape(node) == shape, plan.where() + " adds " + plan.shape(node).text() +
                                           " features to " + shape.text() +
                                           ", expected equal widths");
    const auto identity = std::make_shared<IdentityMap<T>>(width);
    plan.add_node({{identity}, {identity, kNone, node}});
    plan.set_shape(shape);
  }
};

struct Tied : LayerBase {
  static constexpr auto key = "tied", class_name = "Tied";
  static constexpr auto doc =
      R"(A layer with the weights W of an earlier one (Hinton & Salakhutdinov 2006).

    h = activation(Wᵀ x + b),  or activation(W x + b) where transposed is False

b is not shared. W is one array with one gradient, the sum over its uses; its penalties and its
`max_norm` are those of `layer`. A decoder may thus share the weights of its encoder.)";
  static constexpr auto example =
      ">>> encoder = fm.Dense(32, \"sigmoid\")\n"
      ">>> net = fm.Network([encoder, fm.Tied(encoder, \"sigmoid\")], inputs=64, seed=0)\n"
      ">>> net.n_parameters\n2144";
  std::shared_ptr<const Dense> layer;
  Activation activation;
  bool transposed = true;
  bool bias = true;
  bool trainable = true;
  double learning_rate_factor = 1;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("layer", self.layer, "the earlier layer whose weights W are used");
    f("activation", self.activation, "phi, a name or a value such as fm.LeakyReLU(slope=0.1)");
    f("transposed", self.transposed, "multiplies by the transpose of W, else by W");
    f("bias", self.bias, "adds b");
    f("trainable", self.trainable, "False keeps b in training; W is trained as its owner says");
    f("learning_rate_factor", self.learning_rate_factor, kPositive,
      "factor on the learning rate of b");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const LayerParameters owner = plan.parameters_of(layer);
    const Slot& slot = plan.slot(owner.weights);
    const bool swapped = owner.transposed != transposed;
    const auto [units, inputs] =
        swapped ? std::pair(slot.columns, slot.rows) : std::pair(slot.rows, slot.columns);
    require(plan.width() == inputs, plan.where() + " multiplies " + std::to_string(plan.width()) +
                                        " features by weights for " + std::to_string(inputs) +
                                        ", expected equal widths");
    LayerLearning learning;
    learning.bias = trainable;
    learning.bias_rate = learning_rate_factor;
    const Index b = bias ? plan.add_bias(units, learning) : kNone;
    std::shared_ptr<const LinearMap<T>> map;
    if (swapped) {
      map = std::make_shared<TransposedMap<T>>(units, inputs);
    } else {
      map = std::make_shared<DenseMap<T>>(units, inputs);
    }
    plan.show_parameters(owner.weights, b, swapped);
    plan.add_node({{map, owner.weights}}, b, activation);
  }
};

using Layer = std::variant<Dense, Dropout, GaussianNoise, Skip, Tied, SpatialDropout, Conv1D,
                           Conv2D, MaxPool1D, MaxPool2D, AveragePool1D, AveragePool2D,
                           GlobalAveragePool1D, GlobalAveragePool2D, Recurrent, GRU, LSTM>;

// Calls f(layer) with the static type of the layer.
template <class F>
void visit_layer(const LayerBase& layer, F&& f) {
  for_each_member<Layer>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    if (const auto* found = dynamic_cast<const Member*>(&layer)) f(*found);
  });
}

}  // namespace fastmlp
