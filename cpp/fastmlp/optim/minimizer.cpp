#include "fastmlp/optim/minimizer.hpp"

#include <cmath>

#include "fastmlp/optim/noise.hpp"
#include "fastmlp/optim/penalized.hpp"

namespace fastmlp {

template <class T>
Minimizer<T>::Minimizer(std::unique_ptr<Direction<T>> direction, SearchOptions options, Index size,
                        std::vector<ParameterGroup> groups)
    : Optimizer<T>(std::move(groups), size),
      direction_(std::move(direction)),
      line_search_(options.line_search),
      gtol_(options.gtol),
      known_(size),
      progress_(std::move(options.average), size),
      g_new_(size),
      d_(size),
      y_(size) {}

template <class T>
StepResult Minimizer<T>::step(Objective<T>& objective, T* w, ThreadTeam& team) {
  Penalized<T> f(objective, groups_);
  StepResult result;
  result.penalty = f.penalty(w, nullptr);
  result.evaluations = 0;
  if (!known_.value_at(f, w)) {
    known_.valid = false;
    known_.set(f, w, f.value_and_gradient(w, known_.g.data()));
    ++result.evaluations;
  }
  result.value = known_.value;
  result.gradient_norm = std::sqrt(dot(team, size_, known_.g.data(), known_.g.data()));
  const double largest = max_abs(size_, known_.g.data());
  if (!std::isfinite(known_.value) || !std::isfinite(largest)) {
    result.status = Status::not_finite;
  } else if (largest <= gtol_) {
    result.status = Status::converged;
  } else {
    result.status = search(f, w, team, result);
  }
  return progress_.count(result);
}

// After an exception w is the point where the step began.
template <class T>
Status Minimizer<T>::search(Objective<T>& f, T* w, ThreadTeam& team, StepResult& result) {
  const double before = known_.value;
  try {
    while (!find_length(f, w, team, result)) {
      std::copy_n(known_.w.data(), size_, w);
      if (f.expired(deadline_)) return Status::max_seconds;
      if (direction_->is_steepest()) return failure();
      direction_->reset();
    }
    subtract(size_, w, known_.w.data(), d_.data());  // s
    subtract(size_, g_new_.data(), known_.g.data(), y_.data());
    direction_->update({f, w, g_new_.data(), d_.data(), y_.data(), result.step_size}, team);
  } catch (...) {
    std::copy_n(known_.w.data(), size_, w);
    throw;
  }
  std::swap(known_.g, g_new_);
  known_.set(f, w, value_);
  const double largest = max_abs(size_, known_.g.data());
  return progress_.record(before, value_, w, largest) ? Status::running : Status::no_progress;
}

// At the noise floor no step along -g falls by more than rounding: the last one did not, or the
// parabola of this search does not.
template <class T>
Status Minimizer<T>::failure() const {
  const double noise = noise_of<T>(known_.value);
  const bool last_did_not = progress_.steps > 0 && progress_.decrease <= noise;
  return last_did_not || (reachable_ >= 0 && reachable_ <= noise) ? Status::no_progress
                                                                  : Status::line_search_failed;
}

// Goes along the direction to a lower value, if there is one.
template <class T>
bool Minimizer<T>::find_length(Objective<T>& f, T* w, ThreadTeam& team, StepResult& result) {
  direction_->compute(known_.g.data(), d_.data(), team);
  const double slope = dot(team, size_, known_.g.data(), d_.data());
  if (!(slope < 0)) return false;
  Line<T> line(f, known_.w.data(), d_.data(), {0, known_.value, slope}, w, g_new_.data(), team,
               deadline_);
  const auto search = [&](const auto& method) { return method.search(line, first_length(slope)); };
  const LineSearchResult found = std::visit(search, line_search_);
  result.evaluations += line.evaluations();
  result.step_size = line.last().t;
  reachable_ = line.reachable();
  value_ = line.last().value;
  return found != LineSearchResult::failed;
}

// The first length to try. Without an estimate of the distance to the minimum, that with which the
// value would fall as in the last step (Nocedal & Wright 3.60), or by which w moves at most 1.
template <class T>
double Minimizer<T>::first_length(double slope) const {
  if (direction_->is_scaled()) return 1;
  if (progress_.decrease > 0) return 2.02 * progress_.decrease / -slope;
  double sum = 0;
  for (Index i = 0; i < size_; ++i) sum += std::abs(static_cast<double>(known_.g[i]));
  return std::min(1.0, 1 / sum);
}

template <class T>
void Minimizer<T>::visit_state(StateVisitor<T>& visitor) {
  direction_->visit_state(visitor);
  progress_.visit_state(visitor);
}

template class Minimizer<float>;
template class Minimizer<double>;

}  // namespace fastmlp
