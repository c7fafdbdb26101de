// The Hessian as a dense matrix with its eigenvalues, for methods of small problems.
#pragma once

#include <Eigen/Core>

#include "fastmlp/optim/objective.hpp"

namespace fastmlp {

// H = Q diag(lambda) Qᵀ, lambda ascending; c = Qᵀ g.
struct EigenSystem {
  Eigen::MatrixXd q;
  Eigen::VectorXd lambda, c;
};

// The Hessian of f at w from as many products as there are parameters, made symmetric.
template <class T>
Eigen::MatrixXd dense_hessian(Objective<T>& f, const T* w);

// Without a gradient c is empty. The one instance of the decomposition, which is large.
EigenSystem eigen_system(const Eigen::MatrixXd& h);
template <class T>
EigenSystem eigen_system(const Eigen::MatrixXd& h, const T* g);

}  // namespace fastmlp
