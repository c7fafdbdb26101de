// Optimizer of all methods with a local model. One step:
//   build the model;  p by the model;  w <- w + p if f falls, else a shorter p
#pragma once

#include "fastmlp/optim/local_model.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/search_state.hpp"

namespace fastmlp {

template <class T>
class TrustRegion final : public Optimizer<T> {
 public:
  TrustRegion(std::unique_ptr<LocalModel<T>> model, double gtol, std::optional<Polyak> average,
              Index size, std::vector<ParameterGroup> groups);

  StepResult step(Objective<T>& f, T* w, ThreadTeam& team) override;
  void visit_state(StateVisitor<T>& visitor) override;
  Index steps() const override { return progress_.steps; }
  Index evaluations() const override { return progress_.evaluations; }
  const T* average() const override { return progress_.average(); }
  bool can_diverge() const override { return false; }
  void set_deadline(Deadline deadline) override { deadline_ = deadline; }
  std::optional<double> value_at(const Objective<T>& f, const T* w) const override {
    return known_.value_at(f, w);
  }

 private:
  using Optimizer<T>::groups_;
  using Optimizer<T>::size_;

  Status search(Penalized<T>& f, T* w, ThreadTeam& team, StepResult& result);

  std::unique_ptr<LocalModel<T>> model_;
  double gtol_;
  Deadline deadline_ = Deadline::max();
  KnownPoint<T> known_;
  SearchProgress<T> progress_;
  Buffer<T> g_new_, p_;
};

extern template class TrustRegion<float>;
extern template class TrustRegion<double>;

}  // namespace fastmlp
