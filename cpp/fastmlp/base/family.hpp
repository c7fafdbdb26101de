// A family is a closed set of small value structs, one of which a user picks: activations, losses,
// update rules, … A member carries its spelling (`key`), its class name in Python (`class_name`),
// its documentation (`doc`) and ONE list of hyperparameters, `fields(self, f)`, which calls f(name,
// value, constraint, description) for each in the order of the constructor; kinds of values without
// a constraint leave it out. Validation, repr, pickling, documentation and the Python class all
// come from that list.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "fastmlp/base/extent.hpp"
#include "fastmlp/base/types.hpp"

namespace fastmlp {

// The interval a number must lie in.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  bool contains(double x) const {
    return std::isfinite(x) && (low_open ? x > low : x >= low) &&
           (high_open ? x < high : x <= high);
  }
  // "0 <= beta1 < 1"
  std::string text(const std::string& name) const;
};

inline constexpr Interval kFinite{};
inline constexpr Interval kPositive{0.0, std::numeric_limits<double>::infinity(), true, false};
inline constexpr Interval kNonNegative{0.0};
inline constexpr Interval kAtLeastOne{1.0};
inline constexpr Interval kUnitInterval{0.0, 1.0, false, true};  // 0 <= x < 1
inline constexpr Interval kClosedUnitInterval{0.0, 1.0};         // 0 <= x <= 1

// The range an integer must lie in.
struct IntegerInterval {
  Index low = 0;
  Index high = std::numeric_limits<Index>::max();

  bool contains(Index x) const { return x >= low && x <= high; }
  // "an integer >= 1"
  std::string text() const;
  // "an integer >= 1 or two of them"
  std::string text(const Extent& extent) const;
};

inline constexpr IntegerInterval kPositiveInteger{1};
// Of windows: products of two can be counted.
inline constexpr IntegerInterval kExtentInteger{0, Index{1} << 30};
inline constexpr IntegerInterval kPositiveExtent{1, kExtentInteger.high};

// A field without a default starts from one of these, which no constraint admits.
inline constexpr double kRequired = std::numeric_limits<double>::quiet_NaN();
inline constexpr Index kRequiredInteger = std::numeric_limits<Index>::min();

// One of a few words: the constraint that comes with a field of type std::string.
using OneOf = std::vector<std::string>;

// True, False or one of a few words.
using BoolOrString = std::variant<bool, std::string>;

// A number >= 0 or one of a few words.
using NumberOrWord = std::variant<double, std::string>;

// (low, high) with low < high.
using ClipRange = std::pair<double, double>;

// "0.001" as a reader would write it: the shortest text that reads back as the same double.
std::string number_text(double value);

[[noreturn]] void throw_invalid(const std::string& where, const std::string& name,
                                const std::string& value, const std::string& expected);

// Throws std::invalid_argument in the form "Adam: beta2=1.5, expected 0 <= beta2 < 1".
class Validator {
 public:
  explicit Validator(std::string where) : where_(std::move(where)) {}
  void operator()(const char* name, double value, const Interval& bound, const char*) const;
  void operator()(const char* name, Index value, const IntegerInterval& bound, const char*) const;
  void operator()(const char* name, const std::optional<double>& value, const Interval& bound,
                  const char*) const;
  void operator()(const char* name, const std::optional<ClipRange>& value, const char*) const;
  void operator()(const char* name, const std::string& value, const OneOf& choices,
                  const char*) const;
  void operator()(const char* name, const BoolOrString& value, const OneOf& words,
                  const char*) const;
  void operator()(const char* name, const NumberOrWord& value, const OneOf& words,
                  const char*) const;
  void operator()(const char* name, const Extent& value, const IntegerInterval& bound,
                  const char*) const;
  void operator()(const char* name, const OptionalExtent& value, const IntegerInterval& bound,
                  const char*) const;
  void operator()(const char* name, const Padding& value, const OneOf& words, const char*) const;
  void operator()(const char*, bool, const char*) const {}
  // Members of other families were validated when they were made.
  template <class... Members>
  void operator()(const char*, const std::variant<Members...>&, const char*) const {}
  template <class Member>
  void operator()(const char*, const std::optional<Member>&, const char*) const {}
  template <class Member>
  void operator()(const char*, const std::shared_ptr<const Member>&, const char*) const {}
  // A value with a `validate` member.
  template <class Value>
  auto operator()(const char* name, const Value& value, const Interval& bound,
                  const char* description) const
      -> decltype(value.validate(*this, name, bound, description)) {
    value.validate(*this, name, bound, description);
  }

