#include "fastmlp/optim/bfgs.hpp"

#include <limits>

#include "fastmlp/optim/dense_matrix.hpp"

namespace fastmlp {

template <class T>
std::unique_ptr<Direction<T>> BFGS::direction(Index size) const {
  return std::make_unique<DenseQuasiNewton<T>>(size, update == "dfp");
}

template <class T>
DenseQuasiNewton<T>::DenseQuasiNewton(Index size, bool dfp) : size_(size), dfp_(dfp), gy_(size) {
  check_dense_matrices("BFGS", 1, size, sizeof(T), "LBFGS");
  inverse_ = Buffer<T>(size * size);
}

template <class T>
void DenseQuasiNewton<T>::multiply(const T* x, T* out, ThreadTeam& team) const {
  for_rows(team, size_, [&](Index i) {
    const T* row = inverse_.data() + i * size_;
    out[i] = static_cast<T>(sum_in_double(
        size_, [=](Index j) { return static_cast<double>(row[j]) * static_cast<double>(x[j]); }));
  });
}

template <class T>
void DenseQuasiNewton<T>::compute(const T* g, T* d, ThreadTeam& team) {
  if (updates_ == 0) {
    std::copy_n(g, size_, d);
  } else {
    multiply(g, d, team);
  }
  for (Index i = 0; i < size_; ++i) d[i] = -d[i];
}

// By rows, with r = 1 / yᵀs and q = yᵀ G y:
//   BFGS  G += r (1 + r q) s sᵀ - r (s (G y)ᵀ + G y sᵀ)
//   DFP   G += r s sᵀ - G y (G y)ᵀ / q
template <class T>
void DenseQuasiNewton<T>::update(const Step<T>& step, ThreadTeam& team) {
  const T *s = step.s, *y = step.y;
  const double sy = dot(team, size_, s, y), yy = dot(team, size_, y, y);
  if (!(sy > static_cast<double>(std::numeric_limits<T>::epsilon()) * yy)) return;
  if (updates_ == 0) {
    std::fill_n(inverse_.data(), size_ * size_, T(0));
    for (Index i = 0; i < size_; ++i) inverse_[i * (size_ + 1)] = static_cast<T>(sy / yy);
  }
  multiply(y, gy_.data(), team);
  const double r = 1 / sy, q = dot(team, size_, y, gy_.data());
  const T ss = static_cast<T>(dfp_ ? r : r * (1 + r * q));
  const T sg = static_cast<T>(dfp_ ? 0 : -r);
  const T gg = static_cast<T>(dfp_ ? -1 / q : 0);
  for_rows(team, size_, [&](Index i) {
    T* row = inverse_.data() + i * size_;
    const T a = ss * s[i] + sg * gy_[i], b = sg * s[i] + gg * gy_[i];
    for (Index j = 0; j < size_; ++j) row[j] += a * s[j] + b * gy_[j];
  });
  ++updates_;
}

template <class T>
void DenseQuasiNewton<T>::visit_state(StateVisitor<T>& visitor) {
  visitor.vector("inverse_hessian", inverse_);
  visitor.counter("updates", updates_);
}

template class DenseQuasiNewton<float>;
template class DenseQuasiNewton<double>;
template std::unique_ptr<Direction<float>> BFGS::direction<float>(Index) const;
template std::unique_ptr<Direction<double>> BFGS::direction<double>(Index) const;

}  // namespace fastmlp
