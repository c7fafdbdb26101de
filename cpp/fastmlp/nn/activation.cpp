#include "fastmlp/nn/activation.hpp"

#include <algorithm>
#include <stdexcept>

#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/kernels/softmax.hpp"

namespace fastmlp {
namespace {

// f(j) for every pack of samples (columns) of a view.
template <class T, class F>
void for_packs(MatrixView<T> view, F&& f) {
  for (Index j = 0; j < view.cols; j += kLanes<T>) f(j);
}

// f(i, j) for every pack of a view; contiguous rows of whole packs count as a single row.
template <class T, class F>
void for_elements(MatrixView<T> out, F&& f) {
  const bool contiguous = round_up(out.cols, kLanes<T>) == out.stride;
  const Index rows = contiguous ? 1 : out.rows;
  const Index length = contiguous ? out.rows * out.stride : out.cols;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < length; j += kLanes<T>) f(i, j);
  }
}

// f(view of the rows ...) for each group of units that a softmax couples.
template <class F, class T, class... Rest>
void for_groups(const Softmax& phi, F&& f, const MatrixView<T>& first, const Rest&... rest) {
  const Index units = phi.units(first.rows);
  for (Index i = 0; i < first.rows; i += units) f(first.part(i, units), rest.part(i, units)...);
}

// h = exp(a - max a) / sum
template <class T>
void softmax(const Softmax& phi, const MatrixView<const T>& all_a, const MatrixView<T>& all_h) {
  const auto normalize = [](const MatrixView<const T>& a, const MatrixView<T>& h) {
    for_packs(h, [&](Index j) {
      const Pack<T> shift = max_entry(a.rows, a.data + j, a.stride);
      const Pack<T> total = exponentials(a.rows, a.data + j, a.stride, shift, h.data + j, h.stride);
      for (Index i = 0; i < h.rows; ++i) store(h.row(i) + j, load(h.row(i) + j) / total);
    });
  };
  for_groups(phi, normalize, all_a, all_h);
}

// The same of one sample, with its entries in the lanes.
template <class T>
void softmax_one(const Softmax& phi, Index n, T* all_h) {
  const Index units = phi.units(n);
  const auto for_entries = [units](T* h, auto&& f) {
    for (Index i = 0; i < units; i += kLanes<T>) {
      const Index count = std::min(kLanes<T>, units - i);
      store_first(h + i, f(load_first(h + i, count), first_lanes<T>(count)), count);
    }
  };
  for (T* h = all_h; h < all_h + n; h += units) {
    Pack<T> top = clamp_to_finite(*h - Pack<T>{}), sum{};
    for_entries(h, [&](Pack<T> a, Mask<T> valid) {
      top = max(valid ? clamp_to_finite(a) : top, top);
      return a;
    });
    top = reduce<T>(top, [](Pack<T> x, Pack<T> y) { return max(x, y); }) - Pack<T>{};
    for_entries(h, [&](Pack<T> a, Mask<T> valid) {
      const Pack<T> e = exp(clamp_to_finite(a) - top);
      sum += valid ? e : Pack<T>{};
      return e;
    });
    const Pack<T> total = reduce_add<T>(sum) - Pack<T>{};
    for_entries(h, [&](Pack<T> e, Mask<T>) { return e / total; });
  }
}

// g <- h ∘ (g - g·h)
template <class T>
void softmax_backward(const Activation& phi, const MatrixView<const T>& all_h,
                      const MatrixView<T>& all_g) {
  const auto multiply = [](const MatrixView<const T>& h, const MatrixView<T>& g) {
    for_packs(g, [&](Index j) {
      const Pack<T> dot =
          sum_entries<T>(g.rows, [&](Index i) { return load(g.row(i) + j) * load(h.row(i) + j); });
      for (Index i = 0; i < g.rows; ++i) {
        store(g.row(i) + j, load(h.row(i) + j) * (load(g.row(i) + j) - dot));
      }
    });
  };
  for_groups(std::get<Softmax>(phi), multiply, all_h, all_g);
}

// f of the numbers of a view, its padding left out, in rows without gaps.
template <class T>
std::vector<T> apply(const UserFunction& f, const MatrixView<const T>& a) {
  std::vector<T> numbers;
  numbers.reserve(static_cast<std::size_t>(a.rows * a.cols));
  for (Index i = 0; i < a.rows; ++i) numbers.insert(numbers.end(), a.row(i), a.row(i) + a.cols);
  f->apply(a.rows * a.cols, numbers.data(), numbers.data());
  return numbers;
}

