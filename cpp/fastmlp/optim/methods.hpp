// The family of methods that use curvature and search for their step. Each is a direction for line
// searches (`direction`) or a local model (`model`).
#pragma once

#include "fastmlp/optim/bfgs.hpp"
#include "fastmlp/optim/hessian_free.hpp"
#include "fastmlp/optim/lbfgs.hpp"
#include "fastmlp/optim/levenberg_marquardt.hpp"
#include "fastmlp/optim/newton.hpp"
#include "fastmlp/optim/nonlinear_cg.hpp"
#include "fastmlp/optim/saddle_free_newton.hpp"

namespace fastmlp {

using Method = std::variant<LBFGS, BFGS, NonlinearCG, Newton, SaddleFreeNewton, HessianFree,
                            LevenbergMarquardt>;

}  // namespace fastmlp
