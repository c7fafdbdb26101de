// Members of families as objects of Python. They have one native type, Value, and what they hold is
// known by their class in Python: a type bound for each would make the module a tenth larger.
#pragma once

#include <pybind11/pybind11.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <typeinfo>

#include "fastmlp/nn/loss.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "field_visitor.hpp"

namespace fastmlp::bindings {

namespace py = pybind11;

using Average = std::variant<Polyak>;

// Stands for what a family holds its members as: its variant, or a LayerBase, whose address tells
// which layer it is.
struct Value {};

// What the documentation of a member has beside its formula and fields.
struct MemberText {
  std::string cost;
  std::string example;
};

// What differs between the classes of members; all that is made of it is not a template.
struct MemberClass {
  const char *name, *key, *formula;
  const char* example;                  // of this member alone; null where the family's serves
  const std::type_info *type, *family;  // its own, and of what its family holds
  std::shared_ptr<void> (*make)();      // with all defaults
  void (*visit)(void* data, FieldVisitor& visitor);
  void (*check)(void* data);  // of fields together
  // Known when it is bound.
  MemberText (*text)(const MemberClass& member) = nullptr;
  PyTypeObject* python = nullptr;
  PyObject* parameters = nullptr;  // a list of names
};

// Enters a class of its family, for good.
void register_class(const MemberClass& entry);

// The class of objects of a type in Python, which may be derived from it; null if there is none.
const MemberClass* find_class(const PyTypeObject* type);

// As find_class; throws TypeError.
const MemberClass& class_of(const PyTypeObject* type);

// What an object of a class holds; throws TypeError where it was made without its constructor.
std::shared_ptr<void> data_of(const py::handle& object, const MemberClass& member);

// The same of a member of a family; null for any other object.
std::shared_ptr<void> data_in(const py::handle& object, const std::type_info& family);

// Gives an object its data.
void hold(py::detail::value_and_holder& object, const std::shared_ptr<void>& data);

// The object of some data, of a class or of that of a type; of a layer the one that it has.
py::object make_object(const MemberClass& member, const std::shared_ptr<void>& data);
py::object make_object(const std::type_info& type, const std::shared_ptr<void>& data);
py::object layer_object(const std::shared_ptr<const LayerBase>& layer);

// The member of a family as an object of Python.
template <class Family>
py::object make_object(const Family& value) {
  const auto type = [](const auto& member) { return &typeid(member); };
  return make_object(*std::visit(type, value), std::make_shared<Family>(value));
}
py::object make_object(const AnyOptimizer& value);

// The layer that an object is; null for any other object.
std::shared_ptr<LayerBase> layer_in(const py::handle& object);

struct Choice {
  const MemberClass* member;
  std::shared_ptr<void> data;
};

// The member of some families that `value` denotes: an instance, or the key of one.
Choice choose_member(std::initializer_list<const std::type_info*> families, const char* parameter,
                     const py::object& value, const std::string& where, const char* otherwise = "");

template <class Family>
Family choose(const char* parameter, const py::object& value, const std::string& where,
              const char* otherwise = "") {
  const Choice choice = choose_member({&typeid(Family)}, parameter, value, where, otherwise);
  return *static_cast<const Family*>(choice.data.get());
}

// Copies the member of a family that an object is; false for any other object.
template <class Family>
bool read_member(const py::handle& object, std::optional<Family>& value) {
  const std::shared_ptr<void> data = data_in(object, typeid(Family));
  if (data) value = *static_cast<const Family*>(data.get());
  return data != nullptr;
}
bool read_member(const py::handle& object, std::optional<AnyOptimizer>& value);

// Members as arguments and results of native functions.
template <class Family>
class FamilyCaster {
 public:
  template <class>
  using cast_op_type = const Family&;
  bool load(const py::handle& source, bool) { return read_member(source, value_); }
  operator const Family&() const { return *value_; }
  static py::handle cast(const Family& value, py::return_value_policy, const py::handle&) {
    return make_object(value).release();
  }

 private:
  std::optional<Family> value_;
};

}  // namespace fastmlp::bindings

namespace pybind11::detail {

template <>
struct type_caster<fastmlp::Activation> : fastmlp::bindings::FamilyCaster<fastmlp::Activation> {
  static constexpr auto name = const_name("fastmlp._core.AnyActivation");
};
template <>
struct type_caster<fastmlp::Loss> : fastmlp::bindings::FamilyCaster<fastmlp::Loss> {
  static constexpr auto name = const_name("fastmlp._core.Loss");
};
template <>
struct type_caster<fastmlp::LineSearch> : fastmlp::bindings::FamilyCaster<fastmlp::LineSearch> {
  static constexpr auto name = const_name("fastmlp._core.LineSearch");
};
template <>
struct type_caster<fastmlp::AnyOptimizer> : fastmlp::bindings::FamilyCaster<fastmlp::AnyOptimizer> {
  static constexpr auto name = const_name("fastmlp._core.Optimizer");
};
template <>
struct type_caster<fastmlp::LayerReference> {
  PYBIND11_TYPE_CASTER(fastmlp::LayerReference, const_name("fastmlp._core.Layer"));
  bool load(const handle& source, bool) {
    value = fastmlp::bindings::layer_in(source);
    return value != nullptr;
  }
  static handle cast(const fastmlp::LayerReference& layer, return_value_policy, const handle&) {
    return fastmlp::bindings::layer_object(layer).release();
  }
};

}  // namespace pybind11::detail
