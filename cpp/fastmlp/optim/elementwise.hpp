// One pass of an update rule over parameters, their gradient and the rule's state vectors.
#pragma once

#include <type_traits>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {

// update(w[i], g[i], state_0[i], …) for n entries; the sum of the values that it returns, if any.
template <class T, class Update, class... States>
double apply_elementwise(Index n, const Update& update, T* __restrict w, const T* __restrict g,
                         States* __restrict... states) {
  if constexpr (std::is_void_v<std::invoke_result_t<Update, T&, T, States&...>>) {
    for (Index i = 0; i < n; ++i) update(w[i], g[i], states[i]...);
    return 0;
  } else {
    return sum_in_double(n, [&](Index i) { return update(w[i], g[i], states[i]...); });
  }
}

// Calls apply_elementwise with as many of the state vectors as the update takes.
template <class T, class Update>
double apply_rule(Index n, const Update& update, T* w, const T* g, T* const* states) {
  if constexpr (std::is_invocable_v<Update, T&, T>) {
    return apply_elementwise(n, update, w, g);
  } else if constexpr (std::is_invocable_v<Update, T&, T, T&>) {
    return apply_elementwise(n, update, w, g, states[0]);
  } else if constexpr (std::is_invocable_v<Update, T&, T, T&, T&>) {
    return apply_elementwise(n, update, w, g, states[0], states[1]);
  } else {
    return apply_elementwise(n, update, w, g, states[0], states[1], states[2]);
  }
}

}  // namespace fastmlp
