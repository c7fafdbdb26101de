#include "fastmlp/optim/newton.hpp"

#include <cmath>
#include <limits>

#include "fastmlp/optim/dense_matrix.hpp"

namespace fastmlp {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// |p(lambda)| = |(H + lambda I)⁻¹ g|
double step_norm(const EigenSystem& h, double lambda) {
  return (h.c.array() / (h.lambda.array() + lambda)).matrix().norm();
}

}  // namespace

template <class T>
std::unique_ptr<LocalModel<T>> Newton::model(Index size) const {
  return std::make_unique<NewtonModel<T>>(size, damping);
}

template <class T>
NewtonModel<T>::NewtonModel(Index size, NumberOrWord damping)
    : damping_(std::move(damping)),
      trust_region_(damping_ == NumberOrWord(std::string("trust_region"))) {
  check_dense_matrices("Newton", 4, size, sizeof(double), "HessianFree");
}

template <class T>
void NewtonModel<T>::build(Penalized<T>& f, const T* w, T* g, ThreadTeam&) {
  const Eigen::MatrixXd hessian = dense_hessian<T>(f, w);
  finite_ = hessian.allFinite();
  if (!finite_) return;
  h_ = eigen_system(hessian, g);
  gain_ratio_.start(1e-3 * h_.lambda.cwiseAbs().maxCoeff());
  if (radius_ == 0) radius_ = 1;
}

template <class T>
bool NewtonModel<T>::is_convex() const {
  const double largest = h_.lambda.cwiseAbs().maxCoeff();
  const double noise = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * largest;
  return !trust_region_ || h_.lambda[0] >= -noise;
}

// Root of 1 / radius - 1 / |p(lambda)|, which is almost linear in lambda, by Newton's method with
// bisection as its safeguard (Nocedal & Wright, algorithm 4.3).
template <class T>
double NewtonModel<T>::damping_for_radius() const {
  const double least = std::max(0.0, -h_.lambda[0]);
  if (least == 0 && h_.lambda[0] > 0 && step_norm(h_, 0) <= radius_) return 0;
  double low = least, high = least + h_.c.norm() / radius_;
  double lambda = high;
  for (int i = 0; i < 100 && high - low > 4 * kEpsilon * high; ++i) {
    const Eigen::ArrayXd p = h_.c.array() / (h_.lambda.array() + lambda);
    const double norm = p.matrix().norm();
    (norm > radius_ ? low : high) = lambda;
    const double slope = (p.square() / (h_.lambda.array() + lambda)).sum();
    lambda += (norm - radius_) / radius_ * norm * norm / slope;
    if (!(lambda > low && lambda < high)) lambda = low + (high - low) / 2;
  }
  return high;
}

template <class T>
double NewtonModel<T>::solve(Penalized<T>&, const T*, T* p, ThreadTeam&) {
  double lambda = gain_ratio_.lambda;
  if (is_constant()) lambda = std::get<double>(damping_);
  if (trust_region_) lambda = damping_for_radius();
  const Index n = h_.c.size();
  step_ = -(h_.c.array() / (h_.lambda.array() + lambda));
  if (trust_region_) {
    // The hard case: g has no part along the eigenvector of negative curvature, and the step ends
    // inside the region; it goes on along that eigenvector, down on either side.
    for (Index i = 0; i < n; ++i) {
      if (!std::isfinite(step_[i])) step_[i] = 0;
    }
    const double left = radius_ * radius_ - step_.squaredNorm();
    if (h_.lambda[0] < 0 && left > 1e-3 * radius_ * radius_) {
      step_[0] += std::copysign(std::sqrt(left), -h_.c[0]);
    }
  } else if (!is_constant() && !(h_.lambda[0] + lambda > 0)) {
    return std::nan("");
  }
  if (!step_.allFinite()) return std::nan("");
  Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>(p, n) = (h_.q * step_).template cast<T>();
  return -(h_.c.dot(step_) + 0.5 * (h_.lambda.array() * step_.array().square()).sum());
}

// Trust region: Nocedal & Wright, algorithm 4.1.
template <class T>
bool NewtonModel<T>::accept(double ratio) {
  if (is_constant()) return !std::isnan(ratio);
  if (!trust_region_) return gain_ratio_.accept(ratio);
  const double norm = step_.norm();
  if (!(ratio >= 0.25)) {
    radius_ *= 0.25;
  } else if (ratio > 0.75 && norm > 0.99 * radius_) {
    radius_ *= 2;
  }
  return ratio > 0.15;
}

template <class T>
void NewtonModel<T>::visit_state(StateVisitor<T>& visitor) {
  visitor.scalar("radius", radius_, &kNonNegative);
  gain_ratio_.visit_state(visitor);
}

template class NewtonModel<float>;
template class NewtonModel<double>;
template std::unique_ptr<LocalModel<float>> Newton::model<float>(Index) const;
template std::unique_ptr<LocalModel<double>> Newton::model<double>(Index) const;

}  // namespace fastmlp
