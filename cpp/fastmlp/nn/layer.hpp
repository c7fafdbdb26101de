// The base of all layers.
#pragma once

#include "fastmlp/nn/plan.hpp"

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

}  // namespace fastmlp
