// The output activation together with its loss: the only place that lists the canonical pairs. For
// those, loss and delta come stably from the pre-activations a:
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

template <class Phi, class L>
bool is_pair(const Activation& activation, const Loss& loss) {
  return std::holds_alternative<Phi>(activation) && std::holds_alternative<L>(loss);
}

// The default loss of an output activation.
Loss default_loss(const Activation& output);

// Rows of outputs and targets in as many equal groups as there are steps, each with a loss of its
// own. Of a sample the first lengths[j] count; without lengths all do. With `terms` (terms,
// samples) the loss of a sample is sum_k terms_kj L_kj, over its targets or groups of classes.
template <class T>
struct OutputSteps {
  Index count = 1;
  const Index* lengths = nullptr;
  MatrixView<const T> terms{};

  bool has_parts() const { return count > 1 || terms.data; }
  bool counts(Index step, Index sample) const { return !lengths || lengths[sample] > step; }
};

// values[j] = L_j for the columns (samples) of pre-activations A and targets Y. With `delta`, also
// delta_j = scale[j] dL_j/da_j, and with `linearization` the derivatives of the activation there. H
// is a buffer for the outputs; its contents afterwards are unspecified.
template <class T>
void loss_and_delta(const OutputLoss& output, const MatrixView<const T>& a,
                    const MatrixView<const T>& y, const MatrixView<T>& h, T* values, const T* scale,
                    MatrixView<T>* delta, const ActivationDerivatives<T>* linearization = nullptr,
                    const OutputSteps<T>& steps = {});

// The matrix whose products with directions are computed: the Hessian, or Gauss and Newton's
// approximation JᵀHJ of it, positive semidefinite for convex losses. H is the Hessian of the loss
// by the pre-activations of canonical pairs, by the outputs of others; for GaussianNLL, which is
// not convex, Fisher's information diag(exp(-s), 1/2).
enum class Curvature { hessian, gauss_newton };

// delta'_j = scale[j] R{dL_j/da_j} for the direction A' = `ra`, after loss_and_delta with the same
// linearization. H holds the outputs again afterwards, `ra` and `rh` what r_activate leaves.
template <class T>
void r_delta(const OutputLoss& output, Curvature curvature, const MatrixView<const T>& a,
             const MatrixView<const T>& y, const MatrixView<T>& h, const T* scale,
             const ActivationDerivatives<T>& linearization, const MatrixView<T>& ra,
             const MatrixView<T>& rh, const MatrixView<T>& rdelta,
             const OutputSteps<T>& steps = {});

}  // namespace fastmlp
