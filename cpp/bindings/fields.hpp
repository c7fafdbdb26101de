// The fields of a member between C++ and Python: written to a dict, read from one, and described.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "fastmlp/base/family.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/line_search.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp::bindings {

namespace py = pybind11;

// The network's input, where a field refers to a layer.
inline constexpr auto kInput = "input";

std::string text_of(const py::handle& value);  // its repr
std::string listed(const OneOf& words);        // "'step', 'epoch'"

// The fields of a member as a dict, in order.
class FieldWriter {
 public:
  template <class Value, class... Rest>
  void operator()(const char* name, const Value& value, const Rest&...) {
    params[name] = py::cast(value);
  }
  void operator()(const char* name, const LearningRate& value, const Interval&, const char*);
  void operator()(const char* name, const Extent& value, const IntegerInterval&, const char*);
  void operator()(const char* name, const OptionalExtent& value, const IntegerInterval&,
                  const char*);
  void operator()(const char* name, const Padding& value, const OneOf&, const char*);
  template <class L>
  void operator()(const char* name, const std::shared_ptr<const L>& layer, const char*) {
    params[name] = layer ? py::cast(std::const_pointer_cast<L>(layer)) : py::str(kInput);
  }
  py::dict params;
};

template <class Member>
py::dict write_fields(const Member& member) {
  FieldWriter writer;
  Member::fields(member, writer);
  return writer.params;
}

// The member of a family that `value` denotes: an instance, or the key of one.
template <class Variant>
Variant choose(const char* parameter, const py::object& value, const std::string& where,
               const std::string& otherwise = "") {
  const bool named = py::isinstance<py::str>(value);
  const std::string key = named ? value.cast<std::string>() : "";
  std::optional<Variant> found;
  std::string keys;
  for_each_member<Variant>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    if (named && key == Member::key) found = member;
    if (!named && py::isinstance<Member>(value)) found = value.cast<Member>();
    keys += (keys.empty() ? "" : ", ") + std::string(Member::key);
  });
  if (found) return *found;
  const std::string given = where + ": " + parameter + "=" + std::string(py::repr(value));
  if (named) throw py::value_error(given + " is not known; expected one of: " + keys + otherwise);
  throw py::type_error(given + ", expected an instance or one of: " + keys + otherwise);
}

// Sets fields from a dict; throws TypeError for wrong types and for required fields that are
// missing.
class FieldReader {
 public:
  FieldReader(const char* where, py::dict values) : where_(where), values_(std::move(values)) {}
  void operator()(const char* name, double& value, const Interval& bound, const char*) const;
  void operator()(const char* name, Index& value, const IntegerInterval& bound, const char*) const;
  void operator()(const char* name, Extent& value, const IntegerInterval& bound, const char*) const;
  void operator()(const char* name, OptionalExtent& value, const IntegerInterval& bound,
                  const char*) const;
  void operator()(const char* name, Padding& value, const OneOf&, const char*) const;
  void operator()(const char* name, std::optional<double>& value, const Interval&,
                  const char*) const;
  void operator()(const char* name, std::optional<ClipRange>& value, const char*) const;
  void operator()(const char* name, bool& value, const char*) const;
  void operator()(const char* name, std::string& value, const OneOf&, const char*) const;
  void operator()(const char* name, BoolOrString& value, const OneOf&, const char*) const;
  void operator()(const char* name, NumberOrWord& value, const OneOf&, const char*) const;
  void operator()(const char* name, std::optional<Polyak>& value, const char*) const;
  void operator()(const char* name, LearningRate& value, const Interval&, const char*) const;
  template <class... Members>
  void operator()(const char* name, std::variant<Members...>& value, const char*) const {
    if (const py::object given = take(name)) {
      value = choose<std::variant<Members...>>(name, given, where_);
    }
  }
  template <class... Members>
  void operator()(const char* name, std::optional<std::variant<Members...>>& value,
                  const char*) const {
    const py::object given = take(name);
    if (!given || given.is_none()) return;
    value = choose<std::variant<Members...>>(name, given, where_, ", or None");
  }
  // A reference to any layer may also be to the network's input.
  template <class L>
  void operator()(const char* name, std::shared_ptr<const L>& value, const char*) const {
    constexpr bool kAny = std::is_same_v<L, LayerBase>;
    std::string expected = "a layer of the network or 'input'";
    if constexpr (!kAny) expected = std::string("an fm.") + L::class_name + " of the network";
    const py::object given = take(name);
    if (!given) missing(name, expected);
    if (kAny && py::isinstance<py::str>(given) && given.equal(py::str(kInput))) return;
    if (!py::isinstance<L>(given)) wrong_kind(name, given, expected);
    given.cast<const L&>();  // throws where it is not initialised
    value = given.cast<std::shared_ptr<L>>();
  }

