#include "fastmlp/optim/hessian_free.hpp"

#include <cmath>
#include <vector>

namespace fastmlp {
namespace {

constexpr double kStartShare = 0.95;  // of the last solution, where CG starts
constexpr double kMinProgress = 5e-4;

template <class T>
class TruncatedNewton final : public LocalModel<T> {
 public:
  TruncatedNewton(Index size, const HessianFree& options)
      : options_(options),
        lambda_(options.initial_damping),
        last_(size),
        g_(size),
        x_(size),
        r_(size),
        d_(size),
        bd_(size),
        z_(size),
        squares_(options.precondition ? size : 0) {}

  void build(Penalized<T>& f, const T* w, T* g, ThreadTeam&) override {
    std::copy_n(g, size(), g_.data());
    preconditioned_ = options_.precondition && f.squared_gradients(w, squares_.data());
    f.set_point(w);
    solved_ = false;
    finite_ = true;
  }
  bool is_finite() const override { return finite_; }

  double solve(Penalized<T>& f, const T* w, T* p, ThreadTeam& team) override {
    if (!solved_) {
      minimize_model(f, w, kStartShare, team);
      // From the last solution it may end before it goes down from w.
      if (!(linear_ < 0 && decrease() > 0)) minimize_model(f, w, 0, team);
    }
    for (Index i = 0; i < size(); ++i) p[i] = static_cast<T>(length_) * x_[i];
    return decrease();
  }

  // Where p does not help even 2⁻¹⁰ long, the model is solved anew with more damping.
  bool accept(double ratio) override {
    if (!(ratio >= 0.25)) {
      lambda_ *= 1.5;
    } else if (ratio > 0.75) {
      lambda_ *= 2.0 / 3;
    }
    if (ratio > 0) {
      std::copy_n(x_.data(), size(), last_.data());
      return true;
    }
    length_ /= 2;
    if (length_ < 1e-3) solved_ = false;
    return false;
  }

  void visit_state(StateVisitor<T>& visitor) override {
    visitor.vector("last_step", last_);
    visitor.scalar("lambda", lambda_, &kPositive);
  }

 private:
  Index size() const { return g_.size(); }
  // Of the model without damping, by the step length_ x.
  double decrease() const { return -length_ * (linear_ + 0.5 * length_ * quadratic_); }

  // out = (B + lambda I) v
  void multiply(Penalized<T>& f, const T* w, const T* v, T* out, ThreadTeam& team) {
    const bool gauss_newton = options_.curvature == "gauss_newton";
    if (!gauss_newton || !f.gauss_newton_product(w, v, out)) f.hessian_product(w, v, out);
    add_scaled(team, size(), out, lambda_, v, out);
  }

  // z = M⁻¹ r
  void precondition() {
    for (Index i = 0; i < size(); ++i) {
      z_[i] = r_[i];
      if (preconditioned_) z_[i] /= static_cast<T>(std::pow(squares_[i] + lambda_, 0.75));
    }
  }

  // Conjugate gradients for m(x) = gᵀx + 1/2 xᵀ(B + lambda I) x, r = -m'(x), from a share of the
  // last solution.
  void minimize_model(Penalized<T>& f, const T* w, double share, ThreadTeam& team) {
    const Index n = size();
    for (Index i = 0; i < n; ++i) x_[i] = static_cast<T>(share) * last_[i];
    const bool moved = max_abs(n, x_.data()) > 0;
    if (moved) multiply(f, w, x_.data(), r_.data(), team);
    for (Index i = 0; i < n; ++i) r_[i] = -g_[i] - (moved ? r_[i] : T(0));
    precondition();
    std::copy_n(z_.data(), n, d_.data());
    double rz = dot(team, n, r_.data(), z_.data());
    std::vector<double> values;
    for (Index k = 0; k < options_.max_iterations && rz > 0 && std::isfinite(rz); ++k) {
      multiply(f, w, d_.data(), bd_.data(), team);
      const double curvature = dot(team, n, d_.data(), bd_.data());
      if (!(curvature > 0)) {
        if (k == 0) std::copy_n(d_.data(), n, x_.data());  // down
        break;
      }
      const double alpha = rz / curvature;
      add_scaled(team, n, x_.data(), alpha, d_.data(), x_.data());
      add_scaled(team, n, r_.data(), -alpha, bd_.data(), r_.data());
      const double rz_old = rz;
      precondition();
      rz = dot(team, n, r_.data(), z_.data());
      // m(x) = -1/2 (r - g)ᵀ x with r = -g - (B + lambda I) x
      values.push_back(-0.5 *
                       (dot(team, n, r_.data(), x_.data()) - dot(team, n, g_.data(), x_.data())));
      if (stops(values)) break;
      add_scaled(team, n, z_.data(), rz / rz_old, d_.data(), d_.data());
    }
    length_ = 1;
    solved_ = true;
    linear_ = dot(team, n, g_.data(), x_.data());
    if (!std::isfinite(linear_)) return;  // no step
    multiply(f, w, x_.data(), bd_.data(), team);
    quadratic_ = dot(team, n, x_.data(), bd_.data()) - lambda_ * dot(team, n, x_.data(), x_.data());
    finite_ = std::isfinite(quadratic_);
  }

  // Martens' rule: over the last max(10, k / 10) iterations m fell by less than 5e-4 each,
  // relative.
  static bool stops(const std::vector<double>& values) {
    const std::size_t k = values.size(), window = std::max<std::size_t>(10, k / 10);
    if (k <= window || !(values.back() < 0)) return false;
    const double progress = (values.back() - values[k - 1 - window]) / values.back();
    return progress < kMinProgress * static_cast<double>(window);
  }

  HessianFree options_;
  double lambda_;
  Buffer<T> last_;  // the solution of the last step
  Buffer<T> g_, x_, r_, d_, bd_, z_;
  Buffer<double> squares_;
  bool preconditioned_ = false, solved_ = false, finite_ = true;
  double length_ = 1, linear_ = 0, quadratic_ = 0;  // t; gᵀx, xᵀBx
};

}  // namespace

template <class T>
std::unique_ptr<LocalModel<T>> HessianFree::model(Index size) const {
  return std::make_unique<TruncatedNewton<T>>(size, *this);
}

template std::unique_ptr<LocalModel<float>> HessianFree::model<float>(Index) const;
template std::unique_ptr<LocalModel<double>> HessianFree::model<double>(Index) const;

}  // namespace fastmlp
