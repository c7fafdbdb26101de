// Gradients of single samples.
#pragma once

#include "fastmlp/nn/passes.hpp"

namespace fastmlp {

// g = dL/dw of one sample of the workspace after `backward`; g must be padded by one register.
template <class T>
void sample_gradient(const Plan<T>& plan, Index sample, const InputViews<T>& x,
                     const Workspace<T>& workspace, T* g);

}  // namespace fastmlp
