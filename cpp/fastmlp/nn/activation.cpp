#include "fastmlp/nn/activation.hpp"

#include "fastmlp/kernels/softmax.hpp"

namespace fastmlp {
namespace {

// h = exp(a - max a) / sum
template <class T>
void softmax_row(Index n, const T* a, T* h) {
  const T total = exponentials(n, a, max_row(n, a), h);
  fill_row<T>(n, h, [&](Index j) { return load(h + j) / total; });
}

// g <- h ∘ (g - g·h)
template <class T>
void softmax_backward_row(Index n, const T* h, T* g) {
  const T dot = sum_row<T>(n, [&](Index j) { return load(g + j) * load(h + j); });
  fill_row<T>(n, g, [&](Index j) { return load(h + j) * (load(g + j) - dot); });
}

}  // namespace

bool uses_input(const Activation& activation) {
  return std::visit([](const auto& phi) { return phi.uses_input; }, activation);
}

template <class T>
void activate(const Activation& activation, Block<const T> a, Block<T> h) {
  if (a.data == h.data && std::holds_alternative<Identity>(activation)) return;
  std::visit(
      [&](const auto& phi) {
        using Phi = std::decay_t<decltype(phi)>;
        for (Index i = 0; i < a.rows; ++i) {
          const T* in = a.row(i);
          T* out = h.row(i);
          if constexpr (std::is_same_v<Phi, Softmax>) {
            softmax_row(a.cols, in, out);
          } else {
            fill_row<T>(a.cols, out, [&](Index j) { return phi.value(load(in + j)); });
          }
        }
      },
      activation);
}

template <class T>
void differentiate(const Activation& activation, Block<const T> a, Block<const T> h, Block<T> g) {
  std::visit(
      [&](const auto& phi) {
        using Phi = std::decay_t<decltype(phi)>;
        for (Index i = 0; i < g.rows; ++i) {
          const T *input = a.row(i), *output = h.row(i);
          T* delta = g.row(i);
          if constexpr (std::is_same_v<Phi, Softmax>) {
            softmax_backward_row(g.cols, output, delta);
          } else if constexpr (!std::is_same_v<Phi, Identity>) {
            fill_row<T>(g.cols, delta, [&](Index j) {
              return load(delta + j) * phi.derivative(load(input + j), load(output + j));
            });
          }
        }
      },
      activation);
}

template void activate(const Activation&, Block<const float>, Block<float>);
template void activate(const Activation&, Block<const double>, Block<double>);
template void differentiate(const Activation&, Block<const float>, Block<const float>,
                            Block<float>);
template void differentiate(const Activation&, Block<const double>, Block<const double>,
                            Block<double>);

}  // namespace fastmlp
