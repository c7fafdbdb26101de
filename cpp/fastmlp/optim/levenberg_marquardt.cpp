#include "fastmlp/optim/levenberg_marquardt.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <stdexcept>

#include "fastmlp/optim/dense_matrix.hpp"
#include "fastmlp/optim/residual_objective.hpp"

namespace fastmlp {
namespace {

using Normal = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
class DampedNormalEquations final : public LocalModel<T> {
 public:
  DampedNormalEquations(Index size, double initial_damping)
      : initial_damping_(initial_damping), g_(size) {
    check_dense_matrices("LevenbergMarquardt", 3, size, sizeof(double), "LBFGS");
    normal_.resize(size, size);
  }

  double evaluate(Penalized<T>& f, const T* w, T*) override { return f.value(w); }
  bool evaluates_gradient() const override { return false; }

  void build(Penalized<T>& f, const T* w, T* g, ThreadTeam&) override {
    auto* residuals = dynamic_cast<ResidualObjective<T>*>(&f.base());
    if (!residuals) {
      throw std::invalid_argument(
          "LevenbergMarquardt: the objective has no residuals, expected squared_error, or "
          "fm.least_squares; for another loss use LBFGS or HessianFree");
    }
    residuals->normal_equations(w, normal_.data(), g_.data());
    for (Index i = 0; i < g_.size(); ++i) g[i] = static_cast<T>(g_[i]);
    f.penalty(w, g);
    for (Index i = 0; i < g_.size(); ++i) {
      g_[i] = static_cast<double>(g[i]);
      normal_(i, i) += f.groups().l2_of(i);
    }
    gain_ratio_.start(initial_damping_ * normal_.diagonal().maxCoeff());
  }

  double solve(Penalized<T>&, const T*, T* p, ThreadTeam&) override {
    damped_ = normal_;
    damped_.diagonal().array() += gain_ratio_.lambda;
    factors_.compute(damped_);
    if (factors_.info() != Eigen::Success) return std::nan("");
    step_ = -factors_.solve(g_);
    if (!step_.allFinite()) return std::nan("");
    for (Index i = 0; i < step_.size(); ++i) p[i] = static_cast<T>(step_[i]);
    return 0.5 * step_.dot(gain_ratio_.lambda * step_ - g_);
  }

  bool accept(double ratio) override { return gain_ratio_.accept(ratio); }
  void visit_state(StateVisitor<T>& visitor) override { gain_ratio_.visit_state(visitor); }

 private:
  double initial_damping_;
  Normal normal_, damped_;
  Eigen::LLT<Normal, Eigen::Lower> factors_;
  Eigen::VectorXd g_, step_;
  GainRatioDamping gain_ratio_;
};

}  // namespace

template <class T>
std::unique_ptr<LocalModel<T>> LevenbergMarquardt::model(Index size) const {
  return std::make_unique<DampedNormalEquations<T>>(size, initial_damping);
}

template std::unique_ptr<LocalModel<float>> LevenbergMarquardt::model<float>(Index) const;
template std::unique_ptr<LocalModel<double>> LevenbergMarquardt::model<double>(Index) const;

}  // namespace fastmlp
