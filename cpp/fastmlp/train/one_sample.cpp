#include "fastmlp/train/one_sample.hpp"

#include <algorithm>

#include "fastmlp/nn/dense_map.hpp"
#include "fastmlp/nn/epilogue.hpp"

namespace fastmlp {
namespace {

// The features of a node as one row, the units of an activation side by side.
template <class T>
MatrixView<T> as_row(T* features, const Node& node) {
  return {features, 1, node.rows, node.rows};
}

// y (Packs packs of columns) = Wᵀ x, in Chains independent sums of every Chains-th row. The last
// pack has `count` columns, and behind the last row W may end.
template <class T, int Packs, int Chains>
[[gnu::always_inline]] inline void sum_weighted_rows(Index rows, Index stride, const T* w,
                                                     const T* x, Index count, T* y) {
  Pack<T> sum[Chains][Packs] = {};
  Index i = 0;
  for (; i + Chains < rows; i += Chains) {
#pragma GCC unroll 4
    for (int c = 0; c < Chains; ++c) {
#pragma GCC unroll 4
      for (int p = 0; p < Packs; ++p) {
        sum[c][p] += load(w + (i + c) * stride + p * kLanes<T>) * x[i + c];
      }
    }
  }
  for (; i < rows; ++i) {
#pragma GCC unroll 4
    for (int p = 0; p < Packs; ++p) {
      const T* from = w + i * stride + p * kLanes<T>;
      sum[0][p] += (p + 1 < Packs ? load(from) : load_first(from, count)) * x[i];
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < Packs; ++p) {
#pragma GCC unroll 4
    for (int c = 1; c < Chains; ++c) sum[0][p] += sum[c][p];
    store(y + p * kLanes<T>, sum[0][p]);
  }
}

// y (n, up to a whole pack) = Wᵀ x for W (rows, n). Where there are four packs, they are the
// independent sums, and their memory is contiguous.
template <class T>
void multiply_transposed(Index rows, Index n, const T* w, const T* x, T* y) {
  constexpr Index kWide = 4 * kLanes<T>;
  Index j = 0;
  for (; j + kWide <= n; j += kWide) {
    sum_weighted_rows<T, 4, 1>(rows, n, w + j, x, kLanes<T>, y + j);
  }
  for (; j < n; j += kLanes<T>) {
    sum_weighted_rows<T, 1, 4>(rows, n, w + j, x, std::min(kLanes<T>, n - j), y + j);
  }
}

// G (rows, n) = u vᵀ, by whole packs: what is written behind a row is overwritten by the next.
template <class T>
void multiply_outer(Index rows, Index n, const T* u, const T* v, T* g) {
  for (Index i = 0; i < rows; ++i, g += n) {
    for (Index j = 0; j < n; j += kLanes<T>) store(g + j, load(v + j) * u[i]);
  }
}

}  // namespace

template <class T>
bool OneSample<T>::suits(const Plan<T>& plan) {
  Index node = 0;
  for (const Term<T>& term : plan.terms()) {
    const Node& made = plan.node(term.output);
    const bool hidden = &term != &plan.terms().back();
    const bool follows = term.input == node && term.output == ++node;
    if (!follows || !dynamic_cast<const DenseMap<T>*>(term.map)) return false;
    if (made.bias_rows.size() > 0 || (hidden && couples_units(made.phi))) return false;
  }
  for (const GradientPart& part : plan.parts()) {
    for (const GradientBlock& block : part.blocks) {
      if (block.uses.size() != 1) return false;
    }
  }
  return node + 1 == static_cast<Index>(plan.nodes().size());
}

template <class T>
OneSample<T>::OneSample(const Plan<T>& plan, const OutputLoss& output)
    : plan_(plan),
      output_(output),
      h_(plan.sample_size()),
      a_(plan.sample_size()),
      delta_(plan.sample_size()),
      output_a_(plan.outputs(), 1),
      output_h_(output_a_),
      output_delta_(output_a_) {}

template <class T>
double OneSample<T>::pass(const T* w, Batch<T>& batch, bool backward) {
  batch.gather_one(output_.loss, h_.data());
  forward(w, backward);
  const double loss = output_loss(batch, backward);
  if (backward) this->backward(w);
  return loss;
}

// To the pre-activations of the output.
template <class T>
void OneSample<T>::forward(const T* w, bool backward) {
  for (const Term<T>& term : plan_.terms()) {
    const Node& node = plan_.node(term.output);
    T* a = preactivation(node);
    gemv(node.rows, term.map->inputs(), w + term.weights, h(plan_.node(term.input)),
         term.bias == kNone ? nullptr : w + term.bias, a);
    if (&term == &plan_.terms().back()) return;
    Activate<T>(node.phi, a, h(node), backward && node.keeps_slope)
        .apply(a, 1, node.rows, node.rows);
  }
}

template <class T>
double OneSample<T>::output_loss(Batch<T>& batch, bool backward) {
  const Node& node = plan_.nodes().back();
  const MatrixView<T> a = output_a_.view();
  MatrixView<T> d = output_delta_.view();
  for (Index i = 0; i < node.rows; ++i) *a.row(i) = preactivation(node)[i];
  T value = 0;
  loss_and_delta<T>(output_, a, batch.y({0, 1}), output_h_.view(), &value, batch.scale(),
                    backward ? &d : nullptr);
  for (Index i = 0; i < node.rows && backward; ++i) delta(node)[i] = *d.row(i);
  return static_cast<double>(batch.scale()[0]) * static_cast<double>(value);
}

template <class T>
void OneSample<T>::backward(const T* w) {
  for (auto term = plan_.terms().rbegin(); term->propagates; ++term) {
    const Node &node = plan_.node(term->output), &below = plan_.node(term->input);
    multiply_transposed(node.rows, below.rows, w + term->weights, delta(node), delta(below));
    differentiate<T>(below.phi, as_row(preactivation(below), below), as_row(h(below), below),
                     as_row(delta(below), below), below.keeps_slope);
  }
}

template <class T>
void OneSample<T>::gradient(const GradientPart& part, T* g) const {
  for (const GradientBlock& block : part.blocks) {
    const Index use = block.uses.front();
    const Term<T>& term = plan_.terms()[static_cast<std::size_t>(block.bias ? use - 1 : use)];
    const T* d = delta_.data() + plan_.node(term.output).offset + block.rows.begin;
    const Index n = block.rows.size();
    T* to = g + block.offset;
    if (block.bias) {
      for (Index i = 0; i < n; i += kLanes<T>) store(to + i, load(d + i));
    } else {
      multiply_outer(n, term.map->inputs(), d, h_.data() + plan_.node(term.input).offset, to);
    }
  }
}

template <class T>
Index OneSample<T>::mistakes() const {
  if (!std::holds_alternative<Sign>(plan_.output())) return 0;
  const T* d = delta_.data() + plan_.nodes().back().offset;
  return std::count_if(d, d + plan_.outputs(), [](T value) { return value != 0; });
}

template class OneSample<float>;
template class OneSample<double>;

}  // namespace fastmlp
