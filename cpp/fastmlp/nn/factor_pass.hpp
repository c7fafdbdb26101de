// A backward pass of anything by the pre-activations, from any node: of the columns of a factor S
// of a curvature matrix S Sᵀ, or of random numbers.
#pragma once

#include <functional>

#include "fastmlp/nn/passes.hpp"

namespace fastmlp {

// delta_k of all nodes k <= top: J_kᵀ delta of the nodes above, plus what `add(k, delta_k)` adds to
// it. Of nodes above `top` nothing is read.
template <class T>
void factor_pass(const Point<T>& point, Range samples, Index top,
                 const std::function<void(Index, const MatrixView<T>&)>& add);

}  // namespace fastmlp
