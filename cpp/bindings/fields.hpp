// The fields of a member between C++ and Python: written to a dict, read from one, and described.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "member.hpp"

namespace fastmlp::bindings {

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
  void operator()(const char* name, const std::optional<Polyak>& value, const char*);
  void operator()(const char* name, const UserFunction& value, const char*);
  void operator()(const char* name, const std::optional<UserFunction>& value, const char*);
  void operator()(const char* name, const Initializer& value, const char*);
  void operator()(const char* name, const std::optional<Initializer>& value, const char*);
  void operator()(const char* name, const LayerReference& layer, const char*);
  void operator()(const char* name, const DenseReference& layer, const char*);
  py::dict params;
};

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
  void operator()(const char* name, Activation& value, const char*) const;
  void operator()(const char* name, UserFunction& value, const char*) const;
  void operator()(const char* name, std::optional<UserFunction>& value, const char*) const;
  void operator()(const char* name, Initializer& value, const char*) const;
  void operator()(const char* name, std::optional<Initializer>& value, const char*) const;
  void operator()(const char* name, LineSearch& value, const char*) const;
  void operator()(const char* name, LayerReference& value, const char*) const;
  void operator()(const char* name, DenseReference& value, const char*) const;

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
  std::string held = annotation;  // that of the property, where names are resolved
};

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
  void operator()(const char* name, const Activation& value, const char* text);
  void operator()(const char* name, const UserFunction&, const char* text);
  void operator()(const char* name, const std::optional<UserFunction>&, const char* text);
  void operator()(const char* name, const Initializer& value, const char* text);
  void operator()(const char* name, const std::optional<Initializer>&, const char* text);
  void operator()(const char* name, const LineSearch& value, const char* text);
  void operator()(const char* name, const LayerReference&, const char* text);
  void operator()(const char* name, const DenseReference&, const char* text);
  std::vector<FieldInfo> fields;
};

// The fields of an object.
py::dict params_of(const py::object& self);

// The documentation of the fields of a class.
std::vector<FieldInfo> list_fields(const MemberClass& member);

// Gives a new object of a class its data: the fields of `params`, which must be valid, and
// defaults.
void construct(py::detail::value_and_holder& self, const MemberClass& member,
               const py::dict& params);

}  // namespace fastmlp::bindings
