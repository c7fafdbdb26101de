// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include <functional>

#include "bindings.hpp"
#include "fields.hpp"
#include "member_text.hpp"

namespace fastmlp::bindings {

// The type of an array of floats in the stubs.
inline constexpr auto kFloatArray = "numpy.typing.NDArray[numpy.floating[typing.Any]]";

// Arguments by name: positional ones in the order of `names`, then keywords.
py::dict bind_arguments(const char* where, const py::list& names, const py::args& args,
                        const py::kwargs& kwargs);

// Throws TypeError unless all of them are given.
void require_all(const std::string& where, const py::list& names, const py::dict& given);

template <class Member>
Member make_member(const py::dict& values) {
  Member member{};
  Member::fields(member, FieldReader(Member::class_name, values));
  validate(member);
  return member;
}

// What differs between the classes of members; all that is made of it is not a template, because
// code for each class would make the module half as large again.
struct MemberClass {
  const char* name;
  const char* formula;
  const char* example;  // of this member alone; null where the family's serves
  py::dict (*write)(const py::object& self);  // its fields
  void* (*make)(const py::dict& params);      // the value that a new object holds
  std::vector<FieldInfo> (*fields)();
  MemberText (*text)();
};

// Binds constructor, properties, get_params, repr, ==, hash, copies, pickles and documentation.
void bind_common(py::object& cls, const MemberClass& member);

// A method: the object, the name in errors, and the arguments by name.
using MethodBody =
    std::function<py::object(const py::object& self, const std::string& where, const py::dict&)>;

// A method, for all classes of a family, whose arguments have names, and whose errors have the form
// of all others; `signature` is for the stubs.
py::object make_method(const char* name, const py::list& names, const std::string& signature,
                       const char* doc, MethodBody body);

template <class Member>
constexpr auto example_of(int) -> decltype(Member::example) {
  return Member::example;
}
template <class Member>
constexpr const char* example_of(...) {
  return nullptr;
}

// Binds one member and enters it into the family's dict under its key.
template <class Member, class... Options>
py::class_<Member, Options...> bind_member(py::module_& m, py::dict& family, MemberText (*text)()) {
  auto cls = bind_class<Member, Options...>(m, Member::class_name, nullptr);
  const auto write = [](const py::object& self) {
    return write_fields(self.cast<const Member&>());
  };
  const auto make = [](const py::dict& params) -> void* {
    return new Member(make_member<Member>(params));
  };
  bind_common(cls, {Member::class_name, Member::doc, example_of<Member>(0), write, make,
                    &list_fields<Member>, text});
  cls.attr("name") = Member::key;
  family[Member::key] = cls;
  return cls;
}

}  // namespace fastmlp::bindings