// out = f(a), or its product with `factor`.
template <class T>
void apply(const UserFunction& f, const MatrixView<const T>& a, const MatrixView<const T>& factor,
           const MatrixView<T>& out) {
  const std::vector<T> values = apply(f, a);
  const T* value = values.data();
  for (Index i = 0; i < a.rows; ++i) {
    for (Index j = 0; j < a.cols; ++j, ++value) {
      out.row(i)[j] = factor.data ? *value * factor.row(i)[j] : *value;
    }
  }
}

}  // namespace

void require_second_derivative(const Activation& activation) {
  const auto* custom = std::get_if<CustomActivation>(&activation);
  if (!custom || custom->functions->second_derivative) return;
  throw std::invalid_argument(
      "Activation: second_derivative is missing, expected a function, because second derivatives "
      "of the loss are asked for");
}

bool uses_input(const Activation& activation) {
  return std::visit([](const auto& phi) { return phi.uses_input; }, activation);
}

template <class T>
void activate(const Activation& activation, const MatrixView<const T>& a, const MatrixView<T>& h) {
  if (a.data == h.data && std::holds_alternative<Identity>(activation)) return;
  std::visit(
      [&](const auto& phi) {
        if constexpr (std::is_same_v<std::decay_t<decltype(phi)>, Softmax>) {
          softmax(phi, a, h);
        } else if constexpr (std::is_same_v<std::decay_t<decltype(phi)>, CustomActivation>) {
          apply<T>(phi.functions->f, a, {}, h);
        } else {
          for_elements(h, [phi, from = a, to = h](Index i, Index j) {
            store(to.row(i) + j, phi.value(load(from.row(i) + j)));
          });
        }
      },
      activation);
}

template <class T>
void activate_with_slope(const Activation& activation, const MatrixView<T>& a,
                         const MatrixView<T>& h) {
  std::visit(
      [&](const auto& phi) {
        if constexpr (std::decay_t<decltype(phi)>::traits.shares_work) {
          for_elements(h, [phi, from = a, to = h](Index i, Index j) {
            const Pack<T> x = load(from.row(i) + j), value = phi.value(x);
            store(from.row(i) + j, phi.derivative(x, value));
            store(to.row(i) + j, value);
          });
        }
      },
      activation);
}

template <class T>
void activate_one(const Activation& activation, Index n, T* h) {
  if (const auto* phi = std::get_if<Softmax>(&activation)) return softmax_one(*phi, n, h);
  activate<T>(activation, MatrixView<const T>{h, 1, n, n}, {h, 1, n, n});
}

template <class T>
void differentiate(const Activation& activation, const MatrixView<const T>& a,
                   const MatrixView<const T>& h, const MatrixView<T>& g, bool has_slope) {
  if (has_slope) {
    return for_elements(g, [a = a, to = g](Index i, Index j) {
      store(to.row(i) + j, load(to.row(i) + j) * load(a.row(i) + j));
    });
  }
  std::visit(
      [&](const auto& phi) {
        using Phi = std::decay_t<decltype(phi)>;
        if constexpr (std::is_same_v<Phi, Softmax>) {
          softmax_backward(activation, h, g);
        } else if constexpr (std::is_same_v<Phi, CustomActivation>) {
          apply<T>(phi.functions->derivative, a, g, g);
        } else if constexpr (!std::is_same_v<Phi, Identity>) {
          for_elements(g, [phi, a = a, h = h, to = g](Index i, Index j) {
            const Pack<T> slope = phi.derivative(load(a.row(i) + j), load(h.row(i) + j));
            store(to.row(i) + j, load(to.row(i) + j) * slope);
          });
        }
      },
      activation);
}

template <class T>
void linearize(const Activation& activation, const MatrixView<const T>& a,
               const MatrixView<const T>& h, const ActivationDerivatives<T>& point,
               const MatrixView<T>& g) {
  if (couples_units(activation)) {
    copy<const T>(g, point.curvature);
    return softmax_backward(activation, h, g);
  }
  for_elements(g, [&](Index i, Index j) { store(point.slope.row(i) + j, constant<Pack<T>>(1.0)); });
  differentiate<T>(activation, a, h, point.slope);
  std::visit(
      [&](const auto& phi) {
        using Phi = std::decay_t<decltype(phi)>;
        if constexpr (std::is_same_v<Phi, CustomActivation>) {
          const std::optional<UserFunction>& second = phi.functions->second_derivative;
          if (second) apply<T>(*second, a, g, point.curvature);
        } else if constexpr (!std::is_same_v<Phi, Softmax>) {
          for_elements(g, [&, phi](Index i, Index j) {
            const Pack<T> curvature = phi.second_derivative(load(a.row(i) + j), load(h.row(i) + j));
            store(point.curvature.row(i) + j, curvature * load(g.row(i) + j));
          });
        }
      },
      activation);
  for_elements(g, [&](Index i, Index j) {
    store(g.row(i) + j, load(g.row(i) + j) * load(point.slope.row(i) + j));
  });
}

