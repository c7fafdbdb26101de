// Searches along a direction d for a step length t (Nocedal & Wright 2006, chapter 3): values and
// slopes of phi(t) = f(w + t d).
#pragma once

#include <limits>
#include <optional>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/optim/deadline.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {

struct LinePoint {
  double t = 0, value = 0, slope = 0;
};

// The line from `origin` along d. w and g are those of the last point that was evaluated.
template <class T>
class Line {
 public:
  Line(Objective<T>& f, const T* origin, const T* d, LinePoint start, T* w, T* g, ThreadTeam& team,
       Deadline deadline = Deadline::max());

  const LinePoint& start() const { return start_; }
  const LinePoint& last() const { return last_; }
  LinePoint at(double t);
  // w and g become those of a point that was evaluated before.
  void return_to(const LinePoint& point);
  void return_to_start();  // w alone

  Index evaluations() const { return evaluations_; }
  bool moved() const { return moved_; }  // the last point was not w itself, by rounding
  bool expired() const { return f_.expired(deadline_); }
  // The differences of values that rounding may have made.
  double noise() const;
  // The decrease at the minimum of the parabola through the start, its slope and the first point
  // where f is finite; nan without one.
  double reachable() const;

 private:
  Objective<T>& f_;
  const T *origin_, *d_;
  LinePoint start_, last_;
  std::optional<LinePoint> first_;
  T *w_, *g_;
  ThreadTeam& team_;
  Deadline deadline_;
  Index evaluations_ = 0;
  bool moved_ = true;
};

// `decrease`: the value fell, but the slope is not small enough, within the evaluations allowed.
enum class LineSearchResult { found, decrease, failed };

struct StrongWolfe {
  static constexpr auto key = "strong_wolfe", class_name = "StrongWolfe";
  static constexpr auto doc =
      R"(Bracketing and zoom by cubic interpolation (Nocedal & Wright 2006, algorithms 3.5 and 3.6).

    f(w + t d) <= f(w) + c1 t gᵀd  and  |g(w + t d)ᵀd| <= c2 |gᵀd|

Where values differ by no more than rounding, decrease is judged by slopes (Hager & Zhang 2005).
Cost: one value and gradient for each trial length.)";
  double c1 = 1e-4, c2 = 0.9;
  Index max_evaluations = 20;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("c1", self.c1, Interval{0, 0.5, true, true}, "share of the expected decrease that suffices");
    f("c2", self.c2, Interval{0, 1, true, true}, "share of the first slope that may be left");
    f("max_evaluations", self.max_evaluations, kPositiveInteger, "trial lengths at most");
  }
  template <class T>
  LineSearchResult search(Line<T>& line, double t) const;
};

struct Backtracking {
  static constexpr auto key = "backtracking", class_name = "Backtracking";
  static constexpr auto doc =
      R"(Shorter and shorter steps until the value falls enough (Armijo 1966).

    t, factor t, factor² t, …  until  f(w + t d) <= f(w) + c1 t gᵀd)";
  double c1 = 1e-4, factor = 0.5;
  Index max_evaluations = 40;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("c1", self.c1, Interval{0, 1, true, true}, "share of the expected decrease that suffices");
    f("factor", self.factor, Interval{0, 1, true, true},
      "ratio of a trial length to the one before");
    f("max_evaluations", self.max_evaluations, kPositiveInteger, "trial lengths at most");
  }
  template <class T>
  LineSearchResult search(Line<T>& line, double t) const;
};

using LineSearch = std::variant<StrongWolfe, Backtracking>;

extern template class Line<float>;
extern template class Line<double>;

}  // namespace fastmlp
