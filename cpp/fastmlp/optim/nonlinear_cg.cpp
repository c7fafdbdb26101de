#include "fastmlp/optim/nonlinear_cg.hpp"

#include <cmath>

namespace fastmlp {

template <class T>
std::unique_ptr<Direction<T>> NonlinearCG::direction(Index size) const {
  return std::make_unique<ConjugateGradient<T>>(size, formula);
}

template <class T>
ConjugateGradient<T>::ConjugateGradient(Index size, std::string formula)
    : size_(size),
      formula_(std::move(formula)),
      d_(size),
      product_(formula_ == "daniel" ? size : 0) {}

template <class T>
void ConjugateGradient<T>::compute(const T* g, T* d, ThreadTeam& team) {
  for (Index i = 0; i < size_; ++i) d[i] = -g[i];
  if (beta_ != 0) add_scaled(team, size_, d, beta_, d_.data(), d);
}

template <class T>
void ConjugateGradient<T>::update(const Step<T>& step, ThreadTeam& team) {
  const double new_beta = beta(step, team);
  beta_ = std::isfinite(new_beta) ? new_beta : 0;
  for (Index i = 0; i < size_; ++i) d_[i] = static_cast<T>(step.s[i] / step.t);
}

// With s = t d_old instead of d_old, and g_old = g - y, because that is of the same batch.
template <class T>
double ConjugateGradient<T>::beta(const Step<T>& step, ThreadTeam& team) {
  const T *g = step.g, *s = step.s, *y = step.y;
  const auto product = [&](const T* a, const T* b) { return dot(team, size_, a, b); };
  const double gg = product(g, g);
  const double gy = product(g, y);
  if (std::abs(gg - gy) > 0.2 * gg) return 0;
  if (formula_ == "dai_yuan") return step.t * gg / product(s, y);
  if (formula_ == "hestenes_stiefel") return step.t * gy / product(s, y);
  if (formula_ == "fletcher_reeves" || formula_ == "polak_ribiere") {
    subtract(size_, g, y, d_.data());  // it is written next
    const double gg_old = product(d_.data(), d_.data());
    return formula_ == "fletcher_reeves" ? gg / gg_old : std::max(0.0, gy / gg_old);
  }
  step.f.hessian_product(step.w, s, product_.data());
  return step.t * product(g, product_.data()) / product(s, product_.data());
}

template <class T>
void ConjugateGradient<T>::visit_state(StateVisitor<T>& visitor) {
  visitor.vector("d", d_);
  visitor.scalar("beta", beta_, &kFinite);
}

template class ConjugateGradient<float>;
template class ConjugateGradient<double>;
template std::unique_ptr<Direction<float>> NonlinearCG::direction<float>(Index) const;
template std::unique_ptr<Direction<double>> NonlinearCG::direction<double>(Index) const;

}  // namespace fastmlp
