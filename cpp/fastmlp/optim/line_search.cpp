#include "fastmlp/optim/line_search.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "fastmlp/optim/noise.hpp"

namespace fastmlp {
namespace {

// Minimum of the cubic through two points with their slopes (Nocedal & Wright 3.59); nan where it
// has none.
double cubic_minimum(const LinePoint& a, const LinePoint& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.t - a.t);
  return b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

// A length within the bracket, at least a tenth of it away from its ends, so that it shrinks.
double zoom(const LinePoint& a, const LinePoint& b) {
  const double low = std::min(a.t, b.t), high = std::max(a.t, b.t);
  const double margin = 0.1 * (high - low), t = cubic_minimum(a, b);
  if (!(t >= low && t <= high)) return low + (high - low) / 2;
  return std::clamp(t, low + margin, high - margin);
}

// A length beyond b: the cubic's minimum if it is not too near and not too far.
double extrapolate(const LinePoint& a, const LinePoint& b) {
  const double t = cubic_minimum(a, b);
  if (t >= 10 * b.t) return 10 * b.t;
  return t > 1.01 * b.t ? t : 2 * b.t;
}

}  // namespace

template <class T>
Line<T>::Line(Objective<T>& f, const T* origin, const T* d, LinePoint start, T* w, T* g,
              ThreadTeam& team, Deadline deadline)
    : f_(f),
      origin_(origin),
      d_(d),
      start_(start),
      last_(start),
      w_(w),
      g_(g),
      team_(team),
      deadline_(deadline) {}

template <class T>
LinePoint Line<T>::at(double t) {
  const Index n = f_.size();
  add_scaled(team_, n, origin_, t, d_, w_);
  moved_ = !std::equal(w_, w_ + n, origin_);
  ++evaluations_;
  const double value = f_.value_and_gradient(w_, g_);
  last_ = {t, value, dot(team_, n, g_, d_)};
  if (!first_ && t > 0 && std::isfinite(value)) first_ = last_;
  return last_;
}

template <class T>
void Line<T>::return_to(const LinePoint& point) {
  if (last_.t != point.t) at(point.t);
}

template <class T>
void Line<T>::return_to_start() {
  std::copy_n(origin_, f_.size(), w_);
}

template <class T>
double Line<T>::noise() const {
  return noise_of<T>(start_.value);
}

template <class T>
double Line<T>::reachable() const {
  if (!first_) return std::nan("");
  const double t = first_->t, slope = start_.slope;
  const double curvature = 2 * (first_->value - start_.value - slope * t) / (t * t);
  return slope * slope / (2 * curvature);
}

// `low` is the best point so far that decreases enough, `high` the other end of a bracket that
// contains a point to be found.
template <class T>
LineSearchResult StrongWolfe::search(Line<T>& line, double t) const {
  const LinePoint start = line.start();
  const auto decreases = [&](const LinePoint& p) {
    if (p.value <= start.value + c1 * p.t * start.slope) return true;
    return p.value <= start.value + line.noise() && p.slope <= (2 * c1 - 1) * start.slope;
  };
  LinePoint low = start;
  std::optional<LinePoint> high;
  while (line.evaluations() < max_evaluations) {
    const LinePoint p = line.at(t);
    if (!line.moved()) break;
    if (line.expired()) {
      if (p.value < low.value) low = p;
      break;
    }
    if (!std::isfinite(p.value) || !std::isfinite(p.slope)) {  // f ends before t
      high = LinePoint{t, std::numeric_limits<double>::infinity(), 0};
      t = low.t + 0.1 * (t - low.t);
      continue;
    }
    if (!decreases(p) || (low.t > 0 && p.value > low.value + line.noise())) {
      high = p;
    } else {
      if (std::abs(p.slope) <= -c2 * start.slope) return LineSearchResult::found;
      const LinePoint before = low;
      if (high ? p.slope * (high->t - low.t) >= 0 : p.slope >= 0) high = low;
      low = p;
      if (!high) {
        t = extrapolate(before, p);
        continue;
      }
    }
    t = std::isfinite(high->value) ? zoom(low, *high) : low.t + (high->t - low.t) / 2;
    if (t == low.t || t == high->t) break;
  }
  if (!(low.value < start.value)) return LineSearchResult::failed;
  line.return_to(low);
  return LineSearchResult::decrease;
}

template <class T>
LineSearchResult Backtracking::search(Line<T>& line, double t) const {
  const LinePoint start = line.start();
  for (; line.evaluations() < max_evaluations; t *= factor) {
    const LinePoint p = line.at(t);
    const bool finite = std::isfinite(p.value) && std::isfinite(p.slope);
    if (!line.moved()) break;
    if (finite && p.value <= start.value + c1 * t * start.slope) return LineSearchResult::found;
    if (line.expired()) break;
  }
  return LineSearchResult::failed;
}

#define FASTMLP_INSTANTIATE(T)                                           \
  template class Line<T>;                                                \
  template LineSearchResult StrongWolfe::search(Line<T>&, double) const; \
  template LineSearchResult Backtracking::search(Line<T>&, double) const;
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
