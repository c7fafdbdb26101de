// The family of first-order update rules. Adding one: a struct and its name in the list, both in
// gradient_rules.hpp or adaptive_rules.hpp, some lines in tests/reference_rules.py, a row in
// docs/lecture.md.
#pragma once

#include <variant>

#include "fastmlp/optim/adaptive_rules.hpp"
#include "fastmlp/optim/gradient_rules.hpp"

namespace fastmlp {

template <class... A, class... B>
std::variant<A..., B...> join(std::variant<A...>, std::variant<B...>);

using Rule = decltype(join(GradientRules{}, AdaptiveRules{}));

}  // namespace fastmlp
