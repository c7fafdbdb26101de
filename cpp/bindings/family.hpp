// Python classes of the members of a family, made from their one list of fields: constructor,
// properties, repr, ==, hash, pickle, get_params and documentation.
#pragma once

#include <functional>
#include <type_traits>
#include <variant>
#include <vector>

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

// A method: the object, the name in errors, and the arguments by name.
using MethodBody =
    std::function<py::object(const py::object& self, const std::string& where, const py::dict&)>;

// A method, for all classes of a family, whose arguments have names, and whose errors have the form
// of all others; `signature` is for the stubs.
py::object make_method(const char* name, const py::list& names, const std::string& signature,
                       const char* doc, MethodBody body);

// A read-only property for all classes of a family.
py::object make_property(const std::string& signature, const std::string& doc,
                         std::function<py::object(const py::object& self)> get);

template <class Member>
constexpr auto example_of(int) -> decltype(Member::example) {
  return Member::example;
}
template <class Member>
constexpr const char* example_of(...) {
  return nullptr;
}

// The member in what its family holds it as.
template <class Member, class Held>
Member& member_in(void* data) {
  auto& held = *static_cast<Held*>(data);
  if constexpr (std::is_base_of_v<Held, Member>) {
    return static_cast<Member&>(held);
  } else {
    return *std::get_if<Member>(&held);
  }
}

template <class Member, class Held>
std::shared_ptr<void> make_member() {
  using Made = std::conditional_t<std::is_base_of_v<Held, Member>, Member, Held>;
  return std::shared_ptr<Held>(std::make_shared<Made>(Member{}));
}

template <class Member, class Held>
void visit_member(void* data, FieldVisitor& visitor) {
  Member::fields(member_in<Member, Held>(data), visitor);
}

template <class Member, class Held>
void check_member(void* data) {
  check_together(member_in<Member, Held>(data), 0);
}

// What a family has beside its members.
struct Family {
  const char* name;  // of its dict in the module
  MemberText (*text)(const MemberClass& member);
  py::dict attributes;  // of all its classes
  void (*add_traits)(const MemberClass& member, py::dict& attributes) = nullptr;  // of one class
  py::object base;  // of its classes, where it is not Member
};

// A class in Python of the native type of a base.
py::object make_class(const py::module_& m, const char* name, const py::handle& base,
                      const py::dict& attributes);

// Binds the members of a family, and enters them into its dict by their keys.
void bind_members(py::module_& m, const Family& family, const MemberClass* members,
                  std::size_t count);

template <class Held, class... Members>
void bind_variant(py::module_& m, const Family& family, const std::variant<Members...>*) {
  static const MemberClass members[] = {{Members::class_name, Members::key, Members::doc,
                                         example_of<Members>(0), &typeid(Members), &typeid(Held),
                                         &make_member<Members, Held>, &visit_member<Members, Held>,
                                         &check_member<Members, Held>}...};
  bind_members(m, family, members, sizeof...(Members));
}

// The same of a variant, which the family holds its members as, but for layers.
template <class Variant, class Held = Variant>
void bind_family(py::module_& m, const Family& family) {
  bind_variant<Held>(m, family, static_cast<const Variant*>(nullptr));
}

// A member with its defaults.
template <class Held>
Held standard(const MemberClass& member) {
  return *static_cast<const Held*>(member.make().get());
}

}  // namespace fastmlp::bindings
