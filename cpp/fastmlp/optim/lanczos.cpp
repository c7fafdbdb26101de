#include "fastmlp/optim/lanczos.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <limits>

#include "fastmlp/kernels/rng.hpp"

namespace fastmlp {

// beta_{j+1} v_{j+1} = A v_j - alpha_j v_j - beta_j v_{j-1}, orthogonal to all v by two passes of
// Gram and Schmidt.
RitzPairs lanczos(Krylov use, Index n, Index k, const Eigen::VectorXd& start,
                  const std::function<void(const double*, double*)>& multiply) {
  k = std::min(n, k);
  Eigen::MatrixXd v(n, k);
  Eigen::VectorXd alpha(k), beta(k), next = start;
  Eigen::VectorXd product(n);
  double scale = 0;  // of A, as far as it has been seen
  Index size = 0;
  Rng rng(0, Stream::signs, 0);
  while (size < k) {
    double norm = next.norm();
    const bool ended =
        !(norm > std::numeric_limits<double>::epsilon() * static_cast<double>(n) * scale);
    if (ended && use == Krylov::step) break;
    if (size > 0) beta[size - 1] = ended ? 0 : norm;
    if (ended) {  // the space is invariant: a vector outside of it
      for (Index i = 0; i < n; ++i) next[i] = rng.normal();
      const auto basis = v.leftCols(size);
      for (int pass = 0; pass < 2; ++pass) next -= basis * (basis.transpose() * next);
      norm = next.norm();
    }
    v.col(size) = next / norm;
    multiply(v.col(size).data(), product.data());
    alpha[size] = v.col(size).dot(product);
    scale = std::max(scale, product.norm());
    next = product;
    const auto basis = v.leftCols(++size);
    for (int pass = 0; pass < 2; ++pass) next -= basis * (basis.transpose() * next);
  }
  if (size == 0) return {Eigen::MatrixXd(n, 0), Eigen::VectorXd(0)};
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  if (use == Krylov::spectrum) {
    solver.computeFromTridiagonal(alpha.head(size), beta.head(size - 1), Eigen::EigenvaluesOnly);
    return {{}, solver.eigenvalues()};
  }
  solver.computeFromTridiagonal(alpha.head(size), beta.head(size - 1));
  return {v.leftCols(size) * solver.eigenvectors(), solver.eigenvalues()};
}

}  // namespace fastmlp
