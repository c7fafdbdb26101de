#include "fastmlp/optim/dense_curvature.hpp"

#include <Eigen/Eigenvalues>

namespace fastmlp {

template <class T>
Eigen::MatrixXd dense_hessian(Objective<T>& f, const T* w) {
  const Index n = f.size();
  Eigen::MatrixXd h(n, n);
  Buffer<T> unit(n), product(n);
  f.set_point(w);
  for (Index j = 0; j < n; ++j) {
    unit[j] = 1;
    f.hessian_product(w, unit.data(), product.data());
    unit[j] = 0;
    for (Index i = 0; i < n; ++i) h(i, j) = static_cast<double>(product[i]);
  }
  return (h + h.transpose()) / 2;
}

EigenSystem eigen_system(const Eigen::MatrixXd& h) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(h);
  return {solver.eigenvectors(), solver.eigenvalues(), {}};
}

template <class T>
EigenSystem eigen_system(const Eigen::MatrixXd& h, const T* g) {
  EigenSystem system = eigen_system(h);
  const Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> gradient(g, h.rows());
  system.c = system.q.transpose() * gradient.template cast<double>();
  return system;
}

template Eigen::MatrixXd dense_hessian(Objective<float>&, const float*);
template Eigen::MatrixXd dense_hessian(Objective<double>&, const double*);
template EigenSystem eigen_system(const Eigen::MatrixXd&, const float*);
template EigenSystem eigen_system(const Eigen::MatrixXd&, const double*);

}  // namespace fastmlp
