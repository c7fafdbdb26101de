// The one driver of all update rules. It is a sink: parts of the gradient go through
//   penalties (l1, l2) -> clip by value -> clip by norm -> rule
// while they are in cache. Penalties are part of the loss, so clipping sees them. One step counter
// for the whole vector.
#pragma once

#include <vector>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp {

// l1 sum |w| + l2 / 2 sum w² over a range of parameters, added to the loss.
struct Penalty {
  Range range;
  double l1 = 0;
  double l2 = 0;
};

template <class T>
class FirstOrder final : public Sink<T> {
 public:
  // Penalties in ascending order of their ranges.
  FirstOrder(Rule rule, Index size, std::vector<Penalty> penalties = {});

  // One update of w by the gradient of f there. Returns the value before it, penalties included;
  // where that is not finite nothing changes.
  double step(Objective<T>& f, T* w, Team& team);
  // One update of w with a gradient from elsewhere, which is changed on the way. Returns the
  // penalties.
  double apply(T* w, T* g, Team& team);

  void visit(Index part, Range range, T* g) override;

  Index steps() const { return steps_; }
  std::vector<std::string> state_names() const;
  std::vector<Buffer<T>>& state() { return state_; }

 private:
  void begin(Index parts, T* w);
  double finish();
  void penalize(Index part, Range range, T* g);
  void clip_by_value(Range range, T* g) const;
  void clip_by_norm(T* g, Team& team);
  void update(Range range, const T* g);

  Rule rule_;
  Index size_;
  UpdateRuleOptions options_;
  std::vector<Penalty> penalties_;
  std::vector<Buffer<T>> state_;
  Buffer<T> gradient_;  // of the whole vector, where the norm must be known first
  Index steps_ = 0;
  T* w_ = nullptr;
  std::vector<double> part_penalties_, part_squares_;
};

extern template class FirstOrder<float>;
extern template class FirstOrder<double>;

}  // namespace fastmlp
