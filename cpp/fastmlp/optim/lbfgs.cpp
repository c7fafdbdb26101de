#include "fastmlp/optim/lbfgs.hpp"

#include <limits>
#include <string>

namespace fastmlp {

template <class T>
std::unique_ptr<Direction<T>> LBFGS::direction(Index size) const {
  return std::make_unique<LimitedMemory<T>>(size, history_size);
}

template <class T>
LimitedMemory<T>::LimitedMemory(Index size, Index pairs)
    : size_(size),
      pairs_(pairs),
      s_(checked_product(size, pairs, "LBFGS")),
      y_(size * pairs),
      rho_(pairs),
      alpha_(static_cast<std::size_t>(pairs)) {}

// q = g; newest to oldest: a = rho sᵀq, q -= a y; q *= gamma; oldest to newest:
// q += (a - rho yᵀq) s; d = -q
template <class T>
void LimitedMemory<T>::compute(const T* g, T* d, ThreadTeam& team) {
  for (Index i = 0; i < size_; ++i) d[i] = -g[i];
  for (Index age = 0; age < count_; ++age) {
    const Index k = slot(age);
    double& a = alpha_[static_cast<std::size_t>(age)];
    a = rho_[k] * dot(team, size_, s_.data() + k * size_, d);
    add_scaled(team, size_, d, -a, y_.data() + k * size_, d);
  }
  const T gamma = static_cast<T>(gamma_);
  for (Index i = 0; i < size_ && count_ > 0; ++i) d[i] *= gamma;
  for (Index age = count_; age-- > 0;) {
    const Index k = slot(age);
    const double b = rho_[k] * dot(team, size_, y_.data() + k * size_, d);
    add_scaled(team, size_, d, alpha_[static_cast<std::size_t>(age)] - b, s_.data() + k * size_, d);
  }
}

// The bound on the curvature is relative, because steps are tiny near the minimum.
template <class T>
void LimitedMemory<T>::update(const Step<T>& step, ThreadTeam& team) {
  const double sy = dot(team, size_, step.s, step.y), yy = dot(team, size_, step.y, step.y);
  if (!(sy > static_cast<double>(std::numeric_limits<T>::epsilon()) * yy)) return;
  std::copy_n(step.s, size_, s_.data() + next_ * size_);
  std::copy_n(step.y, size_, y_.data() + next_ * size_);
  rho_[next_] = 1 / sy;
  gamma_ = sy / yy;
  next_ = (next_ + 1) % pairs_;
  count_ = std::min(count_ + 1, pairs_);
}

template <class T>
void LimitedMemory<T>::visit_state(StateVisitor<T>& visitor) {
  visitor.vector("s", s_);
  visitor.vector("y", y_);
  for (Index k = 0; k < pairs_; ++k) {
    visitor.scalar(("rho" + std::to_string(k)).c_str(), rho_[k], &kNonNegative);
  }
  visitor.scalar("gamma", gamma_, &kPositive);
  visitor.counter("pairs", count_, pairs_);
  visitor.counter("next_pair", next_, pairs_ - 1);
}

template class LimitedMemory<float>;
template class LimitedMemory<double>;
template std::unique_ptr<Direction<float>> LBFGS::direction<float>(Index) const;
template std::unique_ptr<Direction<double>> LBFGS::direction<double>(Index) const;

}  // namespace fastmlp
