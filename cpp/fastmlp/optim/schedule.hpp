// The family of learning-rate schedules: at(k) is the rate of step or epoch k = 0, 1, …, depending
// on `per`. Adding one: a struct below, its name in the variant, five lines in
// tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <algorithm>
#include <memory>
#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"

namespace fastmlp {

inline constexpr double kPi = 3.141592653589793;

// from at x = 0, to at x = 1, along half a cosine between
inline double cosine_between(double from, double to, double x) {
  return to + 0.5 * (from - to) * (1 + std::cos(kPi * x));
}

// Lists learning_rate, the other fields of the schedule, then `per`.
template <class Member>
struct ScheduleBase {
  double learning_rate = 1e-3;
  std::string per = "step";

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("learning_rate", self.learning_rate, kPositive, "rate at k = 0, before any decay");
    Member::own_fields(self, f);
    f("per", self.per, OneOf{"step", "epoch"}, "unit in which k counts");
  }
};

struct Constant : ScheduleBase<Constant> {
  static constexpr auto key = "constant", class_name = "Constant";
  static constexpr auto doc = R"(The same rate in all steps k = 0, 1, …

    lr_k = learning_rate)";
  template <class Self, class F>
  static void own_fields(Self&, F&&) {}
  double at(double) const { return learning_rate; }
};

struct ExponentialDecay : ScheduleBase<ExponentialDecay> {
  static constexpr auto key = "exponential_decay", class_name = "ExponentialDecay";
  static constexpr auto doc = R"(Exponential decay; torch's ExponentialLR with gamma = exp(-rate).

    lr_k = learning_rate exp(-rate k))";
  double rate = 0.01;
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("rate", self.rate, kNonNegative, "speed of the decay");
  }
  double at(double k) const { return learning_rate * std::exp(-rate * k); }
};

struct InverseTimeDecay : ScheduleBase<InverseTimeDecay> {
  static constexpr auto key = "inverse_time_decay", class_name = "InverseTimeDecay";
  static constexpr auto doc = R"(Decay with the inverse of time (Robbins & Monro 1951).

    lr_k = learning_rate / (1 + rate k))";
  double rate = 0.01;
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("rate", self.rate, kNonNegative, "speed of the decay");
  }
  double at(double k) const { return learning_rate / (1 + rate * k); }
};

struct StepDecay : ScheduleBase<StepDecay> {
  static constexpr auto key = "step_decay", class_name = "StepDecay";
  static constexpr auto doc = R"(A factor after each so many steps; torch's StepLR.

    lr_k = learning_rate factor^floor(k / every))";
  double every = 1000, factor = 0.1;
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("every", self.every, kAtLeastOne, "length of a stair");
    f("factor", self.factor, Interval{0, 1, true, false}, "factor from stair to stair");
  }
  double at(double k) const { return learning_rate * std::pow(factor, std::floor(k / every)); }
};

struct PolynomialDecay : ScheduleBase<PolynomialDecay> {
  static constexpr auto key = "polynomial_decay", class_name = "PolynomialDecay";
  static constexpr auto doc =
      R"(A power that ends after so many steps; torch's PolynomialLR where end = 0.

    lr_k = end + (learning_rate - end) (1 - k / steps)^power,  k <= steps;  then end)";
  double steps = 1000, power = 1, end = 0;
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("steps", self.steps, kAtLeastOne, "length of the schedule");
    f("power", self.power, kPositive, "exponent of the decay");
    f("end", self.end, kNonNegative, "last rate");
  }
  double at(double k) const {
    return end + (learning_rate - end) * std::pow(1 - std::min(k / steps, 1.0), power);
  }
};

struct CosineDecay : ScheduleBase<CosineDecay> {
  static constexpr auto key = "cosine_decay", class_name = "CosineDecay";
  static constexpr auto doc = R"(Half a cosine from learning_rate to end (Loshchilov & Hutter 2017).

