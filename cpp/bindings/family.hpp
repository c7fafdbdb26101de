// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "fastmlp/base/family.hpp"
#include "fastmlp/nn/layers.hpp"
#include "fastmlp/optim/average.hpp"
#include "fastmlp/optim/schedule.hpp"

namespace fastmlp::bindings {

namespace py = pybind11;

// The network's input, where a field names a layer.
inline constexpr auto kInput = "input";

// The fields of a member as a dict, in order.
class FieldWriter {
 public:
  template <class Value, class... Constraint>
  void operator()(const char* name, const Value& value, const Constraint&...) {
    params[name] = py::cast(value);
  }
  void operator()(const char* name, const LearningRate& value, const Interval&);
  template <class L>
  void operator()(const char* name, const std::shared_ptr<const L>& layer) {
    params[name] = layer ? py::cast(std::const_pointer_cast<L>(layer)) : py::str(kInput);
  }
  py::dict params;
};

template <class Member>
py::dict get_params(const Member& member) {
  FieldWriter getter;
  Member::fields(member, getter);
  return getter.params;
}

// The member of a family that `value` means: an instance, or the key of one.
template <class Variant>
Variant choose(const char* parameter, const py::object& value, const std::string& where,
               const std::string& otherwise = "") {
  const bool named = py::isinstance<py::str>(value);
  const std::string key = named ? value.cast<std::string>() : "";
  std::optional<Variant> found;
  std::string keys;
  for_each_member<Variant>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    if (named && key == Member::name) found = member;
    if (!named && py::isinstance<Member>(value)) found = value.cast<Member>();
    keys += (keys.empty() ? "" : ", ") + std::string(Member::name);
  });
  if (found) return *found;
  const std::string given = where + ": " + parameter + "=" + std::string(py::repr(value));
  if (named) throw py::value_error(given + " is not known; expected one of: " + keys + otherwise);
  throw py::type_error(given + ", expected an instance or one of: " + keys + otherwise);
}

// Sets fields from a dict; refuses wrong kinds, and the absence of required fields, by TypeError.
class FieldReader {
 public:
  FieldReader(const char* where, py::dict values) : where_(where), values_(std::move(values)) {}
  void operator()(const char* name, double& value, const Interval& bound) const;
  void operator()(const char* name, Index& value, const IntegerInterval& bound) const;
  void operator()(const char* name, std::optional<double>& value, const Interval&) const;
  void operator()(const char* name, std::optional<ClipRange>& value) const;
  void operator()(const char* name, bool& value) const;
  void operator()(const char* name, std::string& value, const OneOf&) const;
  void operator()(const char* name, BoolOrString& value, const OneOf&) const;
  void operator()(const char* name, std::optional<Polyak>& value) const;
  void operator()(const char* name, LearningRate& value, const Interval&) const;
  template <class... Members>
  void operator()(const char* name, std::variant<Members...>& value) const {
    if (const py::object given = take(name)) {
      value = choose<std::variant<Members...>>(name, given, where_);
    }
  }
  template <class... Members>
  void operator()(const char* name, std::optional<std::variant<Members...>>& value) const {
    const py::object given = take(name);
    if (!given || given.is_none()) return;
    value = choose<std::variant<Members...>>(name, given, where_, ", or None");
  }
  // A reference to any layer may also be to the network's input.
  template <class L>
  void operator()(const char* name, std::shared_ptr<const L>& value) const {
    constexpr bool kAny = std::is_same_v<L, LayerBase>;
    const std::string expected =
        kAny ? "a layer of the network or 'input'" : "an fm." + class_name<L>() + " of the network";
    const py::object given = take(name);
    if (!given) missing(name, expected);
    if (kAny && py::isinstance<py::str>(given) && given.equal(py::str(kInput))) return;
    if (!py::isinstance<L>(given)) wrong_kind(name, given, expected);
    value = given.cast<std::shared_ptr<L>>();
  }

