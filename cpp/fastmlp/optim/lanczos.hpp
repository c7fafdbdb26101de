// Lanczos' method with full reorthogonalisation (Golub & Van Loan 2013, chapter 10): the part of a
// symmetric matrix in a Krylov space.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// A V = V diag(lambda) approximately, in at most k columns of V, which are orthonormal; lambda
// ascending.
struct RitzPairs {
  Eigen::MatrixXd v;
  Eigen::VectorXd lambda;
};

// What the vectors are wanted for: a step, in the space of the start vector, which may have fewer
// than k dimensions; or eigenvalues alone, also those outside of that space, in exactly min(k, n).
enum class Krylov { step, spectrum };

// `multiply(x, y)` computes y = A x for n entries.
RitzPairs lanczos(Krylov use, Index n, Index k, const Eigen::VectorXd& start,
                  const std::function<void(const double*, double*)>& multiply);

}  // namespace fastmlp
