// The family of layers: values with the hyperparameters from which a network makes its maps.
// Adding one: a struct below, its name in the variant, its map, its formula in tests/reference.py,
// a row in docs/.
#pragma once

#include <memory>

#include "fastmlp/nn/activation.hpp"
#include "fastmlp/nn/init.hpp"

namespace fastmlp {

struct LayerBase {
  virtual ~LayerBase() = default;
};

// A layer of a network's list, by identity. As a field of another layer, null is the network's
// input.
using LayerReference = std::shared_ptr<const LayerBase>;

struct Dense : LayerBase {
  static constexpr auto key = "dense", class_name = "Dense";
  static constexpr auto doc =
      "A fully connected layer: ``h = activation(W x + b)``; W is drawn from `init`, b starts at "
      "0.\n\nIts penalty is ``l1 sum |W| + l2 / 2 sum W**2``; None takes `l1`, `l2` of `fit` and "
      "the `init` of the network. `max_norm` limits the Euclidean norm of the weights of one unit: "
      "longer ones are scaled down to it after each update (Srivastava et al. 2014).";
  static constexpr auto example = ">>> fm.Dense(128, \"relu\", l2=1e-4).units\n128";
  Index units = kRequiredInteger;
  Activation activation;
  bool bias = true;
  std::optional<Initializer> init;
  std::optional<double> l1, l2, max_norm;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("units", self.units, kPositiveInteger, "number of outputs");
    f("activation", self.activation, "phi, a name or a value such as fm.LeakyReLU(slope=0.1)");
    f("bias", self.bias, "adds b");
    f("init", self.init, "distribution of the weights at the start; None takes the network's");
    f("l1", self.l1, kNonNegative, "penalty l1 sum |W|; None takes that of fit");
    f("l2", self.l2, kNonNegative, "penalty l2 / 2 sum W**2; None takes that of fit");
    f("max_norm", self.max_norm, kPositive,
      "largest Euclidean norm of a unit's weights; longer ones are scaled down after each update");
  }
};

struct Dropout : LayerBase {
  static constexpr auto key = "dropout", class_name = "Dropout";
  static constexpr auto doc =
      "Drops units at random in training: ``h = x mask / (1 - rate)``, mask 0 with probability "
      "`rate`, per unit and sample.\n\nOff in `predict` and the other methods of `Network` but "
      "`fit`. The masks follow from the seed, the epoch and the sample, for any number of threads "
      "(Srivastava et al. 2014).";
  static constexpr auto example =
      ">>> layers = [fm.Dense(128, \"relu\"), fm.Dropout(0.2), fm.Dense(10, \"softmax\")]\n"
      ">>> fm.Network(layers, inputs=64, seed=0).n_parameters\n9610";
  double rate = kRequired;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("rate", self.rate, kUnitInterval, "probability to drop a unit of a sample");
  }
};

struct GaussianNoise : LayerBase {
  static constexpr auto key = "gaussian_noise", class_name = "GaussianNoise";
  static constexpr auto doc =
      "Adds noise in training: ``h = x + N(0, std**2)``.\n\nFresh at each presentation of a "
      "sample, otherwise as `Dropout` (Bishop 1995).";
  static constexpr auto example =
      ">>> net = fm.Network([fm.GaussianNoise(0.1), fm.Dense(1)], inputs=2, seed=0)\n"
      ">>> net.predict([[0.0, 0.0]])\narray([[0.]], dtype=float32)";
  double std = kRequired;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("std", self.std, kNonNegative, "standard deviation of the noise");
  }
};

using Layer = std::variant<Dense, Dropout, GaussianNoise>;

// Calls f(layer) with the layer's own type.
template <class F>
void visit_layer(const LayerBase& layer, F&& f) {
  for_each_member<Layer>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    if (const auto* found = dynamic_cast<const Member*>(&layer)) f(*found);
  });
}

}  // namespace fastmlp