 private:
  py::object take(const char* name) const;
  [[noreturn]] void wrong_kind(const char* name, const py::object& given,
                               const std::string& expected) const;
  [[noreturn]] void missing(const char* name, const std::string& expected) const;
  template <class L>
  static std::string class_name() {
    if constexpr (std::is_same_v<L, LayerBase>)
      return "Layer";
    else
      return L::title;
  }
  double number(const char* name, const py::object& given, const char* expected) const;

  const char* where_;
  py::dict values_;
};

inline constexpr auto kRaises =
    "\nRaises\n------\nValueError\n    A number out of its range, or a word that is not known.\n"
    "TypeError\n    A value of the wrong kind.\n";

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
  void operator()(const char* name, Index value, const IntegerInterval& bound);
  void operator()(const char* name, const std::optional<double>&, const Interval& bound);
  void operator()(const char* name, const std::optional<ClipRange>&);
  void operator()(const char* name, bool value);
  void operator()(const char* name, const std::string& value, const OneOf& choices);
  void operator()(const char* name, const BoolOrString& value, const OneOf& words);
  void operator()(const char* name, const std::optional<Polyak>&);
  void operator()(const char* name, const LearningRate& value, const Interval&);
  template <class... Members>
  void operator()(const char* name, const std::variant<Members...>& value) {
    const auto key = [](const auto& member) { return std::string(member.name); };
    add_member(name, "str or value", "'" + std::visit(key, value) + "'");
  }
  template <class... Members>
  void operator()(const char* name, const std::optional<std::variant<Members...>>&) {
    add_member(name, "str, value or None", "None");
  }
  template <class L>
  void operator()(const char* name, const std::shared_ptr<const L>&) {
    add_required(name, "typing.Any");
  }
  std::string text;       // of the parameters section
  std::string call;       // "learning_rate=0.001", the arguments of the constructor
  std::string signature;  // ", learning_rate: float = 0.001", for the stubs

 private:
  void add(const char* name, const char* type, const std::string& standard);
  void add_required(const char* name, const char* type);
  void add_member(const char* name, const char* type, const std::string& standard);
};

// The running example of a member, for those that have one.
template <class Member>
auto example_of(int) -> decltype(Member::example) {
  return Member::example;
}
template <class Member>
const char* example_of(...) {
  return nullptr;
}

template <class Member>
std::string member_doc() {
  const Member member{};
  DocWriter describer;
  Member::fields(member, describer);
  std::string doc = std::string(Member::title) + "(" + describer.call + ")\n\n" + Member::doc;
  if (!describer.text.empty()) {
    doc += "\n\nParameters\n----------\n" + describer.text + kRaises;
  }
  if (const char* example = example_of<Member>(0)) {
    doc += std::string("\nExamples\n--------\n>>> import fastmlp as fm\n") + example + "\n";
  }
  return doc;
}

template <class Member>
Member make_member(const py::dict& values) {
  Member member{};
  Member::fields(member, FieldReader(Member::title, values));
  validate(member);
  return member;
}

// The constructor, with the signature that its arguments have in fact.
template <class Member, class Class>
void bind_constructor(Class& cls, const py::list& names) {
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
template <class Member, class... Options>
py::class_<Member, Options...> bind_member(py::module_& m, py::dict& family) {
  const Member standard{};
  const py::dict defaults = get_params(standard);
  const py::list names(defaults);
  py::class_<Member, Options...> cls(m, Member::title, member_doc<Member>().c_str());
  bind_constructor<Member>(cls, names);
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
  // Values are immutable: a copy is the object itself, so that references to layers stay.
  cls.def("__copy__", [](const py::object& self) { return self; });
  cls.def("__deepcopy__", [](const py::object& self, const py::dict&) { return self; });
  cls.def(py::pickle([](const Member& self) { return get_params(self); },
                     [](const py::dict& params) { return make_member<Member>(params); }));
  // Protocols 0 and 1 cannot reduce a native object by themselves.
  cls.def("__reduce__", [](const py::object& self) {
    const py::object allocate = py::module_::import("copyreg").attr("__newobj__");
    return py::make_tuple(allocate, py::make_tuple(py::type::of(self)),
                          get_params(self.cast<const Member&>()));
  });
  cls.attr("name") = Member::name;
  family[Member::name] = cls;
  return cls;
}

}  // namespace fastmlp::bindings
