#include "family.hpp"

#include <pybind11/eval.h>

#include <unordered_map>

#include "bindings.hpp"

namespace fastmlp::bindings {
namespace {

std::string field_repr(const FieldInfo& field) {
  const std::string standard = field.default_value.empty() ? "required" : field.default_value;
  return "Field(" + field.name + ": " + field.type + ", default " + standard + "; " +
         field.description + (field.bounds.empty() ? "" : ": " + field.bounds) + ")";
}

constexpr auto kReplaceDoc =
    "replace(self, **changes: typing.Any) -> typing.Self\n\n"
    "A new value with some hyperparameters changed; ``name__parameter`` is one of a nested value,\n"
    "as in `get_params`: ``fm.Adam().replace(learning_rate=0.01)``.";

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

// The classes of members by their types.
std::unordered_map<const PyTypeObject*, MemberClass>& classes() {
  static auto* const by_type = new std::unordered_map<const PyTypeObject*, MemberClass>();
  return *by_type;
}

const MemberClass& class_of(const PyTypeObject* type) {
  for (; type; type = type->tp_base) {
    const auto found = classes().find(type);
    if (found != classes().end()) return found->second;
  }
  throw py::type_error("self is not a member of a family");
}

py::dict params_of(const py::object& self) { return class_of(Py_TYPE(self.ptr())).write(self); }

// Members are immutable: copies and clones are the object itself, so that references to layers
// stay.
py::object copy(const py::object& self) { return self; }

py::object deep_copy(const py::object& self, const py::dict&) { return self; }

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

// What class_::def does for a class that is known at run time only; `cls` may be `object`.
template <class F, class... Extra>
py::cpp_function method(const py::handle& cls, const char* name, F&& f, const Extra&... extra) {
  return {std::forward<F>(f), py::name(name), py::is_method(cls), extra...};
}

py::handle object_type() { return reinterpret_cast<PyObject*>(&PyBaseObject_Type); }

// An attribute of a class that is made when it is read, as texts of sixty classes at every import
// take longer than all else.
struct LazyAttribute {
  py::object (*make)(const MemberClass& member);
};

py::object doc_of(const MemberClass& member) {
  MemberText text = member.text();
  if (member.example) text.example = member.example;
  return py::str(member_doc(member.name, member.formula, text, member.fields()));
}

py::object fields_of(const MemberClass& member) { return py::tuple(py::cast(member.fields())); }

// The attributes of all members by name. Objects that classes share are made once, because the
// thousand of them otherwise were most of the time of an import.
py::dict common_attributes() {
  py::dict attributes;
  const auto add = [&](const char* name, auto&& f, const auto&... extra) {
    attributes[name] = method(object_type(), name, f, extra...);
  };
  add("__getstate__", &params_of);
  add("__copy__", &copy);
  add("__deepcopy__", &deep_copy);
  add("__sklearn_clone__", &copy);
  add("__reduce__", &reduce);
  add("__repr__", &repr);
  add("__eq__", &equal);
  add("__hash__", &hash);
  py::list names;
  names.append("deep");
  attributes["__doc__"] = LazyAttribute{&doc_of};
  attributes["fields"] = LazyAttribute{&fields_of};
  attributes["get_params"] = make_method(
      "get_params", names, "get_params(self, deep: bool = True) -> dict[str, typing.Any]",
      "The hyperparameters by name; with deep those of nested values too.",
      [](const py::object& self, const std::string& where, const py::dict& given) {
        bool nested = true;
        FieldReader(where.c_str(), given)("deep", nested, "");
        return deep_params(params_of(self), nested);
      });
  py::options options;
  options.disable_function_signatures();
  add("replace", &replace, kReplaceDoc);
  return attributes;
}

// A read-only property; members of the same text share it.
py::object field_property(py::dict& properties, const FieldInfo& field) {
  const std::string signature = property_signature(field);
  const py::str key = signature + "\n" + field.description;
  if (!properties.contains(key)) {
    const auto get = [name = field.name](const py::object& self) -> py::object {
      return params_of(self)[name.c_str()];
    };
    const py::handle property(reinterpret_cast<PyObject*>(&PyProperty_Type));
    py::options options;
    options.disable_function_signatures();
    properties[key] = property(py::cpp_function(get, signature.c_str()), py::none(), py::none(),
                               field.description);
  }
  return properties[key];
}

struct Shared {
  py::dict attributes = common_attributes(), properties;
};

Shared& shared() {
  static auto* const objects = new Shared();
  return *objects;
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
  return method(
      object_type(), name,
      [names, suffix, body = std::move(body)](const py::object& self, const py::args& args,
                                              const py::kwargs& kwargs) {
        const auto class_name = py::type::of(self).attr("__name__").cast<std::string>();
        const std::string where = class_name + suffix;
        return body(self, where, bind_arguments(where.c_str(), names, args, kwargs));
      },
      (signature + "\n\n" + doc).c_str());
}

void bind_common(py::object& cls, const MemberClass& member) {
  using Instance = py::detail::value_and_holder;
  classes()[reinterpret_cast<PyTypeObject*>(cls.ptr())] = member;
  const std::vector<FieldInfo> fields = member.fields();
  py::list names;
  for (const FieldInfo& field : fields) {
    names.append(field.name);
    cls.attr(field.name.c_str()) = field_property(shared().properties, field);
  }
  for (const auto& [name, attribute] : shared().attributes) py::setattr(cls, name, attribute);
  cls.attr("__setstate__") = method(
      cls, "__setstate__",
      [make = member.make](Instance& self, const py::dict& params) {
        self.value_ptr() = make(params);
      },
      py::detail::is_new_style_constructor());
  py::options options;
  options.disable_function_signatures();
  cls.attr("__init__") = method(
      cls, "__init__",
      [make = member.make, where = member.name, names](Instance& self, const py::args& args,
                                                       const py::kwargs& kwargs) {
        self.value_ptr() = make(bind_arguments(where, names, args, kwargs));
      },
      py::detail::is_new_style_constructor(), constructor_signature(fields).c_str());
}

}  // namespace fastmlp::bindings
