// The activations that tests apply to numbers.
#pragma once

#include <type_traits>

#include "fastmlp/nn/activation.hpp"

namespace fastmlp {

// f of every member but the one that has functions of a user.
template <class F>
void for_each_activation(F&& f) {
  for_each_member<Activation>([&](const auto& member) {
    if constexpr (!std::is_same_v<std::decay_t<decltype(member)>, CustomActivation>) f(member);
  });
}

}  // namespace fastmlp
