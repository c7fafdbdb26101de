// The base of all layers.
#pragma once

#include "fastmlp/nn/plan_builder.hpp"

namespace fastmlp {

// What other parts of the library read of a layer.
struct LayerTraits {
  bool has_parameters = true;  // it is shown by net.weights and net.biases
  bool can_be_output = true;
};

struct LayerBase {
  static constexpr LayerTraits traits{};
  virtual ~LayerBase() = default;
};

inline const OneOf kTrainable{"weights", "bias"};

// The fields of all layers with weights of their own.
struct LearningFields : LayerBase {
  std::optional<double> l1, l2, max_norm;
  BoolOrString trainable = true;
  double learning_rate_factor = 1;
  std::optional<double> bias_learning_rate_factor;
  template <class Self, class F>
  static void penalty_fields(Self& self, F&& f, const char* unit) {
    f("l1", self.l1, kNonNegative, "penalty l1 sum |W|; None takes that of fit");
    f("l2", self.l2, kNonNegative, "penalty l2 / 2 sum W**2; None takes that of fit");
    f("max_norm", self.max_norm, kPositive, unit);
  }
  template <class Self, class F>
  static void rate_fields(Self& self, F&& f) {
    f("trainable", self.trainable, kTrainable,
      "False keeps the parameters in training, without a gradient; a name trains these alone");
    f("learning_rate_factor", self.learning_rate_factor, kPositive,
      "factor on the learning rate of the optimizer");
    f("bias_learning_rate_factor", self.bias_learning_rate_factor, kPositive,
      "the same of b; None takes learning_rate_factor");
  }
  LayerLearning learning() const {
    const auto trains = [&](const char* name) {
      return trainable == BoolOrString(true) || trainable == BoolOrString(std::string(name));
    };
    return {l1,
            l2,
            max_norm.value_or(0.0),
            trains("weights"),
            trains("bias"),
            learning_rate_factor,
            bias_learning_rate_factor.value_or(learning_rate_factor)};
  }
};

// Adds a node of the map of the last one's features, which keep their shape.
template <class T, class Map>
void add_in_place(PlanBuilder<T>& plan, std::shared_ptr<Map> map) {
  const Shape shape = plan.shape();
  plan.add_node({{std::move(map)}});
  plan.set_shape(shape);
}

}  // namespace fastmlp
