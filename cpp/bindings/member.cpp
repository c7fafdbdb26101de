#include "member.hpp"

#include <deque>
#include <typeindex>
#include <unordered_map>
#include <vector>

#include "near_name.hpp"

namespace fastmlp::bindings {
namespace {

struct Registry {
  std::deque<MemberClass> classes;
  std::unordered_map<const PyTypeObject*, const MemberClass*> by_class;
  std::unordered_map<std::type_index, const MemberClass*> by_type;
  std::unordered_map<std::type_index, std::vector<const MemberClass*>> families;
};

Registry& registry() {
  static auto* const classes = new Registry();
  return *classes;
}

const py::detail::type_info* value_type() {
  static const auto* const type = py::detail::get_type_info(typeid(Value), true);
  return type;
}

}  // namespace

void register_class(const MemberClass& entry) {
  const MemberClass& member = registry().classes.emplace_back(entry);
  registry().by_class[member.python] = &member;
  registry().by_type[*member.type] = &member;
  registry().families[*member.family].push_back(&member);
}

const MemberClass* find_class(const PyTypeObject* type) {
  for (; type; type = type->tp_base) {
    const auto found = registry().by_class.find(type);
    if (found != registry().by_class.end()) return found->second;
  }
  return nullptr;
}

const MemberClass& class_of(const PyTypeObject* type) {
  if (const MemberClass* member = find_class(type)) return *member;
  throw py::type_error("self is not a member of a family");
}

std::shared_ptr<void> data_of(const py::handle& object, const MemberClass& member) {
  auto* const instance = reinterpret_cast<py::detail::instance*>(object.ptr());
  const auto held = instance->get_value_and_holder(value_type());
  if (held.holder_constructed()) return held.holder<std::shared_ptr<Value>>();
  const std::string name = member.name;
  throw py::type_error(name + ": the object was made by __new__ and is not initialised, " +
                       "expected one made by " + name + "(...)");
}

std::shared_ptr<void> data_in(const py::handle& object, const std::type_info& family) {
  const MemberClass* member = find_class(Py_TYPE(object.ptr()));
  return member && *member->family == family ? data_of(object, *member) : nullptr;
}

void hold(py::detail::value_and_holder& object, const std::shared_ptr<void>& data) {
  const auto holder = std::static_pointer_cast<Value>(data);
  object.value_ptr() = holder.get();
  object.type->init_instance(object.inst, &holder);
}

py::object make_object(const MemberClass& member, const std::shared_ptr<void>& data) {
  auto object = py::reinterpret_steal<py::object>(py::detail::make_new_instance(member.python));
  auto* const instance = reinterpret_cast<py::detail::instance*>(object.ptr());
  auto held = instance->get_value_and_holder(value_type());
  hold(held, data);
  return object;
}

py::object make_object(const std::type_info& type, const std::shared_ptr<void>& data) {
  return make_object(*registry().by_type.at(type), data);
}

py::object make_object(const AnyOptimizer& value) {
  return std::visit([](const auto& optimizer) { return make_object(optimizer); }, value);
}

py::object layer_object(const std::shared_ptr<const LayerBase>& layer) {
  const auto data = std::const_pointer_cast<LayerBase>(layer);
  if (const py::handle known =
          py::detail::find_registered_python_instance(data.get(), value_type())) {
    return py::reinterpret_steal<py::object>(known);
  }
  const LayerBase& base = *layer;
  return make_object(typeid(base), data);
}

std::shared_ptr<LayerBase> layer_in(const py::handle& object) {
  return std::static_pointer_cast<LayerBase>(data_in(object, typeid(LayerBase)));
}

bool read_member(const py::handle& object, std::optional<AnyOptimizer>& value) {
  std::optional<Rule> rule;
  std::optional<Method> method;
  read_member(object, rule);
  read_member(object, method);
  if (rule) value = *rule;
  if (method) value = *method;
  return value.has_value();
}

Choice choose_member(std::initializer_list<const std::type_info*> families, const char* parameter,
                     const py::object& value, const std::string& where, const char* otherwise) {
  const bool named = py::isinstance<py::str>(value);
  const std::string key = named ? value.cast<std::string>() : "";
  std::string keys;
  for (const std::type_info* family : families) {
    if (auto data = data_in(value, *family)) return {&class_of(Py_TYPE(value.ptr())), data};
    for (const MemberClass* member : registry().families.at(*family)) {
      if (*member->key == '\0') {  // made of functions, which stand for it
        if (!py::isinstance<py::tuple>(value)) continue;
        const auto cls =
            py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(member->python));
        return choose_member(families, parameter, cls(*py::tuple(value)), where, otherwise);
      }
      if (named && key == member->key) return {member, member->make()};
      keys += (keys.empty() ? "" : ", ") + std::string(member->key);
    }
  }
  const std::string given = where + ": " + parameter + "=" + std::string(py::repr(value));
  if (named) {
    throw py::value_error(given + " is not known; expected one of: " + keys + otherwise +
                          near_name(key, py::str(keys).attr("split")(", ")));
  }
  throw py::type_error(given + ", expected an instance or one of: " + keys + otherwise);
}

}  // namespace fastmlp::bindings
