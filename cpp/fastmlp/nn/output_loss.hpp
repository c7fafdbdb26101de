// The output activation together with its loss: the only place that knows which pairs are
// canonical. For those, loss and delta come stably from the pre-activations a:
//   softmax + cross_entropy          L = sum y (lse(a) - a),       delta = o sum(y) - y
//   sigmoid + binary_cross_entropy   L = sum softplus(a) - y a,    delta = o - y
//   sign + perceptron                L = sum max(0, -y a),         delta = -y where y a <= 0
//   sign + hinge                     L = sum max(0, 1 - y a),      delta = -y where y a <= 1
// Every other pair goes through the Jacobian of the activation.
#pragma once

#include "fastmlp/nn/activation.hpp"
#include "fastmlp/nn/loss.hpp"

namespace fastmlp {

struct OutputLoss {
  Activation activation;
  Loss loss;
};

// The loss that an output activation asks for when the user names none.
Loss default_loss(const Activation& output);

// values[j] = L_j for the columns (samples) of pre-activations A and targets Y. With `delta`, also
// delta_j = scale[j] dL_j/da_j. H is room for the outputs; which of the blocks hold something
// useful afterwards is the pair's affair.
template <class T>
void evaluate(const OutputLoss& output, const MatrixView<const T>& a, const MatrixView<const T>& y,
              const MatrixView<T>& h, T* values, const T* scale, MatrixView<T>* delta);

}  // namespace fastmlp
