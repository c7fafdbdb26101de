#include "fastmlp/optim/trust_region.hpp"

#include <cmath>
#include <limits>

namespace fastmlp {
namespace {

constexpr Index kMaxTrials = 40;  // steps that a model proposes at one point

// The decrease of f by the predicted one. Where rounding makes the difference it says nothing of
// the model; a step that the model takes for one upwards is no step down, whatever f does.
template <class T>
double actual_by_predicted(double before, double after, double predicted) {
  const double noise = noise_of<T>(before);
  if (std::abs(predicted) <= noise && after - before <= noise / 8) return 1;
  return predicted > 0 ? (before - after) / predicted : -std::numeric_limits<double>::infinity();
}

}  // namespace

template <class T>
TrustRegion<T>::TrustRegion(std::unique_ptr<LocalModel<T>> model, double gtol,
                            std::optional<Polyak> average, Index size,
                            std::vector<ParameterGroup> groups)
    : Optimizer<T>(std::move(groups), size),
      model_(std::move(model)),
      gtol_(gtol),
      known_(size),
      progress_(std::move(average), size),
      g_new_(size),
      p_(size) {}

template <class T>
StepResult TrustRegion<T>::step(Objective<T>& objective, T* w, ThreadTeam& team) {
  Penalized<T> f(objective, groups_, deadline_);
  StepResult result;
  result.penalty = f.penalty(w, nullptr);
  result.evaluations = 0;
  if (!known_.value_at(f, w)) {
    known_.valid = false;
    known_.set(f, w, model_->evaluate(f, w, known_.g.data()));
    ++result.evaluations;
  }
  result.value = known_.value;
  try {
    if (std::isfinite(known_.value)) model_->build(f, w, known_.g.data(), team);
  } catch (const Expired&) {
    result.status = Status::max_seconds;
    return progress_.count(result);
  }
  result.gradient_norm = std::sqrt(dot(team, size_, known_.g.data(), known_.g.data()));
  const double largest = max_abs(size_, known_.g.data());
  if (!std::isfinite(known_.value) || !std::isfinite(largest) || !model_->is_finite()) {
    result.status = Status::not_finite;
  } else if (largest <= gtol_ && model_->is_convex()) {
    result.status = Status::converged;
  } else {
    result.status = search(f, w, team, result);
  }
  return progress_.count(result);
}

// After an exception w is the point where the step began.
template <class T>
Status TrustRegion<T>::search(Penalized<T>& f, T* w, ThreadTeam& team, StepResult& result) {
  const double before = known_.value;
  const auto return_to_start = [&] { std::copy_n(known_.w.data(), size_, w); };
  const auto expired = [&] { return f.expired(deadline_); };
  try {
    for (Index trial = 0; trial < kMaxTrials && !expired(); ++trial) {
      const double predicted = model_->solve(f, known_.w.data(), p_.data(), team);
      double ratio = std::nan(""), value = ratio;
      if (std::isfinite(predicted)) {
        add_scaled(team, size_, known_.w.data(), 1, p_.data(), w);
        if (std::equal(w, w + size_, known_.w.data())) break;
        value = model_->evaluate(f, w, g_new_.data());
        ++result.evaluations;
        if (std::isfinite(value)) ratio = actual_by_predicted<T>(before, value, predicted);
      }
      if (!model_->accept(ratio)) continue;
      result.step_size = 1;
      known_.set(f, w, value);
      const T* g = model_->evaluates_gradient() ? g_new_.data() : known_.g.data();
      const double largest = max_abs(size_, g);
      std::swap(known_.g, g_new_);
      return progress_.record(before, value, w, largest) ? Status::running : Status::no_progress;
    }
  } catch (const Expired&) {  // the status follows from the time
  } catch (...) {
    return_to_start();
    throw;
  }
  return_to_start();
  if (expired()) return Status::max_seconds;
  return model_->is_finite() ? Status::no_progress : Status::not_finite;
}

template <class T>
void TrustRegion<T>::visit_state(StateVisitor<T>& visitor) {
  model_->visit_state(visitor);
  progress_.visit_state(visitor);
}

template class TrustRegion<float>;
template class TrustRegion<double>;

}  // namespace fastmlp
