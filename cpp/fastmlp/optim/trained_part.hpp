// An optimizer of some of the parameters, while the others stay as they are: to it w is the vector
// of the trained ones alone.
#pragma once

#include <memory>

#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/residual_objective.hpp"

namespace fastmlp {

template <class T>
class TrainedPart final : public Optimizer<T> {
 public:
  TrainedPart(std::unique_ptr<Optimizer<T>> inner, std::vector<ParameterGroup> groups, Index size);
  ~TrainedPart() override;

  StepResult step(Objective<T>& f, T* w, ThreadTeam& team) override;
  void visit_state(StateVisitor<T>& visitor) override { inner_->visit_state(visitor); }
  Index steps() const override { return inner_->steps(); }
  Index evaluations() const override { return inner_->evaluations(); }
  void set_l2_factor(double factor) override {
    Optimizer<T>::set_l2_factor(factor);
    inner_->set_l2_factor(factor);
  }
  bool can_diverge() const override { return inner_->can_diverge(); }
  void set_vector(const T* w) override { w_ = w; }
  const T* average() const override;
  void set_deadline(Deadline deadline) override { inner_->set_deadline(deadline); }
  std::optional<double> value_at(const Objective<T>& f, const T* w) const override;

 private:
  class Part;
  using Optimizer<T>::groups_;
  using Optimizer<T>::size_;

  void gather(const T* w, T* z) const;
  void scatter(const T* z, T* w) const;

  std::unique_ptr<Optimizer<T>> inner_;
  std::unique_ptr<Part> part_;
  const T* w_ = nullptr;
  mutable Buffer<T> z_, average_;  // the trained parameters; all of the average
};

extern template class TrainedPart<float>;
extern template class TrainedPart<double>;

}  // namespace fastmlp