template <class T>
void r_activate(const Activation& activation, const MatrixView<const T>& h,
                const ActivationDerivatives<T>& point, const MatrixView<T>& ra,
                const MatrixView<T>& rh) {
  if (couples_units(activation)) {
    copy<const T>(ra, rh);
    return softmax_backward(activation, h, rh);  // the Jacobian of softmax is symmetric
  }
  for_elements(rh, [&](Index i, Index j) {
    const Pack<T> direction = load(ra.row(i) + j);
    store(rh.row(i) + j, load(point.slope.row(i) + j) * direction);
    store(ra.row(i) + j, load(point.curvature.row(i) + j) * direction);
  });
}

namespace {

// delta = h ∘ (g - g·h), so delta' = h ∘ (g' - g'·h - g·h') + h' ∘ (g - g·h).
template <class T>
void r_softmax_backward(const MatrixView<const T>& h, const MatrixView<const T>& g,
                        const MatrixView<const T>& rh, const MatrixView<T>& rg) {
  for_packs(rg, [&](Index j) {
    const auto at = [&](const auto& view, Index i) { return load(view.row(i) + j); };
    const auto dot = [&](const auto& x, const auto& y) {
      return sum_entries<T>(h.rows, [&](Index i) { return at(x, i) * at(y, i); });
    };
    const Pack<T> g_h = dot(g, h), r_g_h = dot(rg, h) + dot(g, rh);
    for (Index i = 0; i < h.rows; ++i) {
      store(rg.row(i) + j, at(h, i) * (at(rg, i) - r_g_h) + at(rh, i) * (at(g, i) - g_h));
    }
  });
}

}  // namespace

template <class T>
void r_differentiate(const Activation& activation, const MatrixView<const T>& h,
                     const ActivationDerivatives<T>& point, const MatrixView<const T>& ra,
                     const MatrixView<const T>& rh, const MatrixView<T>& rg) {
  const bool gauss_newton = ra.data == nullptr;
  if (couples_units(activation)) {
    if (gauss_newton) return softmax_backward(activation, h, rg);
    return for_groups(std::get<Softmax>(activation), r_softmax_backward<T>, h,
                      MatrixView<const T>(point.curvature), rh, rg);
  }
  for_elements(rg, [&](Index i, Index j) {
    const Pack<T> term = gauss_newton ? Pack<T>{} : load(ra.row(i) + j);
    store(rg.row(i) + j, load(point.slope.row(i) + j) * load(rg.row(i) + j) + term);
  });
}

#define FASTMLP_INSTANTIATE(T)                                                               \
  template void linearize(const Activation&, const MatrixView<const T>&,                     \
                          const MatrixView<const T>&, const ActivationDerivatives<T>&,       \
                          const MatrixView<T>&);                                             \
  template void r_activate(const Activation&, const MatrixView<const T>&,                    \
                           const ActivationDerivatives<T>&, const MatrixView<T>&,            \
                           const MatrixView<T>&);                                            \
  template void r_differentiate(const Activation&, const MatrixView<const T>&,               \
                                const ActivationDerivatives<T>&, const MatrixView<const T>&, \
                                const MatrixView<const T>&, const MatrixView<T>&);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

template void activate(const Activation&, const MatrixView<const float>&, const MatrixView<float>&);
template void activate(const Activation&, const MatrixView<const double>&,
                       const MatrixView<double>&);
template void activate_with_slope(const Activation&, const MatrixView<float>&,
                                  const MatrixView<float>&);
template void activate_with_slope(const Activation&, const MatrixView<double>&,
                                  const MatrixView<double>&);
template void activate_one(const Activation&, Index, float*);
template void activate_one(const Activation&, Index, double*);
template void differentiate(const Activation&, const MatrixView<const float>&,
                            const MatrixView<const float>&, const MatrixView<float>&, bool);
template void differentiate(const Activation&, const MatrixView<const double>&,
                            const MatrixView<const double>&, const MatrixView<double>&, bool);

}  // namespace fastmlp