 private:
  py::object take(const char* name) const;
  [[noreturn]] void wrong_kind(const char* name, const py::object& given,
                               const std::string& expected) const;
  [[noreturn]] void missing(const char* name, const std::string& expected) const;
  double number(const char* name, const py::object& given, const char* expected) const;
  Index integer(const char* name, const py::object& given, Index max,
                const std::string& expected) const;
  Extent extent(const char* name, const py::object& given, Index max, const std::string& expected,
                int dims) const;

  const char* where_;
  py::dict values_;
};

// Documentation of one field.
struct FieldInfo {
  std::string name;
  std::string type;           // "float | None"
  std::string default_value;  // its repr in Python; empty if the field is required
  std::string bounds;         // "0 <= beta1 < 1"; empty if the type determines them
  std::string description;
  std::string annotation = type;  // its type in the stubs
};

const char* family_noun(const Activation*);
const char* family_noun(const Initializer*);
const char* family_noun(const LineSearch*);

// The union of a family's classes in the stubs.
const char* family_alias(const Activation*);
const char* family_alias(const Initializer*);
const char* family_alias(const LineSearch*);

// Lists the fields of a member.
class FieldLister {
 public:
  void operator()(const char* name, double value, const Interval& bound, const char* text);
  void operator()(const char* name, Index value, const IntegerInterval& bound, const char* text);
  void operator()(const char* name, const Extent& value, const IntegerInterval& bound,
                  const char* text);
  void operator()(const char* name, const OptionalExtent& value, const IntegerInterval& bound,
                  const char* text);
  void operator()(const char* name, const Padding& value, const OneOf& words, const char* text);
  void operator()(const char* name, const std::optional<double>&, const Interval& bound,
                  const char* text);
  void operator()(const char* name, const std::optional<ClipRange>&, const char* text);
  void operator()(const char* name, bool value, const char* text);
  void operator()(const char* name, const std::string& value, const OneOf& words, const char* text);
  void operator()(const char* name, const BoolOrString& value, const OneOf& words,
                  const char* text);
  void operator()(const char* name, const NumberOrWord& value, const OneOf& words,
                  const char* text);
  void operator()(const char* name, const std::optional<Polyak>&, const char* text);
  void operator()(const char* name, const LearningRate& value, const Interval&, const char* text);
  template <class... Members>
  void operator()(const char* name, const std::variant<Members...>& value, const char* text) {
    const std::variant<Members...>* family = nullptr;
    const auto key = [](const auto& member) { return std::string(member.key); };
    fields.push_back({name, std::string("str or ") + family_noun(family),
                      "'" + std::visit(key, value) + "'", "", text,
                      std::string("str | ") + family_alias(family)});
  }
  template <class... Members>
  void operator()(const char* name, const std::optional<std::variant<Members...>>&,
                  const char* text) {
    const std::variant<Members...>* family = nullptr;
    fields.push_back({name, std::string("str, ") + family_noun(family) + " or None", "None", "",
                      text, std::string("str | ") + family_alias(family) + " | None"});
  }
  template <class L>
  void operator()(const char* name, const std::shared_ptr<const L>&, const char* text) {
    constexpr bool kAny = std::is_same_v<L, LayerBase>;
    fields.push_back({name, kAny ? "layer or 'input'" : "Dense", "", "", text,
                      kAny ? "Layer | typing.Literal['input']" : "Dense"});
  }
  std::vector<FieldInfo> fields;
};

template <class Member>
std::vector<FieldInfo> list_fields() {
  FieldLister lister;
  const Member standard{};
  Member::fields(standard, lister);
  return lister.fields;
}

}  // namespace fastmlp::bindings
