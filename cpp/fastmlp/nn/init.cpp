#include "fastmlp/nn/init.hpp"

#include <Eigen/QR>
#include <algorithm>

namespace fastmlp {

void IndependentInit::uniform(double variance, Index count, Rng& rng, double* w) {
  const double limit = std::sqrt(3.0 * variance);  // U(-limit, limit) has variance limit² / 3
  for (Index i = 0; i < count; ++i) w[i] = limit * (2.0 * rng.uniform() - 1.0);
}

void IndependentInit::normal(double variance, Index count, Rng& rng, double* w) {
  const double stddev = std::sqrt(variance);
  for (Index i = 0; i < count; ++i) w[i] = stddev * rng.normal();
}

// Q of the QR factors of a Gaussian matrix, columns signed by R's diagonal: uniform over orthogonal
// matrices (Mezzadri 2007).
void Orthogonal::fill(Index n_in, Index n_out, Rng& rng, double* w) const {
  const Index longer = std::max(n_in, n_out), shorter = std::min(n_in, n_out);
  Eigen::MatrixXd gaussian(longer, shorter);
  IndependentInit::normal(1.0, gaussian.size(), rng, gaussian.data());
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
  Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(longer, shorter);
  for (Index j = 0; j < shorter; ++j) q.col(j) *= qr.matrixQR()(j, j) < 0.0 ? -gain : gain;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<RowMajor> weights(w, n_out, n_in);
  if (n_out == longer) {
    weights = q;
  } else {
    weights = q.transpose();
  }
}

}  // namespace fastmlp
