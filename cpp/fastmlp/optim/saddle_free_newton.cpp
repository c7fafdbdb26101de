#include "fastmlp/optim/saddle_free_newton.hpp"

#include <cmath>

#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/lanczos.hpp"

namespace fastmlp {
namespace {

template <class T>
class SaddleFreeModel final : public LocalModel<T> {
 public:
  SaddleFreeModel(Index size, Index krylov_size)
      : g_(size), krylov_size_(krylov_size), from_(size), to_(size) {}

  void build(Penalized<T>& f, const T* w, T* g, ThreadTeam&) override {
    for (Index i = 0; i < g_.size(); ++i) g_[i] = static_cast<double>(g[i]);
    f.set_point(w);
    finite_ = true;
    h_ = lanczos(Krylov::step, g_.size(), krylov_size_, g_, [&](const double* x, double* y) {
      for (Index i = 0; i < g_.size(); ++i) from_[i] = static_cast<T>(x[i]);
      f.hessian_product(w, from_.data(), to_.data());
      finite_ = finite_ && all_finite(g_.size(), to_.data());
      for (Index i = 0; i < g_.size(); ++i) y[i] = static_cast<double>(to_[i]);
    });
    if (!finite_) return;
    c_ = h_.v.transpose() * g_;
    outside_ = g_ - h_.v * c_;
    if (c_.size() > 0) gain_ratio_.start(1e-3 * h_.lambda.cwiseAbs().maxCoeff());
  }
  bool is_finite() const override { return finite_; }
  double solve(Penalized<T>&, const T*, T* p, ThreadTeam&) override {
    const double lambda = gain_ratio_.lambda;
    const Eigen::ArrayXd step = -c_.array() / (h_.lambda.array().abs() + lambda);
    const double along = lambda > 0 ? -1 / lambda : 0;
    const Eigen::VectorXd total = h_.v * step.matrix() + along * outside_;
    if (!total.allFinite()) return std::nan("");
    for (Index i = 0; i < total.size(); ++i) p[i] = static_cast<T>(total[i]);
    return -(c_.array() * step).sum() - 0.5 * (h_.lambda.array().abs() * step.square()).sum() -
           along * outside_.squaredNorm() * (1 + 0.5 * lambda * along);
  }
  bool accept(double ratio) override { return gain_ratio_.accept(ratio); }
  void visit_state(StateVisitor<T>& visitor) override { gain_ratio_.visit_state(visitor); }

 private:
  Eigen::VectorXd g_, c_, outside_;  // g, its coordinates in the Krylov space, and what is outside
  Index krylov_size_;
  bool finite_ = true;
  Buffer<T> from_, to_;
  RitzPairs h_;
  GainRatioDamping gain_ratio_;
};

}  // namespace

template <class T>
std::unique_ptr<LocalModel<T>> SaddleFreeNewton::model(Index size) const {
  return std::make_unique<SaddleFreeModel<T>>(size, krylov_size);
}

template std::unique_ptr<LocalModel<float>> SaddleFreeNewton::model<float>(Index) const;
template std::unique_ptr<LocalModel<double>> SaddleFreeNewton::model<double>(Index) const;

}  // namespace fastmlp
