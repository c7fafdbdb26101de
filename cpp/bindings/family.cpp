#include "family.hpp"

#include <pybind11/eval.h>

#include "bindings.hpp"

namespace fastmlp::bindings {
namespace {

// "rate : float\n    probability to drop a unit: 0 <= rate < 1.\n"
std::string field_doc(const FieldInfo& field) {
  std::string text = field.name + " : " + field.type;
  if (!field.default_value.empty()) text += ", default " + field.default_value;
  text += "\n    " + field.description;
  if (!field.bounds.empty()) text += ": " + field.bounds;
  return text + ".\n";
}

std::string field_repr(const FieldInfo& field) {
  const std::string standard = field.default_value.empty() ? "required" : field.default_value;
  return "Field(" + field.name + ": " + field.type + ", default " + standard + "; " +
         field.description + (field.bounds.empty() ? "" : ": " + field.bounds) + ")";
}

constexpr auto kRaises =
    "\nRaises\n------\nValueError\n    A number out of its range, or an unknown word.\n"
    "TypeError\n    A value of the wrong kind.\n";

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
                           py::str(", ").attr("join")(names).cast<std::string>());
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

std::string member_repr(const char* class_name, const py::dict& params) {
  std::string text;
  for (const auto& [name, value] : params) {
    text += (text.empty() ? "" : ", ") + name.cast<std::string>() + "=" +
            std::string(py::str(py::repr(value)));
  }
  return std::string(class_name) + "(" + text + ")";
}

std::string constructor_signature(const std::vector<FieldInfo>& fields) {
  std::string text = "__init__(self";
  for (const FieldInfo& field : fields) {
    text += ", " + field.name + ": " + field.annotation;
    if (!field.default_value.empty()) text += " = " + field.default_value;
  }
  return text + ") -> None";
}

std::string property_signature(const FieldInfo& field) {
  constexpr std::string_view kName = "str | ";  // names are resolved
  const bool named = field.annotation.rfind(kName, 0) == 0;
  return field.name + "(self) -> " + field.annotation.substr(named ? kName.size() : 0);
}

std::string member_doc(const char* class_name, const char* formula, const MemberText& notes,
                       const std::vector<FieldInfo>& fields) {
  std::string call, parameters;
  for (const FieldInfo& field : fields) {
    call += (call.empty() ? "" : ", ") + field.name;
    if (!field.default_value.empty()) call += "=" + field.default_value;
    parameters += field_doc(field);
  }
  std::string text = std::string(class_name) + "(" + call + ")\n\n" + formula;
  text += fields.empty() ? "\n" : "\n\nParameters\n----------\n" + parameters + kRaises;
  if (!notes.cost.empty()) text += "\nNotes\n-----\nCost: " + notes.cost + ".\n";
  if (!notes.example.empty()) {
    text += "\nExamples\n--------\n>>> import fastmlp as fm\n" + notes.example + "\n";
  }
  return text;
}

py::dict deep_params(const py::dict& params, bool deep) {
  if (!deep) return params;
  py::dict all = params.attr("copy")();
  for (const auto& [name, value] : params) {
    if (!py::hasattr(value, "get_params") || PyType_Check(value.ptr())) continue;
    const py::dict nested = value.attr("get_params")();
    for (const auto& [inner, entry] : nested) {
      all[py::str(name.cast<std::string>() + "__" + inner.cast<std::string>())] = entry;
    }
  }
  return all;
}

void bind_field_info(py::module_& m) {
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

namespace common {
namespace {

py::dict params_of(const py::object& self) { return self.attr("get_params")(false); }

}  // namespace

py::object copy(const py::object& self) { return self; }

py::object deep_copy(const py::object& self, const py::dict&) { return self; }

py::tuple reduce(const py::object& self) {
  const py::object allocate = py::module_::import("copyreg").attr("__newobj__");
  return py::make_tuple(allocate, py::make_tuple(py::type::of(self)), params_of(self));
}

std::string repr(const py::object& self) {
  const py::dict params = params_of(self);
  return member_repr(py::str(py::type::of(self).attr("__name__")).cast<std::string>().c_str(),
                     params);
}

bool equal(const py::object& self, const py::object& other) {
  const py::dict params = params_of(self);
  return py::isinstance(other, py::type::of(self)) && params.equal(params_of(other));
}

py::ssize_t hash(const py::object& self) { return py::hash(py::str(repr(self))); }

py::cpp_function getter(const FieldInfo& field) {
  py::options options;
  options.disable_function_signatures();
  const auto get = [name = field.name](const py::object& self) -> py::object {
    return params_of(self)[name.c_str()];
  };
  return py::cpp_function(get, property_signature(field).c_str());
}

}  // namespace common

}  // namespace fastmlp::bindings
