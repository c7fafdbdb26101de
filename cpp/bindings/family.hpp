// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include <functional>

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

// What the documentation of a member has beside its formula and fields.
struct MemberText {
  std::string cost;
  std::string example;  // that of the member itself where it has one
};

// The numpydoc text: the call, the formula, parameters, errors, cost and a running example.
std::string member_doc(const char* class_name, const char* formula, const MemberText& text,
                       const std::vector<FieldInfo>& fields);

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

// What differs between members in functions that all of them have: an object of the class to its
// fields, and the value that a new object holds.
struct MemberFunctions {
  py::dict (*write)(const py::object& self);
  void* (*make)(const py::dict& params);
};

// Binds constructor, properties, get_params, repr, ==, hash, copies and pickles, none of which is a
// template: code for each class would make the module half as large again.
void bind_common(py::object& cls, const char* class_name, const std::vector<FieldInfo>& fields,
                 MemberFunctions functions);

// A method: the object, the name in errors, and the arguments by name.
using MethodBody =
    std::function<py::object(const py::object& self, const std::string& where, const py::dict&)>;

// A method, for all classes of a family, whose arguments have names, and whose errors have the form
// of all others; `signature` is for the stubs.
py::object make_method(const char* name, const py::list& names, const std::string& signature,
                       const char* doc, MethodBody body);

// Binds one member and enters it into the family's dict under its key.
template <class Member, class... Options>
py::class_<Member, Options...> bind_member(py::module_& m, py::dict& family,
                                           const MemberText& text = {}) {
  const std::vector<FieldInfo> fields = list_fields<Member>();
  const MemberText own{text.cost, example_of<Member>(text.example, 0)};
  const std::string doc = member_doc(Member::class_name, Member::doc, own, fields);
  auto cls = bind_class<Member, Options...>(m, Member::class_name, doc.c_str());
  const auto write = [](const py::object& self) {
    return write_fields(self.cast<const Member&>());
  };
  const auto make = [](const py::dict& params) -> void* {
    return new Member(make_member<Member>(params));
  };
  bind_common(cls, Member::class_name, fields, {write, make});
  cls.attr("name") = Member::key;
  cls.attr("fields") = py::tuple(py::cast(fields));
  family[Member::key] = cls;
  return cls;
}

}  // namespace fastmlp::bindings
