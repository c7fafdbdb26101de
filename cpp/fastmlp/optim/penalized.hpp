// An objective with penalties of its parameters: f(w) + l1 sum |w| + l2 / 2 sum w².
#pragma once

#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/parameter_group.hpp"

namespace fastmlp {

template <class T>
class Penalized final : public Objective<T> {
 public:
  Penalized(Objective<T>& f, const ParameterGroups& groups, Deadline deadline = Deadline::max())
      : f_(f), groups_(groups), deadline_(deadline) {}

  Objective<T>& base() { return f_; }
  const ParameterGroups& groups() const { return groups_; }

  Index size() const override { return f_.size(); }
  double value(const T* w) override { return f_.value(w) + penalty(w, nullptr); }
  double value_and_gradient(const T* w, T* g) override {
    const double value = f_.value_and_gradient(w, g);
    return value + penalty(w, g);
  }
  // Products throw `Expired` after the deadline, because a step may need many of them.
  void hessian_product(const T* w, const T* v, T* hv) override {
    check_deadline();
    f_.hessian_product(w, v, hv);
    groups_.add_curvature(v, hv);
  }
  bool gauss_newton_product(const T* w, const T* v, T* gv) override {
    check_deadline();
    if (!f_.gauss_newton_product(w, v, gv)) return false;
    groups_.add_curvature(v, gv);
    return true;
  }
  bool squared_gradients(const T* w, double* out) override { return f_.squared_gradients(w, out); }
  bool set_point(const T* w) override { return f_.set_point(w); }
  std::uint64_t version() const override { return f_.version(); }
  bool expired(Deadline deadline) const override { return f_.expired(deadline); }

  // The penalties at w, and their gradient added to g unless it is null.
  double penalty(const T* w, T* g) const {
    double sum = 0;
    if (groups_.penalized()) groups_.add_penalties({0, f_.size()}, false, w, g, sum);
    return sum;
  }

 private:
  Objective<T>& f_;
  void check_deadline() const {
    if (f_.expired(deadline_)) throw Expired{};
  }

  const ParameterGroups& groups_;
  Deadline deadline_;
};

}  // namespace fastmlp
