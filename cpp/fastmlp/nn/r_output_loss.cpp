// The derivatives of the loss's delta along directions.
#include "fastmlp/kernels/softmax.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/nn/output_steps.hpp"

namespace fastmlp {
namespace {

// f(j, scale) for every pack of samples.
template <class T, class F>
void for_columns(const MatrixView<const T>& a, const T* scale, F&& f) {
  for (Index j = 0; j < a.cols; j += kLanes<T>) f(j, load_row(scale + j, a.cols - j));
}

// delta' = scale sum(y) (diag o - o oᵀ) a', because delta = o sum(y) - y; by groups of units
template <class T>
void r_softmax_cross_entropy(const Activation& phi, const MatrixView<const T>& a,
                             const MatrixView<const T>& y, const MatrixView<T>& o, const T* scale,
                             const MatrixView<const T>& ra, const MatrixView<T>& rdelta) {
  activate<T>(phi, a, o);
  copy(ra, rdelta);
  differentiate<T>(phi, a, o, rdelta);
  const Index n = std::get<Softmax>(phi).units(a.rows);
  for_columns(a, scale, [&](Index j, Pack<T> weight) {
    for (Index first = 0; first < a.rows; first += n) {
      const Pack<T> total = sum_entries<T>(n, [&](Index i) { return load(y.row(first + i) + j); });
      for (Index i = first; i < first + n; ++i) {
        store(rdelta.row(i) + j, weight * total * load(rdelta.row(i) + j));
      }
    }
  });
}

// delta' = scale o (1 - o) a', because delta = o - y; 1 - o = sigmoid(-a) without cancellation
template <class T>
void r_sigmoid_binary_cross_entropy(const MatrixView<const T>& a, const T* scale,
                                    const MatrixView<const T>& ra, const MatrixView<T>& rdelta) {
  for_columns(a, scale, [&](Index j, Pack<T> weight) {
    for (Index i = 0; i < a.rows; ++i) {
      const Pack<T> x = load(a.row(i) + j);
      store(rdelta.row(i) + j, weight * sigmoid(x) * sigmoid(-x) * load(ra.row(i) + j));
    }
  });
}

// O' <- scale H O' for the Hessian H of sum_i (v_i + e_i² exp(-v_i)) / 2 by (m, v), e = y - m:
//   exp(-v) [1, e; e, e² / 2], or Fisher's information diag(exp(-v), 1/2)
template <class T>
void r_gaussian_nll(Curvature curvature, const MatrixView<const T>& y, const MatrixView<const T>& o,
                    const T* scale, const MatrixView<T>& ro) {
  const Index n = o.rows / 2;
  const Pack<T> half = constant<Pack<T>>(0.5);
  for_columns(o, scale, [&](Index j, Pack<T> weight) {
    for (Index i = 0; i < n; ++i) {
      const Pack<T> precision = exp(-load(o.row(n + i) + j));
      const Pack<T> e = load(y.row(i) + j) - load(o.row(i) + j);
      const Pack<T> rm = load(ro.row(i) + j), rv = load(ro.row(n + i) + j);
      const bool fisher = curvature == Curvature::gauss_newton;
      const Pack<T> by_mean = fisher ? rm : rm + e * rv;
      store(ro.row(i) + j, with_factor(precision, by_mean) * weight * by_mean);
      store(ro.row(n + i) + j, fisher
                                   ? half * weight * rv
                                   : with_factor(precision, e) * weight * e * (rm + half * e * rv));
    }
  });
}

// O' <- scale d²L/do² ∘ O'
template <class T>
void r_loss(const Loss& loss, Curvature curvature, const MatrixView<const T>& y,
            const MatrixView<const T>& o, const T* scale, const MatrixView<T>& ro) {
  std::visit(
      [&](const auto& l) {
        if constexpr (std::is_same_v<std::decay_t<decltype(l)>, GaussianNLL>) {
          r_gaussian_nll<T>(curvature, y, o, scale, ro);
        } else {
          for_columns(o, scale, [&](Index j, Pack<T> weight) {
            for (Index i = 0; i < o.rows; ++i) {
              const Pack<T> second = l.second_derivative(load(o.row(i) + j), load(y.row(i) + j));
              store(ro.row(i) + j, second * load(ro.row(i) + j) * weight);
            }
          });
        }
      },
      loss);
}

}  // namespace

template <class T>
void r_delta(const OutputLoss& output, Curvature curvature, const MatrixView<const T>& a,
             const MatrixView<const T>& y, const MatrixView<T>& h, const T* scale,
             const ActivationDerivatives<T>& linearization, const MatrixView<T>& ra,
             const MatrixView<T>& rh, const MatrixView<T>& rdelta, const OutputSteps<T>& steps) {
  const auto& [activation, loss] = output;
  if (steps.has_parts()) {
    return for_parts(
        steps, y, scale,
        [&](const auto& part, const auto& factor, const T* scaled, const OutputSteps<T>& inner) {
          const ActivationDerivatives<T> derivatives{part(linearization.slope),
                                                     part(linearization.curvature)};
          r_delta<T>(output, curvature, part(a), part(y), part(h), scaled, derivatives, part(ra),
                     part(rh), part(rdelta), inner);
          clear_absent(part(rdelta), factor);
        });
  }
  if (is_pair<Softmax, CrossEntropy>(activation, loss)) {
    return r_softmax_cross_entropy<T>(activation, a, y, h, scale, ra, rdelta);
  }
  if (is_pair<Sigmoid, BinaryCrossEntropy>(activation, loss)) {
    return r_sigmoid_binary_cross_entropy<T>(a, scale, ra, rdelta);
  }
  if (is_pair<Sign, Perceptron>(activation, loss) || is_pair<Sign, Hinge>(activation, loss)) {
    for (Index i = 0; i < a.rows; ++i) std::fill_n(rdelta.row(i), a.cols, T(0));  // linear in a
    return;
  }
  activate<T>(activation, a, h);
  r_activate<T>(activation, h, linearization, ra, rh);
  copy<const T>(rh, rdelta);
  r_loss<T>(loss, curvature, y, h, scale, rdelta);
  const bool hessian = curvature == Curvature::hessian;
  r_differentiate<T>(activation, h, linearization,
                     hessian ? MatrixView<const T>(ra) : MatrixView<const T>{}, rh, rdelta);
}

#define FASTMLP_INSTANTIATE(T)                                                      \
  template void r_delta(const OutputLoss&, Curvature, const MatrixView<const T>&,   \
                        const MatrixView<const T>&, const MatrixView<T>&, const T*, \
                        const ActivationDerivatives<T>&, const MatrixView<T>&,      \
                        const MatrixView<T>&, const MatrixView<T>&, const OutputSteps<T>&);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
