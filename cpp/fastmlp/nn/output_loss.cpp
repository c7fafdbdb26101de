#include "fastmlp/nn/output_loss.hpp"

#include "fastmlp/kernels/softmax.hpp"
#include "fastmlp/nn/output_steps.hpp"

namespace fastmlp {
namespace {

// Pre-activations and targets of some samples, and buffers for the results.
template <class T>
struct Samples {
  MatrixView<const T> a, y;
  MatrixView<T> h;
  T* values;
  const T* scale;
  MatrixView<T>* delta;

  // value(j), and with delta gradient(j, scale), for every pack of samples.
  template <class Value, class Gradient>
  void for_packs(Value&& value, Gradient&& gradient) const {
    for (Index j = 0; j < a.cols; j += kLanes<T>) {
      const Index lanes = std::min(kLanes<T>, a.cols - j);
      store_first(values + j, value(j), lanes);
      if (delta) gradient(j, load_row(scale + j, lanes));
    }
  }
};

// Softmax with cross-entropy, summed over groups of n units: the shift by max a cancels in
// lse(a) - a. A pack of samples from column j on.
template <class T>
Pack<T> softmax_cross_entropy(const Samples<T>& s, Index n, Index j) {
  const Index lanes = std::min(kLanes<T>, s.a.cols - j);
  Pack<T> sum{};
  for (Index first = 0; first < s.a.rows; first += n) {
    const T* from = s.a.row(first) + j;
    T* h = s.h.row(first) + j;
    const auto y = [&](Index i) { return load(s.y.row(first + i) + j); };
    const Pack<T> shift = max_entry(n, from, s.a.stride);
    const Pack<T> total = exponentials(n, from, s.a.stride, shift, h, s.h.stride);
    const Pack<T> log_total = log(total);
    sum += sum_entries<T>(n, [&](Index i) {
      const Pack<T> a = clamp_to_finite(load(from + i * s.a.stride));
      return y(i) == Pack<T>{} ? Pack<T>{} : y(i) * (log_total - (a - shift));
    });
    if (!s.delta) continue;
    const Pack<T> factor = sum_entries<T>(n, y) / total, scale = load_row(s.scale + j, lanes);
    for (Index i = 0; i < n; ++i) {
      store(s.delta->row(first + i) + j, (load(h + i * s.h.stride) * factor - y(i)) * scale);
    }
  }
  return sum;
}

// softplus(a) - y a = log(1 + e^-|a|) + (a if a > 0) - y a, without the cancellation of large terms
template <class T>
void sigmoid_binary_cross_entropy(const Samples<T>& s) {
  s.for_packs(
      [&](Index j) {
        return sum_entries<T>(s.a.rows, [&](Index i) {
          const Pack<T> a = load(s.a.row(i) + j), y = load(s.y.row(i) + j);
          const Pack<T> positive = a > Pack<T>{} ? constant<Pack<T>>(1.0) - y : -y;
          return log1p_unit(exp(-abs(a))) + (positive == Pack<T>{} ? Pack<T>{} : positive * a);
        });
      },
      [&](Index j, Pack<T> scale) {
        for (Index i = 0; i < s.a.rows; ++i) {
          const Pack<T> o = sigmoid(load(s.a.row(i) + j));
          store(s.delta->row(i) + j, (o - load(s.y.row(i) + j)) * scale);
        }
      });
}

// L(o, y) element by element, and scale dL/do into delta.
template <class T, class L>
void elementwise(const L& loss, MatrixView<const T> o, const Samples<T>& s) {
  const auto at = [&](MatrixView<const T> view, Index i, Index j) { return load(view.row(i) + j); };
  s.for_packs(
      [&](Index j) {
        return sum_entries<T>(o.rows,
                              [&](Index i) { return loss.value(at(o, i, j), at(s.y, i, j)); });
      },
      [&](Index j, Pack<T> scale) {
        for (Index i = 0; i < o.rows; ++i) {
          store(s.delta->row(i) + j, loss.gradient(at(o, i, j), at(s.y, i, j)) * scale);
        }
      });
}

// L = sum_i (v_i + e_i² exp(-v_i)) / 2, e = y - m; dL/dm = -e exp(-v), dL/dv = (1 - e² exp(-v)) / 2
template <class T>
void gaussian_nll(MatrixView<const T> o, const Samples<T>& s) {
  const Index n = o.rows / 2;
  const Pack<T> half = constant<Pack<T>>(0.5), one = constant<Pack<T>>(1.0);
  const auto v = [&](Index i, Index j) { return load(o.row(n + i) + j); };
  const auto error = [&](Index i, Index j) { return load(s.y.row(i) + j) - load(o.row(i) + j); };
  s.for_packs(
      [&](Index j) {
        return sum_entries<T>(n, [&](Index i) {
          const Pack<T> square = error(i, j) * error(i, j);
          return half * (v(i, j) + square * with_factor(exp(-v(i, j)), square));
        });
      },
      [&](Index j, Pack<T> scale) {
        for (Index i = 0; i < n; ++i) {
          const Pack<T> e = error(i, j), precision = exp(-v(i, j));
          const Pack<T> square = e * e, distance = square * with_factor(precision, square);
          store(s.delta->row(i) + j, -e * with_factor(precision, e) * scale);
          store(s.delta->row(n + i) + j, half * (one - distance) * scale);
        }
      });
}

}  // namespace

Loss default_loss(const Activation& output) {
  if (std::holds_alternative<Softmax>(output)) return CrossEntropy{};
  if (std::holds_alternative<Sigmoid>(output)) return BinaryCrossEntropy{};
  if (std::holds_alternative<Sign>(output)) return Perceptron{};
  return SquaredError{};
}

template <class T>
void loss_and_delta(const OutputLoss& output, const MatrixView<const T>& a,
                    const MatrixView<const T>& y, const MatrixView<T>& h, T* values, const T* scale,
                    MatrixView<T>* delta, const ActivationDerivatives<T>* linearization,
                    const OutputSteps<T>& steps) {
  const Samples<T> samples{a, y, h, values, scale, delta};
  if (steps.has_parts()) {
    std::fill_n(values, a.cols, T(0));
    return for_parts(
        steps, y, scale,
        [&](const auto& part, const auto& factor, const T* scaled, const OutputSteps<T>& inner) {
          T part_values[kNR<T>];
          MatrixView<T> part_delta;
          ActivationDerivatives<T> derivatives;
          if (delta) part_delta = part(*delta);
          if (linearization)
            derivatives = {part(linearization->slope), part(linearization->curvature)};
          loss_and_delta<T>(output, part(a), part(y), part(h), part_values, scaled,
                            delta ? &part_delta : nullptr, linearization ? &derivatives : nullptr,
                            inner);
          for (Index j = 0; j < a.cols; ++j) {
            values[j] += factor(j) > 0 ? factor(j) * part_values[j] : T(0);
          }
          if (delta) clear_absent(part_delta, factor);
        });
  }
  const auto& [activation, loss] = output;
  if (is_pair<Softmax, CrossEntropy>(activation, loss)) {
    const Index units = std::get<Softmax>(activation).units(a.rows);
    return samples.for_packs([&](Index j) { return softmax_cross_entropy(samples, units, j); },
                             [](Index, Pack<T>) {});
  }
  if (is_pair<Sigmoid, BinaryCrossEntropy>(activation, loss)) {
    return sigmoid_binary_cross_entropy(samples);
  }
  if (is_pair<Sign, Perceptron>(activation, loss)) return elementwise(Perceptron{}, a, samples);
  if (is_pair<Sign, Hinge>(activation, loss)) return elementwise(Hinge{}, a, samples);
  activate(activation, a, h);
  std::visit(
      [&](const auto& l) {
        if constexpr (std::is_same_v<std::decay_t<decltype(l)>, GaussianNLL>) {
          gaussian_nll<T>(h, samples);
        } else {
          elementwise<T>(l, h, samples);
        }
      },
      loss);
  if (delta && linearization) return linearize<T>(activation, a, h, *linearization, *delta);
  if (delta) differentiate<T>(activation, a, h, *delta);
}

template void loss_and_delta(const OutputLoss&, const MatrixView<const float>&,
                             const MatrixView<const float>&, const MatrixView<float>&, float*,
                             const float*, MatrixView<float>*, const ActivationDerivatives<float>*,
                             const OutputSteps<float>&);
template void loss_and_delta(const OutputLoss&, const MatrixView<const double>&,
                             const MatrixView<const double>&, const MatrixView<double>&, double*,
                             const double*, MatrixView<double>*,
                             const ActivationDerivatives<double>*, const OutputSteps<double>&);

}  // namespace fastmlp
