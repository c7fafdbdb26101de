// What all members have as objects of Python: parameters, repr, ==, hash, copies and pickles.
#include "bindings.hpp"
#include "family.hpp"

namespace fastmlp::bindings {
namespace {

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

// An object made by __new__ alone gets the fields of a pickle.
void set_state(py::detail::value_and_holder& self, const py::dict& params) {
  construct(self, class_of(Py_TYPE(self.inst)), params);
}

}  // namespace

void bind_member(py::module_& m) {
  auto cls = bind_class<Value, std::shared_ptr<Value>>(m, "Member", "A member of a family.");
  cls.def("__getstate__", &params_of)
      .def("__setstate__", &set_state, py::detail::is_new_style_constructor())
      .def("__copy__", &copy)
      .def("__deepcopy__", &deep_copy)
      .def("__sklearn_clone__", &copy)
      .def("__reduce__", &reduce)
      .def("__repr__", &repr)
      .def("__eq__", &equal)
      .def("__hash__", &hash);
  py::list names;
  names.append("deep");
  cls.attr("get_params") = make_method(
      "get_params", names, "get_params(self, deep: bool = True) -> dict[str, typing.Any]",
      "The hyperparameters by name; with deep those of nested values too.",
      [](const py::object& self, const std::string& where, const py::dict& given) {
        bool nested = true;
        FieldReader(where.c_str(), given)("deep", nested, "");
        return deep_params(params_of(self), nested);
      });
  py::options options;
  options.disable_function_signatures();
  cls.def("replace", &replace, kReplaceDoc);
}

}  // namespace fastmlp::bindings
