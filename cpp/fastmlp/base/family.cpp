#include "fastmlp/base/family.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace fastmlp {

std::string number_text(double value) {
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

std::string Interval::text(const std::string& name) const {
  const bool below = std::isfinite(low), above = std::isfinite(high);
  const std::string left = number_text(low), right = number_text(high);
  if (below && above)
    return left + (low_open ? " < " : " <= ") + name + (high_open ? " < " : " <= ") + right;
  if (below) return "a finite " + name + (low_open ? " > " : " >= ") + left;
  if (above) return "a finite " + name + (high_open ? " < " : " <= ") + right;
  return "a finite number";
}

std::string IntegerInterval::text() const {
  const std::string below = "an integer >= " + std::to_string(low);
  return high >= kExtentInteger.high ? below : below + " and <= " + std::to_string(high);
}

std::string IntegerInterval::text(const Extent& extent) const {
  return text() + (extent.dims > 1 ? " or two of them" : "");
}

void throw_invalid(const std::string& where, const std::string& name, const std::string& value,
                   const std::string& expected) {
  throw std::invalid_argument(where + ": " + name + "=" + value + ", expected " + expected);
}

void Validator::operator()(const char* name, double value, const Interval& bound,
                           const char*) const {
  if (!bound.contains(value)) throw_invalid(where_, name, number_text(value), bound.text(name));
}

void Validator::operator()(const char* name, Index value, const IntegerInterval& bound,
                           const char*) const {
  if (!bound.contains(value)) throw_invalid(where_, name, std::to_string(value), bound.text());
}

void Validator::operator()(const char* name, const std::optional<double>& value,
                           const Interval& bound, const char*) const {
  if (value && !bound.contains(*value)) {
    throw_invalid(where_, name, number_text(*value), bound.text(name) + ", or None");
  }
}

void Validator::operator()(const char* name, const std::optional<ClipRange>& value,
                           const char*) const {
  if (value && !(std::isfinite(value->first) && std::isfinite(value->second) &&
                 value->first < value->second)) {
    throw_invalid(where_, name,
                  "(" + number_text(value->first) + ", " + number_text(value->second) + ")",
                  "a positive number, (low, high) with low < high, or None");
  }
}

void Validator::operator()(const char* name, const std::string& value, const OneOf& choices,
                           const char*) const {
  std::string expected = "one of: ";
  for (const std::string& choice : choices) {
    if (choice == value) return;
    expected += (&choice == &choices.front() ? "'" : ", '") + choice + "'";
  }
  throw_invalid(where_, name, "'" + value + "'", expected);
}

void Validator::operator()(const char* name, const BoolOrString& value, const OneOf& words,
                           const char*) const {
  const std::string* word = std::get_if<std::string>(&value);
  if (!word || std::find(words.begin(), words.end(), *word) != words.end()) return;
  std::string expected = "True, False";
  for (const std::string& known : words) expected += " or '" + known + "'";
  throw_invalid(where_, name, "'" + *word + "'", expected);
}

void Validator::operator()(const char* name, const NumberOrWord& value, const OneOf& words,
                           const char*) const {
  const std::string* word = std::get_if<std::string>(&value);
  if (word && std::find(words.begin(), words.end(), *word) != words.end()) return;
  if (!word && kNonNegative.contains(std::get<double>(value))) return;
  std::string expected = "a finite number >= 0";
  for (const std::string& known : words) expected += " or '" + known + "'";
  throw_invalid(where_, name, word ? "'" + *word + "'" : number_text(std::get<double>(value)),
                expected);
}

void Validator::operator()(const char* name, const Extent& value, const IntegerInterval& bound,
                           const char*) const {
  if (bound.contains(value.y) && bound.contains(value.x)) return;
  const bool large = std::max(value.y, value.x) > bound.high;
  throw_invalid(where_, name, value.text(),
                large ? "at most " + std::to_string(bound.high) : bound.text(value));
}

void Validator::operator()(const char* name, const OptionalExtent& value,
                           const IntegerInterval& bound, const char* text) const {
  if (value.value) (*this)(name, *value.value, bound, text);
}

void Validator::operator()(const char* name, const Padding& value, const OneOf& words,
                           const char* text) const {
  if (!value.zeros) return (*this)(name, value.word, words, text);
  (*this)(name, *value.zeros, kExtentInteger, text);
}

}  // namespace fastmlp
