// Every optimizer that a user can name: the first-order update rules, and the methods that search.
#pragma once

#include "fastmlp/optim/methods.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp {

using AnyOptimizer = std::variant<Rule, Method>;

// Parameter groups in ascending order; without any, all parameters are weights of one group.
template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(AnyOptimizer optimizer, Index size,
                                             std::vector<ParameterGroup> groups = {});

}  // namespace fastmlp