 private:
  std::string where_;
};

// A member's `check` throws where fields contradict each other.
template <class Member>
auto check_together(const Member& member, int) -> decltype(member.check()) {
  member.check();
}
template <class Member>
void check_together(const Member&, long) {}

template <class Member>
void validate(const Member& member) {
  Validator validator(Member::class_name);
  Member::fields(member, validator);
  check_together(member, 0);
}

template <class T, class Member>
void check_range(const Member& member);

// Throws where a hyperparameter has no value in arithmetic of type T: it is not 0, but becomes 0,
// as subnormal numbers are flushed, or it is finite, but becomes inf. Optional ones are bounds and
// penalties, of which inf is a value too.
template <class T>
class RangeCheck {
 public:
  explicit RangeCheck(std::string where) : where_(std::move(where)) {}
  void operator()(const char* name, double value, const Interval&, const char*) const {
    if (std::isfinite(value) && std::abs(value) > std::numeric_limits<T>::max()) {
      throw_invalid(where_, name, number_text(value), "at most 3.4e+38 in magnitude in float32");
    }
    check(name, value);
  }
  void operator()(const char* name, const std::optional<double>& value, const Interval&,
                  const char*) const {
    check(name, value.value_or(0));
  }
  void operator()(const char* name, const std::optional<ClipRange>& value, const char*) const {
    const ClipRange range = value.value_or(ClipRange{});
    check(name, range.first);
    check(name, range.second);
  }
  template <class... Members>
  void operator()(const char*, const std::variant<Members...>& value, const char*) const {
    std::visit([](const auto& member) { check_range<T>(member); }, value);
  }
  template <class... Members>
  void operator()(const char* name, const std::optional<std::variant<Members...>>& value,
                  const char* description) const {
    if (value) (*this)(name, *value, description);
  }
  template <class Value>
  auto operator()(const char* name, const Value& value, const Interval& bound,
                  const char* description) const
      -> decltype(value.validate(*this, name, bound, description)) {
    value.validate(*this, name, bound, description);
  }
  // No real numbers.
  template <class Value, class... Rest>
  void operator()(const char*, const Value&, const Rest&...) const {}

 private:
  void check(const char* name, double value) const {
    constexpr bool kSingle = sizeof(T) == sizeof(float);
    std::uint64_t bits = 0;  // because subnormal numbers may be flushed here
    std::memcpy(&bits, &value, sizeof bits);
    if (bits << 1 == 0 || std::abs(value) >= std::numeric_limits<T>::min()) return;
    throw_invalid(where_, name, number_text(value),
                  kSingle ? "0 or at least 1.2e-38 in float32" : "0 or at least 2.3e-308");
  }

  std::string where_;
};

template <class T, class Member>
void check_range(const Member& member) {
  RangeCheck<T> check(Member::class_name);
  Member::fields(member, check);
}

// Calls f(Member{}) for every member of a variant, in order.
template <class Variant, class F, std::size_t... I>
void for_each_member(F&& f, std::index_sequence<I...>) {
  (f(std::variant_alternative_t<I, Variant>{}), ...);
}
template <class Variant, class F>
void for_each_member(F&& f) {
  for_each_member<Variant>(f, std::make_index_sequence<std::variant_size_v<Variant>>{});
}

}  // namespace fastmlp
