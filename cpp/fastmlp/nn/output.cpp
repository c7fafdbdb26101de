#include "fastmlp/nn/output.hpp"

#include "fastmlp/kernels/softmax.hpp"

namespace fastmlp {
namespace {

template <class T>
struct Rows {
  Block<const T> a, y;
  Block<T> h;
  T* values;
  const T* scale;
  Block<T>* delta;
};

// Softmax with cross-entropy: the shift by max a cancels in lse(a) - a.
template <class T>
void softmax_cross_entropy(const Rows<T>& r) {
  const Index n = r.a.cols;
  for (Index i = 0; i < r.a.rows; ++i) {
    const T *a = r.a.row(i), *y = r.y.row(i);
    T* o = r.h.row(i);
    const T shift = max_row(n, a), total = exponentials(n, a, shift, o);
    const T log_total = log(broadcast(total))[0];
    r.values[i] = sum_row<T>(n, [&](Index j) {
      const Pack<T> target = load(y + j);
      return target == Pack<T>{} ? Pack<T>{} : target * (log_total - (finite(load(a + j)) - shift));
    });
    if (!r.delta) continue;
    const T target_sum = sum_row<T>(n, [&](Index j) { return load(y + j); });
    const T factor = target_sum / total, s = r.scale[i];
    fill_row<T>(n, r.delta->row(i),
                [&](Index j) { return (load(o + j) * factor - load(y + j)) * s; });
  }
}

template <class T>
void sigmoid_binary_cross_entropy(const Rows<T>& r) {
  const Index n = r.a.cols;
  for (Index i = 0; i < r.a.rows; ++i) {
    const T *a = r.a.row(i), *y = r.y.row(i);
    // softplus(a) - y a = log(1 + e^-|a|) + (a if a > 0) - y a, without the cancellation of large
    // terms
    r.values[i] = sum_row<T>(n, [&](Index j) {
      const Pack<T> x = load(a + j), t = load(y + j);
      const Pack<T> positive = x > Pack<T>{} ? constant<Pack<T>>(1.0) - t : -t;
      return log1p_unit(exp(-abs(x))) + (positive == Pack<T>{} ? Pack<T>{} : positive * x);
    });
    if (!r.delta) continue;
    const T s = r.scale[i];
    fill_row<T>(n, r.delta->row(i),
                [&](Index j) { return (sigmoid(load(a + j)) - load(y + j)) * s; });
  }
}

// L(o, y) element by element, and s dL/do into delta.
template <class T, class L>
void elementwise(const L& loss, Block<const T> o, const Rows<T>& r) {
  const Index n = o.cols;
  for (Index i = 0; i < o.rows; ++i) {
    const T *out = o.row(i), *y = r.y.row(i);
    r.values[i] = sum_row<T>(n, [&](Index j) { return loss.value(load(out + j), load(y + j)); });
    if (!r.delta) continue;
    const T s = r.scale[i];
    fill_row<T>(n, r.delta->row(i),
                [&](Index j) { return loss.gradient(load(out + j), load(y + j)) * s; });
  }
}

// L = sum_j (s_j + e_j² exp(-s_j)) / 2, e = y - m; dL/dm = -e exp(-s), dL/ds = (1 - e² exp(-s)) / 2
template <class T>
void gaussian_nll(Block<const T> o, const Rows<T>& r) {
  const Index n = o.cols / 2;
  for (Index i = 0; i < o.rows; ++i) {
    const T *m = o.row(i), *s = m + n, *y = r.y.row(i);
    const auto precision = [&](Index j) { return exp(-load(s + j)); };
    const auto error = [&](Index j) { return load(y + j) - load(m + j); };
    const Pack<T> half = constant<Pack<T>>(0.5), one = constant<Pack<T>>(1.0);
    r.values[i] = sum_row<T>(
        n, [&](Index j) { return half * (load(s + j) + error(j) * error(j) * precision(j)); });
    if (!r.delta) continue;
    T* delta = r.delta->row(i);
    for (Index j = 0; j < n; j += kLanes<T>) {
      const Index lanes = std::min(kLanes<T>, n - j);
      const Pack<T> e = error(j), p = precision(j);
      store_first(delta + j, -e * p * r.scale[i], lanes);
      store_first(delta + n + j, half * (one - e * e * p) * r.scale[i], lanes);
    }
  }
}

template <class Phi, class L>
constexpr bool is_pair(const Activation& activation, const Loss& loss) {
  return std::holds_alternative<Phi>(activation) && std::holds_alternative<L>(loss);
}

}  // namespace

Loss default_loss(const Activation& output) {
  if (std::holds_alternative<Softmax>(output)) return CrossEntropy{};
  if (std::holds_alternative<Sigmoid>(output)) return BinaryCrossEntropy{};
  if (std::holds_alternative<Sign>(output)) return Perceptron{};
  return SquaredError{};
}

template <class T>
void evaluate(const Output& output, Block<const T> a, Block<const T> y, Block<T> h, T* values,
              const T* scale, Block<T>* delta) {
  const Rows<T> rows{a, y, h, values, scale, delta};
  const auto& [activation, loss] = output;
  if (is_pair<Softmax, CrossEntropy>(activation, loss)) return softmax_cross_entropy(rows);
  if (is_pair<Sigmoid, BinaryCrossEntropy>(activation, loss)) {
    return sigmoid_binary_cross_entropy(rows);
  }
  if (is_pair<Sign, Perceptron>(activation, loss)) return elementwise(Perceptron{}, a, rows);
  if (is_pair<Sign, Hinge>(activation, loss)) return elementwise(Hinge{}, a, rows);
  activate(activation, a, h);
  std::visit(
      [&](const auto& l) {
        if constexpr (std::is_same_v<std::decay_t<decltype(l)>, GaussianNLL>) {
          gaussian_nll<T>(h, rows);
        } else {
          elementwise<T>(l, h, rows);
        }
      },
      loss);
  if (delta) differentiate<T>(activation, a, h, *delta);
}

template void evaluate(const Output&, Block<const float>, Block<const float>, Block<float>, float*,
                       const float*, Block<float>*);
template void evaluate(const Output&, Block<const double>, Block<const double>, Block<double>,
                       double*, const double*, Block<double>*);

}  // namespace fastmlp
