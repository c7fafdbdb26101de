// Layers that go through a sequence step by step, with the same weights at each step. A node for
// each quantity of each step names the same slots, so backpropagation through time is the sum over
// all uses of a slot.
#pragma once

#include "fastmlp/nn/layer.hpp"

namespace fastmlp {

// The fields of all recurrent layers.
struct RecurrentFields : LearningFields {
  Index units = kRequiredInteger;
  Activation activation = Tanh{};
  bool sequences = false;
  bool bias = true;
  std::optional<Initializer> init;
  Initializer recurrent_init = Orthogonal{};
  OptionalExtent truncate{1};
  bool bidirectional = false;
  template <class Self, class F>
  static void recurrent_fields(Self& self, F&& f) {
    f("units", self.units, kPositiveInteger, "number of outputs per step");
    f("activation", self.activation, "phi, a name or a value such as fm.LeakyReLU(slope=0.1)");
    f("sequences", self.sequences, "the output is h of all steps instead of the last");
    f("bias", self.bias, "adds b");
    f("init", self.init, "distribution of W at the start; None takes the network's");
    f("recurrent_init", self.recurrent_init, "distribution of U at the start");
    f("truncate", self.truncate, kPositiveExtent,
      "steps after which no gradient passes to those before, counted from the first; None: all do");
    f("bidirectional", self.bidirectional,
      "goes through the sequence in both directions, as fm.Bidirectional says");
    penalty_fields(
        self, f,
        "largest Euclidean norm of a unit's weights; longer ones are scaled down after each "
        "update");
  }
};

struct Recurrent : RecurrentFields {
  static constexpr auto key = "recurrent", class_name = "Recurrent";
  static constexpr auto doc =
      R"(A recurrent layer, for inputs of shape (time, features) (Elman 1990; Werbos 1990).

    h_t = activation(W x_t + U h_{t-1} + b),  h_0 = 0

The output is the last h, or with `sequences` all of them, (time, units). A layer on each step of a
sequence is ``Conv1D(units, 1)``; with a softmax it predicts a class per step. Gradients are those
of backpropagation through time. W is drawn from `init`, U from `recurrent_init`, b starts at 0.
Parameters are [W, U] as (units, features + units), then b; ``net.weights[l]`` is the view (features
+ units, units), rows of x first. Penalties and `max_norm` are those of `Dense`. `truncate` cuts the
gradient between blocks of so many steps (Williams & Peng 1990): then `hvp` is the derivative of the
gradient along v, not symmetric, as is `gnvp`. Memory per sample: 3 units and features per step, and
2 units more with `sequences`.)";
  static constexpr auto example =
      ">>> layers = [fm.Recurrent(16, sequences=True), fm.Conv1D(5, 1, \"softmax\")]\n"
      ">>> net = fm.Network(layers, inputs=(20, 3), seed=0)\n"
      ">>> net.weights[0].shape, net.predict([[[0.0] * 3] * 20]).shape\n((19, 16), (1, 20, 5))";
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    recurrent_fields(self, f);
    rate_fields(self, f);
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const;
};

struct GRU : RecurrentFields {
  static constexpr auto key = "gru", class_name = "GRU";
  static constexpr auto doc = R"(A gated recurrent unit (Cho et al. 2014).

    r, z = sigmoid(W x_t + U h_{t-1} + b)
    n = activation(W_n x_t + b_n + r (U_n h_{t-1} + c_n))
    h_t = (1 - z) n + z h_{t-1},  h_0 = 0

The reset gate r acts after the product, as in torch and cuDNN. Rows of W and U are those of r, z,
n, as in torch: ``net.weights[l]`` is (features + units, 3 units), and ``net.biases[l]`` that of r,
z, n and c_n, 4 units. Otherwise as `Recurrent`; memory per sample: 11 units and the features per
step.)";
  static constexpr auto example =
      ">>> layers = [fm.GRU(16), fm.Dense(1)]\n"
      ">>> fm.Network(layers, inputs=(20, 3), seed=0).weights[0].shape\n(19, 48)";
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    recurrent_fields(self, f);
    rate_fields(self, f);
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const;
};

struct LSTM : RecurrentFields {
  static constexpr auto key = "lstm", class_name = "LSTM";
  static constexpr auto doc =
      R"(Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    i, f, o = sigmoid(W x_t + U h_{t-1} + b)
    g = activation(W_g x_t + U_g h_{t-1} + b_g)
    c_t = f c_{t-1} + i g,  h_t = o activation(c_t),  c_0 = h_0 = 0

The state c passes from step to step by sums, so gradients vanish slowly. Rows of W, U and b are
those of i, f, g, o, as in torch: ``net.weights[l]`` is (features + units, 4 units). b of the forget
gate f starts at `forget_bias`, others at 0 (Jozefowicz et al. 2015). Otherwise as `Recurrent`;
memory per sample: 15 units and the features per step.)";
  static constexpr auto example =
      ">>> layers = [fm.LSTM(16), fm.Dense(1)]\n"
      ">>> fm.Network(layers, inputs=(20, 3), seed=0).weights[0].shape\n(19, 64)";
  double forget_bias = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    recurrent_fields(self, f);
    f("forget_bias", self.forget_bias, kFinite, "b of the forget gate at the start");
    rate_fields(self, f);
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const;
};

}  // namespace fastmlp
