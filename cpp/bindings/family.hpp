// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include "bindings.hpp"
#include "fields.hpp"

namespace fastmlp::bindings {

// The type of an array of floats in the stubs.
inline constexpr auto kFloatArray = "numpy.typing.NDArray[numpy.floating[typing.Any]]";

// Arguments by name: positional ones in the order of `names`, then keywords.
py::dict bind_arguments(const char* where, const py::list& names, const py::args& args,
                        const py::kwargs& kwargs);

// Throws TypeError unless all of them are given.
void require_all(const std::string& where, const py::list& names, const py::dict& given);

// "Adam(learning_rate=0.001, beta1=0.9)"
std::string member_repr(const char* class_name, const py::dict& params);

// "self, learning_rate: float = 0.001", for the stubs.
std::string constructor_signature(const std::vector<FieldInfo>& fields);

// "beta1(self) -> float", for the stubs.
std::string property_signature(const FieldInfo& field);

// What the documentation of a member has beside its formula and fields.
struct MemberText {
  std::string cost;
  std::string example;  // that of the member itself where it has one
};

// The numpydoc text: the call, the formula, parameters, errors, cost and a running example.
std::string member_doc(const char* class_name, const char* formula, const MemberText& text,
                       const std::vector<FieldInfo>& fields);

// The parameters by name; with `deep` those of parameters that have some, as name__parameter.
py::dict deep_params(const py::dict& params, bool deep);

template <class Member>
auto example_of(const std::string&, int) -> decltype(std::string(Member::example)) {
  return Member::example;
}
template <class Member>
std::string example_of(const std::string& otherwise, ...) {
  return otherwise;
}

template <class Member>
Member make_member(const py::dict& values) {
  Member member{};
  Member::fields(member, FieldReader(Member::class_name, values));
  validate(member);
  return member;
}

// The constructor, with the real names of its arguments in the signature.
template <class Member, class Class>
void bind_constructor(Class& cls, const py::list& names) {
  const std::string signature = constructor_signature(list_fields<Member>());
  py::options options;
  options.disable_function_signatures();
  cls.def(py::init([names](const py::args& args, const py::kwargs& kwargs) {
            return make_member<Member>(bind_arguments(Member::class_name, names, args, kwargs));
          }),
          signature.c_str());
}

// Binds a method whose arguments have names, and whose errors have the form of all others;
// `signature` is for the stubs.
template <class Member, class Class, class F>
void bind_method(Class& cls, const std::string& name, const py::list& names,
                 const std::string& signature, const char* doc, F f) {
  const std::string suffix = name == "__call__" ? "" : "." + name;
  py::options options;
  options.disable_function_signatures();
  cls.def(
      name.c_str(),
      [names, where = Member::class_name + suffix, f](const Member& self, const py::args& args,
                                                      const py::kwargs& kwargs) {
        return f(self, where, bind_arguments(where.c_str(), names, args, kwargs));
      },
      (signature + "\n\n" + doc).c_str());
}

template <class Member, class Class>
void bind_get_params(Class& cls) {
  py::list names;
  names.append("deep");
  bind_method<Member>(cls, "get_params", names,
                      "get_params(self, deep: bool = True) -> dict[str, typing.Any]",
                      "The hyperparameters by name; with deep those of nested values too.",
                      [](const Member& self, const std::string& where, const py::dict& given) {
                        bool deep = true;
                        FieldReader(where.c_str(), given)("deep", deep, "");
                        return deep_params(write_fields(self), deep);
                      });
}

// What all members have in common, by their get_params: functions of any object, because a template
// for each class would make the module half as large again.
namespace common {

// Members are immutable: copies and clones are the object itself, so that references to layers
// stay.
py::object copy(const py::object& self);
py::object deep_copy(const py::object& self, const py::dict& memo);
// Protocols 0 and 1 cannot reduce a native object by themselves.
py::tuple reduce(const py::object& self);
std::string repr(const py::object& self);
bool equal(const py::object& self, const py::object& other);
py::ssize_t hash(const py::object& self);
// The property of one field.
py::cpp_function getter(const FieldInfo& field);

}  // namespace common

template <class Member, class Class>
void bind_common(Class& cls) {
  cls.def(py::pickle([](const Member& self) { return write_fields(self); },
                     [](const py::dict& params) { return make_member<Member>(params); }));
  cls.def("__copy__", &common::copy);
  cls.def("__deepcopy__", &common::deep_copy);
  cls.def("__sklearn_clone__", &common::copy);
  cls.def("__reduce__", &common::reduce);
  cls.def("__repr__", &common::repr);
  cls.def("__eq__", &common::equal);
  cls.def("__hash__", &common::hash);
}

// Binds one member and enters it into the family's dict under its key.
template <class Member, class... Options>
py::class_<Member, Options...> bind_member(py::module_& m, py::dict& family,
                                           const MemberText& text = {}) {
  const std::vector<FieldInfo> fields = list_fields<Member>();
  const MemberText own{text.cost, example_of<Member>(text.example, 0)};
  const std::string doc = member_doc(Member::class_name, Member::doc, own, fields);
  auto cls = bind_class<Member, Options...>(m, Member::class_name, doc.c_str());
  py::list names;
  for (const FieldInfo& field : fields) {
    names.append(field.name);
    cls.def_property_readonly(field.name.c_str(), common::getter(field), field.description.c_str());
  }
  bind_constructor<Member>(cls, names);
  bind_get_params<Member>(cls);
  bind_common<Member>(cls);
  cls.attr("name") = Member::key;
  cls.attr("fields") = py::tuple(py::cast(fields));
  family[Member::key] = cls;
  return cls;
}

}  // namespace fastmlp::bindings