    lr_k = learning_rate (k + 1) / (warmup + 1),  k < warmup
    lr_k = end + (learning_rate - end) (1 + cos(pi (k - warmup) / steps)) / 2;  then end

With restarts it is followed by the cosine again and again, each time restarts times as long.)";
  double steps = 1000, warmup = 0, end = 0;
  std::optional<double> restarts;
  template <class Self, class F>
  static void own_fields(Self& self, F&& f) {
    f("steps", self.steps, kAtLeastOne, "length of the schedule");
    f("warmup", self.warmup, kNonNegative, "length of the linear rise at the start");
    f("restarts", self.restarts, kAtLeastOne,
      "factor on the length of each next cosine; None for a single one");
    f("end", self.end, kNonNegative, "last rate");
  }
  double at(double k) const {
    if (k < warmup) return learning_rate * (k + 1) / (warmup + 1);
    double position = k - warmup, length = steps;
    if (restarts && *restarts == 1) position = std::fmod(position, length);
    while (restarts && position >= length) {
      position -= length;
      length *= *restarts;
    }
    return cosine_between(learning_rate, end, std::min(position / length, 1.0));
  }
};

struct OneCycle : ScheduleBase<OneCycle> {
  static constexpr auto key = "one_cycle", class_name = "OneCycle";
  static constexpr auto doc =
      R"(One rise and one fall along cosines (Smith & Topin 2018); torch's OneCycleLR.

    start = max_lr / start_factor;  end = start / end_factor;  top = rise steps - 1
    lr_k = start + (max_lr - start) (1 - cos(pi k / top)) / 2,  k <= top
    lr_k = end + (max_lr - end) (1 + cos(pi (k - top) / (steps - 1 - top))) / 2,  k > top)";
  double max_lr = 1e-2, steps = 1000, rise = 0.3, start_factor = 25, end_factor = 1e4;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("max_lr", self.max_lr, kPositive, "highest rate");
    f("steps", self.steps, Interval{2}, "length of the schedule");
    f("rise", self.rise, Interval{0, 1, true, true},
      "fraction of the steps in which the rate rises");
    f("start_factor", self.start_factor, kPositive, "max_lr over the first rate");
    f("end_factor", self.end_factor, kPositive, "first rate over the last");
    f("per", self.per, OneOf{"step", "epoch"}, "unit in which k counts");
  }
  double at(double k) const {
    const double start = max_lr / start_factor, end = start / end_factor;
    const double top = rise * steps - 1, last = steps - 1;
    if (k <= top) return cosine_between(start, max_lr, top > 0 ? k / top : 1.0);
    return cosine_between(max_lr, end, std::min((k - top) / (last - top), 1.0));
  }
};

using Schedule = std::variant<Constant, ExponentialDecay, InverseTimeDecay, StepDecay,
                              PolynomialDecay, CosineDecay, OneCycle>;

// A custom schedule, evaluated once per epoch.
class CustomSchedule {
 public:
  virtual ~CustomSchedule() = default;
  virtual double at(Index epoch) const = 0;
};

// The learning rate of an update rule: a number, a schedule or a custom schedule.
struct LearningRate {
  std::variant<double, Schedule, std::shared_ptr<const CustomSchedule>> source = 1e-3;

  const CustomSchedule* custom() const {
    const auto* schedule = std::get_if<std::shared_ptr<const CustomSchedule>>(&source);
    return schedule ? schedule->get() : nullptr;
  }
  // Of a number or a schedule.
  double at(Index step, Index epoch) const {
    if (const double* number = std::get_if<double>(&source)) return *number;
    return std::visit(
        [&](const auto& s) { return s.at(static_cast<double>(s.per == "step" ? step : epoch)); },
        std::get<Schedule>(source));
  }
  // Its name in messages where it may change from epoch to epoch or step to step, else nothing.
  std::string schedule_name() const {
    if (custom()) return "a function";
    const auto* schedule = std::get_if<Schedule>(&source);
    if (!schedule || std::holds_alternative<Constant>(*schedule)) return {};
    return std::visit([](const auto& s) { return s.class_name + std::string("(...)"); }, *schedule);
  }
  template <class Check>
  void validate(const Check& validator, const char* name, const Interval& bound,
                const char* description) const {
    if (const double* number = std::get_if<double>(&source)) {
      validator(name, *number, bound, description);
    }
  }
};

}  // namespace fastmlp
