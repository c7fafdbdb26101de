// What every optimizer with several evaluations a step keeps: the point that the last step has
// left, and the progress of the run.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/noise.hpp"
#include "fastmlp/optim/optimizer.hpp"
#include "fastmlp/optim/state_visitor.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {

// Value and gradient of one version of an objective at a point.
template <class T>
struct KnownPoint {
  explicit KnownPoint(Index size) : w(size), g(size) {}

  std::optional<double> value_at(const Objective<T>& f, const T* point) const {
    const auto bytes = static_cast<std::size_t>(w.size()) * sizeof(T);
    const bool same = valid && version == f.version() && std::memcmp(w.data(), point, bytes) == 0;
    return same ? std::optional(value) : std::nullopt;
  }
  void set(const Objective<T>& f, const T* point, double value_there) {
    std::copy_n(point, w.size(), w.data());
    value = value_there;
    version = f.version();
    valid = true;
  }

  bool valid = false;
  std::uint64_t version = 0;
  double value = 0;
  Buffer<T> w, g;
};

// Steps, their average, and the end of progress at the noise floor of the dtype, where neither the
// value nor the gradient falls any more.
template <class T>
struct SearchProgress {
  SearchProgress(std::optional<Polyak> given, Index size)
      : polyak(std::move(given)), mean(polyak ? size : 0) {}

  const T* average() const { return polyak ? mean.data() : nullptr; }
  // After a step to w; returns whether there is progress.
  bool record(double before, double after, const T* w, double largest_gradient) {
    constexpr Index kPatience = 5;  // steps in a row without progress
    ++steps;
    if (polyak) polyak->update({0, mean.size()}, steps, w, mean.data());
    decrease = before - after;
    const bool progress =
        decrease > noise_of<T>(before) || largest_gradient < 0.9 * smallest_gradient;
    smallest_gradient = std::min(smallest_gradient, largest_gradient);
    stalled = progress ? 0 : stalled + 1;
    return stalled < kPatience;
  }
  StepResult count(StepResult result) {
    evaluations += result.evaluations;
    return result;
  }
  void visit_state(StateVisitor<T>& visitor) {
    if (polyak) visitor.vector("average", mean);
    visitor.section("search");
    visitor.counter("steps", steps);
    visitor.counter("evaluations", evaluations);
    visitor.counter("stalled", stalled);
    visitor.scalar("decrease", decrease);
    visitor.scalar("smallest_gradient", smallest_gradient);
  }

  std::optional<Polyak> polyak;
  Buffer<T> mean;
  Index steps = 0, evaluations = 0, stalled = 0;
  double decrease = 0;  // of the value in the last step; 0 before the first
  double smallest_gradient = std::numeric_limits<double>::max();  // its largest entry
};

}  // namespace fastmlp
