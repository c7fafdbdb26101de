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

constexpr auto kReplaceDoc =
    "replace(self, **changes: typing.Any) -> typing.Self\n\n"
    "A new value with some hyperparameters changed; ``name__parameter`` is one of a nested value,\n"
    "as in `get_params`: ``fm.Adam().replace(learning_rate=0.01)``.";

constexpr auto kRaises =
    "\nRaises\n------\nValueError\n    A number out of its range, or an unknown word.\n"
    "TypeError\n    A value of the wrong kind.\n";

// "self, learning_rate: float = 0.001", for the stubs.
std::string constructor_signature(const std::vector<FieldInfo>& fields) {
  std::string text = "__init__(self";
  for (const FieldInfo& field : fields) {
    text += ", " + field.name + ": " + field.annotation;
    if (!field.default_value.empty()) text += " = " + field.default_value;
  }
  return text + ") -> None";
}

// "beta1(self) -> float", for the stubs.
std::string property_signature(const FieldInfo& field) {
  constexpr std::string_view kName = "str | ";  // names are resolved
  const bool named = field.annotation.rfind(kName, 0) == 0;
  return field.name + "(self) -> " + field.annotation.substr(named ? kName.size() : 0);
}

// The parameters by name; with `deep` those of parameters that have some, as name__parameter.
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

// Members are immutable: copies and clones are the object itself, so that references to layers
// stay.
py::object copy(const py::object& self) { return self; }

py::object deep_copy(const py::object& self, const py::dict&) { return self; }

py::dict params_of(const py::object& self) { return self.attr("get_params")(false); }

// A new value with some parameters changed; name__parameter is one of a nested value.
py::object replace(const py::object& self, const py::kwargs& changes) {
  py::dict values = params_of(self), nested;
  for (const auto& [key, value] : changes) {
    const auto text = key.cast<std::string>();
    const auto cut = text.find("__");
    const py::str name(text.substr(0, cut));
    if (cut == std::string::npos) {
      values[name] = value;
    } else {
      if (!nested.contains(name)) nested[name] = py::dict();
      nested[name][py::str(text.substr(cut + 2))] = value;
    }
  }
  for (const auto& [name, parameters] : nested) {
    if (!values.contains(name) || !py::hasattr(values[name], "get_params")) {
      const auto where = py::type::of(self).attr("__name__").cast<std::string>();
      throw py::type_error(where + ".replace: " + name.cast<std::string>() +
                           " is not a value with parameters, expected the name of one before __");
    }
    values[name] = values[name].attr("replace")(**parameters);
  }
  return py::type::of(self)(**values);
}

// Protocols 0 and 1 cannot reduce a native object by themselves.
py::tuple reduce(const py::object& self) {
  const py::object allocate = py::module_::import("copyreg").attr("__newobj__");
  return py::make_tuple(allocate, py::make_tuple(py::type::of(self)), params_of(self));
}

// "Adam(learning_rate=0.001, beta1=0.9)"
std::string repr(const py::object& self) {
  std::string text;
  for (const auto& [name, value] : params_of(self)) {
    text += (text.empty() ? "" : ", ") + name.cast<std::string>() + "=" +
            std::string(py::str(py::repr(value)));
  }
  return py::str(py::type::of(self).attr("__name__")).cast<std::string>() + "(" + text + ")";
}

bool equal(const py::object& self, const py::object& other) {
  const py::dict params = params_of(self);
  return py::isinstance(other, py::type::of(self)) && params.equal(params_of(other));
}

py::ssize_t hash(const py::object& self) { return py::hash(py::str(repr(self))); }

// What class_::def does for a class that is known at run time only.
template <class F, class... Extra>
void define(py::object& cls, const char* name, F&& f, const Extra&... extra) {
  const py::cpp_function function(std::forward<F>(f), py::name(name), py::is_method(cls),
                                  py::sibling(py::getattr(cls, name, py::none())), extra...);
  py::detail::add_class_method(cls, name, function);
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

void bind_method(py::object& cls, const char* class_name, const std::string& name,
                 const py::list& names, const std::string& signature, const char* doc,
                 MethodBody body) {
  const std::string suffix = name == "__call__" ? "" : "." + name;
  py::options options;
  options.disable_function_signatures();
  define(
      cls, name.c_str(),
      [names, where = class_name + suffix, body = std::move(body)](
          const py::object& self, const py::args& args, const py::kwargs& kwargs) {
        return body(self, where, bind_arguments(where.c_str(), names, args, kwargs));
      },
      (signature + "\n\n" + doc).c_str());
}

void bind_common(py::object& cls, const char* class_name, const std::vector<FieldInfo>& fields,
                 MemberFunctions functions) {
  using Instance = py::detail::value_and_holder;
  const auto [write, make] = functions;
  const py::handle property(reinterpret_cast<PyObject*>(&PyProperty_Type));
  py::list names, deep;
  {
    py::options options;
    options.disable_function_signatures();
    for (const FieldInfo& field : fields) {
      names.append(field.name);
      const auto get = [name = field.name](const py::object& self) -> py::object {
        return params_of(self)[name.c_str()];
      };
      cls.attr(field.name.c_str()) =
          py::module_::import("builtins")
              .attr("property")(py::cpp_function(get, property_signature(field).c_str()),
                                py::none(), py::none(), field.description);
    }
    define(
        cls, "__init__",
        [=](Instance& self, const py::args& args, const py::kwargs& kwargs) {
          self.value_ptr() = make(bind_arguments(class_name, names, args, kwargs));
        },
        py::detail::is_new_style_constructor(), constructor_signature(fields).c_str());
  }
  deep.append("deep");
  bind_method(cls, class_name, "get_params", deep,
              "get_params(self, deep: bool = True) -> dict[str, typing.Any]",
              "The hyperparameters by name; with deep those of nested values too.",
              [write](const py::object& self, const std::string& where,
                      const py::dict& given) -> py::object {
                bool nested = true;
                FieldReader(where.c_str(), given)("deep", nested, "");
                return deep_params(write(self), nested);
              });
  {
    py::options options;
    options.disable_function_signatures();
    define(cls, "replace", &replace, kReplaceDoc);
  }
  define(cls, "__getstate__", [write](const py::object& self) { return write(self); });
  define(
      cls, "__setstate__",
      [make](Instance& self, const py::dict& params) { self.value_ptr() = make(params); },
      py::detail::is_new_style_constructor());
  define(cls, "__copy__", &copy);
  define(cls, "__deepcopy__", &deep_copy);
  define(cls, "__sklearn_clone__", &copy);
  define(cls, "__reduce__", &reduce);
  define(cls, "__repr__", &repr);
  define(cls, "__eq__", &equal);
  define(cls, "__hash__", &hash);
}

}  // namespace fastmlp::bindings
