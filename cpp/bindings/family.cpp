#include "family.hpp"

#include <pybind11/eval.h>

#include "bindings.hpp"
#include "near_name.hpp"

namespace fastmlp::bindings {
namespace {

std::string field_repr(const FieldInfo& field) {
  const std::string standard = field.default_value.empty() ? "required" : field.default_value;
  return "Field(" + field.name + ": " + field.type + ", default " + standard + "; " +
         field.description + (field.bounds.empty() ? "" : ": " + field.bounds) + ")";
}

// An attribute of a class that is made when it is read, as texts of sixty classes at every import
// take longer than all else.
struct LazyAttribute {
  py::object (*make)(const MemberClass& member);
};

py::object doc_of(const MemberClass& member) {
  MemberText text = member.text(member);
  if (member.example) text.example = member.example;
  return py::str(member_doc(member.name, member.formula, text, list_fields(member)));
}

py::object fields_of(const MemberClass& member) { return py::tuple(py::cast(list_fields(member))); }

// The property of a field; members of the same text share it.
py::object field_property(const FieldInfo& field) {
  static auto* const properties = new py::dict();
  const std::string signature = property_signature(field);
  const py::str key = signature + "\n" + field.description;
  if (!properties->contains(key)) {
    (*properties)[key] = make_property(signature, field.description,
                                       [name = field.name](const py::object& self) -> py::object {
                                         return params_of(self)[name.c_str()];
                                       });
  }
  return (*properties)[key];
}

py::cpp_function make_constructor(const std::vector<FieldInfo>& fields) {
  py::options options;
  options.disable_function_signatures();
  const auto construct_from = [](py::detail::value_and_holder& self, const py::args& args,
                                 const py::kwargs& kwargs) {
    const MemberClass& member = class_of(Py_TYPE(self.inst));
    const auto names = py::reinterpret_borrow<py::list>(member.parameters);
    construct(self, member, bind_arguments(member.name, names, args, kwargs));
  };
  return {construct_from, py::name("__init__"), py::is_method(py::type::of<Value>()),
          py::detail::is_new_style_constructor(), constructor_signature(fields).c_str()};
}

}  // namespace

py::dict bind_arguments(const char* where, const py::list& names, const py::args& args,
                        const py::kwargs& kwargs) {
  if (args.size() > names.size()) {
    throw py::type_error(std::string(where) + ": " + std::to_string(args.size()) +
                         " positional arguments, expected at most " + std::to_string(names.size()));
  }
  py::dict values;
  for (std::size_t i = 0; i < args.size(); ++i) values[names[i]] = args[i];
  for (const auto& [name, value] : kwargs) {
    const std::string text = where + std::string(": ") + name.cast<std::string>();
    if (values.contains(name)) throw py::type_error(text + " is given twice");
    if (name.cast<std::string>() == "weight_decay" && !names.contains(name)) {
      throw py::type_error(text + " is not a parameter; use l2 of fit or Dense, or fm.AdamW or " +
                           "fm.Lion, whose weight decay is decoupled");
    }
    if (!names.contains(name)) {
      throw py::type_error(text + " is not a parameter; expected some of: " +
                           py::str(", ").attr("join")(names).cast<std::string>() +
                           near_name(name.cast<std::string>(), names));
    }
    values[name] = value;
  }
  return values;
}

void require_all(const std::string& where, const py::list& names, const py::dict& given) {
  for (const py::handle name : names) {
    if (given.contains(name)) continue;
    throw py::type_error(where + ": " + name.cast<std::string>() + " is missing, expected " +
                         py::str(", ").attr("join")(names).cast<std::string>());
  }
}

void bind_field_info(py::module_& m) {
  bind_resource<LazyAttribute>(m, "_LazyAttribute", nullptr)
      .def("__get__", [](const LazyAttribute& self, const py::object&, const py::type& owner) {
        return self.make(class_of(reinterpret_cast<PyTypeObject*>(owner.ptr())));
      });
  bind_resource<FieldInfo>(m, "Field", "A hyperparameter of a member of a family.")
      .def_readonly("name", &FieldInfo::name)
      .def_readonly("type", &FieldInfo::type)
      .def_readonly("bounds", &FieldInfo::bounds, "What it must satisfy, as errors write it.")
      .def_readonly("description", &FieldInfo::description)
      .def_property_readonly("required",
                             [](const FieldInfo& self) { return self.default_value.empty(); })
      .def_property_readonly(
          "default",
          [](const FieldInfo& self) -> py::object {
            return self.default_value.empty() ? py::none() : py::eval(self.default_value);
          },
          "A plain value: a number, a bool, the key of a member, or None.")
      .def("__repr__", &field_repr);
}

py::object make_method(const char* name, const py::list& names, const std::string& signature,
                       const char* doc, MethodBody body) {
  const std::string suffix = std::string(name) == "__call__" ? "" : std::string(".") + name;
  py::options options;
  options.disable_function_signatures();
  return py::cpp_function(
      [names, suffix, body = std::move(body)](const py::object& self, const py::args& args,
                                              const py::kwargs& kwargs) {
        const auto class_name = py::type::of(self).attr("__name__").cast<std::string>();
        const std::string where = class_name + suffix;
        return body(self, where, bind_arguments(where.c_str(), names, args, kwargs));
      },
      py::name(name), py::is_method(py::type::of<Value>()), (signature + "\n\n" + doc).c_str());
}

py::object make_property(const std::string& signature, const std::string& doc,
                         std::function<py::object(const py::object& self)> get) {
  const py::handle property(reinterpret_cast<PyObject*>(&PyProperty_Type));
  py::options options;
  options.disable_function_signatures();
  return property(py::cpp_function(std::move(get), signature.c_str()), py::none(), py::none(), doc);
}

py::object make_class(const py::module_& m, const char* name, const py::handle& base,
                      const py::dict& attributes) {
  const py::handle type(reinterpret_cast<PyObject*>(&PyType_Type));
  const py::handle property(reinterpret_cast<PyObject*>(&PyProperty_Type));
  attributes["__module__"] = m.attr("__name__");
  attributes["__slots__"] = py::tuple();
  // What an object holds is known by its class, which therefore stays.
  attributes["__class__"] = property(type);
  return py::type::of(base)(name, py::make_tuple(base), attributes);
}

void bind_members(py::module_& m, const Family& family, const MemberClass* members,
                  std::size_t count) {
  const py::object base = family.base ? family.base : py::type::of<Value>();
  const py::object doc = py::cast(LazyAttribute{&doc_of});
  const py::object infos = py::cast(LazyAttribute{&fields_of});
  py::dict classes;
  for (std::size_t i = 0; i < count; ++i) {
    MemberClass member = members[i];
    const std::vector<FieldInfo> fields = list_fields(member);
    py::dict attributes = family.attributes.attr("copy")();
    py::list names;
    for (const FieldInfo& field : fields) {
      names.append(field.name);
      // Methods of the family come first: `derivative` is one.
      if (!attributes.contains(field.name)) attributes[field.name.c_str()] = field_property(field);
    }
    attributes["__init__"] = make_constructor(fields);
    attributes["name"] = member.key;
    attributes["__doc__"] = doc;
    attributes["fields"] = infos;
    if (family.add_traits) family.add_traits(member, attributes);
    const py::object cls = make_class(m, member.name, base, attributes);
    m.attr(member.name) = cls;
    if (*member.key != '\0') classes[member.key] = cls;
    member.text = family.text;
    member.python = reinterpret_cast<PyTypeObject*>(cls.ptr());
    member.parameters = names.release().ptr();
    register_class(member);
  }
  m.attr(family.name) = classes;
}

}  // namespace fastmlp::bindings
