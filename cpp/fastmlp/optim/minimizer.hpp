// Optimizer of all methods that search along a direction: direction × line search. One step:
//   d = direction(g);  t by the line search;  w <- w + t d;  the direction learns from (s, y)
#pragma once

#include "fastmlp/optim/direction.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/search_options.hpp"
#include "fastmlp/optim/search_state.hpp"

namespace fastmlp {

template <class T>
class Minimizer final : public Optimizer<T> {
 public:
  Minimizer(std::unique_ptr<Direction<T>> direction, SearchOptions options, Index size,
            std::vector<ParameterGroup> groups);

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

  Status search(Objective<T>& f, T* w, ThreadTeam& team, StepResult& result);
  bool find_length(Objective<T>& f, T* w, ThreadTeam& team, StepResult& result);
  double first_length(double slope) const;
  Status failure() const;

  std::unique_ptr<Direction<T>> direction_;
  LineSearch line_search_;
  double gtol_;
  Deadline deadline_ = Deadline::max();
  KnownPoint<T> known_;
  SearchProgress<T> progress_;
  double value_ = 0;      // at the point that the line search has found
  double reachable_ = 0;  // the decrease that it could hope for
  Buffer<T> g_new_, d_, y_;
};

extern template class Minimizer<float>;
extern template class Minimizer<double>;

}  // namespace fastmlp
