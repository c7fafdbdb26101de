// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "fastmlp/base/family.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp::bindings {

namespace py = pybind11;

// The fields of a member as a dict, in order.
class FieldWriter {
 public:
  template <class Value, class... Constraint>
  void operator()(const char* name, const Value& value, const Constraint&...) {
    params[name] = py::cast(value);
  }
  void operator()(const char* name, const LearningRate& value, const Interval&);
  py::dict params;
};

template <class Member>
py::dict get_params(const Member& member) {
  FieldWriter getter;
  Member::fields(member, getter);
  return getter.params;
}

// Sets fields from a dict; refuses wrong kinds by TypeError.
class FieldReader {
 public:
  FieldReader(const char* where, py::dict values) : where_(where), values_(std::move(values)) {}
  void operator()(const char* name, double& value, const Interval&) const;
  void operator()(const char* name, std::optional<double>& value, const Interval&) const;
  void operator()(const char* name, std::optional<ClipRange>& value) const;
  void operator()(const char* name, bool& value) const;
  void operator()(const char* name, std::string& value, const OneOf&) const;
  void operator()(const char* name, BoolOrString& value, const OneOf&) const;
  void operator()(const char* name, std::optional<Polyak>& value) const;
  void operator()(const char* name, LearningRate& value, const Interval&) const;

 private:
  py::object take(const char* name) const;
  [[noreturn]] void wrong_kind(const char* name, const py::object& given,
                               const char* expected) const;
  double number(const char* name, const py::object& given, const char* expected) const;

  const char* where_;
  py::dict values_;
};

// Constructor arguments by name: positional ones in the order of `names`, then keywords.
py::dict bind_arguments(const char* where, const py::list& names, const py::args& args,
                        const py::kwargs& kwargs);

// "Adam(learning_rate=0.001, beta1=0.9)"
std::string member_repr(const char* title, const py::dict& params);

// The numpydoc text of a member: signature, formula, parameters with their defaults and bounds.
template <class Member>
std::string member_doc();

class DocWriter {
 public:
  void operator()(const char* name, double value, const Interval& bound);
  void operator()(const char* name, const std::optional<double>&, const Interval& bound);
  void operator()(const char* name, const std::optional<ClipRange>&);
  void operator()(const char* name, bool value);
  void operator()(const char* name, const std::string& value, const OneOf& choices);
  void operator()(const char* name, const BoolOrString& value, const OneOf& words);
  void operator()(const char* name, const std::optional<Polyak>&);
  void operator()(const char* name, const LearningRate& value, const Interval&);
  std::string text;       // of the parameters section
  std::string signature;  // ", learning_rate: float = 0.001", for the stubs

 private:
  void add(const char* name, const char* type, const std::string& standard);
};

template <class Member>
std::string member_doc() {
  const Member member{};
  DocWriter describer;
  Member::fields(member, describer);
  const std::string head = member_repr(Member::title, get_params(member)) + "\n\n" + Member::doc;
  return describer.text.empty() ? head : head + "\n\nParameters\n----------\n" + describer.text;
}

template <class Member>
Member make_member(const py::dict& values) {
  Member member{};
  Member::fields(member, FieldReader(Member::title, values));
  validate(member);
  return member;
}

// The constructor, with the signature that its arguments have in fact.
template <class Member>
void bind_constructor(py::class_<Member>& cls, const py::list& names) {
  DocWriter describer;
  const Member standard{};
  Member::fields(standard, describer);
  const std::string signature = "__init__(self" + describer.signature + ") -> None";
  py::options options;
  options.disable_function_signatures();
  cls.def(py::init([names](const py::args& args, const py::kwargs& kwargs) {
            return make_member<Member>(bind_arguments(Member::title, names, args, kwargs));
          }),
          signature.c_str());
}

// Binds one member and enters it into the family's dict under its spelling.
template <class Member>
py::class_<Member> bind_member(py::module_& m, py::dict& family) {
  const Member standard{};
  const py::dict defaults = get_params(standard);
  const py::list names(defaults);
  py::class_<Member> cls(m, Member::title, member_doc<Member>().c_str());
  bind_constructor(cls, names);
  for (const py::handle name : names) {
    const std::string key = py::str(name);
    const auto get = [key](const Member& self) -> py::object {
      return get_params(self)[key.c_str()];
    };
    cls.def_property_readonly(key.c_str(), get);
  }
  cls.def("get_params", &get_params<Member>, "The hyperparameters, by name.");
  cls.def("__repr__",
          [](const Member& self) { return member_repr(Member::title, get_params(self)); });
  cls.def("__eq__", [](const Member& self, const py::object& other) {
    return py::isinstance<Member>(other) &&
           get_params(self).equal(get_params(other.cast<Member>()));
  });
  cls.def("__hash__", [](const Member& self) {
    return py::hash(py::str(member_repr(Member::title, get_params(self))));
  });
  cls.def("__copy__", [](const Member& self) { return self; });
  cls.def("__deepcopy__", [](const Member& self, const py::dict&) { return self; });
  cls.def(py::pickle([](const Member& self) { return get_params(self); },
                     [](const py::dict& params) { return make_member<Member>(params); }));
  cls.attr("name") = Member::name;
  family[Member::name] = cls;
  return cls;
}

// The member of a family that `value` means: an instance, or the spelling of one.
template <class Variant>
Variant choose(const py::dict& family, const char* parameter, const py::object& value,
               const std::string& where) {
  const bool named = py::isinstance<py::str>(value);
  if (named && family.contains(value)) return family[value]().template cast<Variant>();
  std::string names;
  for (const auto& [name, cls] : family) {
    if (!named && py::isinstance(value, cls)) return value.cast<Variant>();
    names += (names.empty() ? "" : ", ") + std::string(py::str(name));
  }
  const std::string given = where + ": " + parameter + "=" + std::string(py::repr(value));
  if (named) throw py::value_error(given + " is not known; expected one of: " + names);
  throw py::type_error(given + ", expected an instance or one of: " + names);
}

}  // namespace fastmlp::bindings
