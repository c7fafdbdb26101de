#include "family.hpp"

namespace fastmlp::bindings {
namespace {

bool is_bool(const py::object& value) {
  const py::object numpy_bool = py::module_::import("numpy").attr("bool_");
  return py::isinstance<py::bool_>(value) || py::isinstance(value, numpy_bool);
}

std::string text_of(const py::handle& value) { return py::str(py::repr(value)); }

}  // namespace

py::object Setter::take(const char* name) const {
  return values_.contains(name) ? py::object(values_[name]) : py::object();
}

void Setter::wrong_kind(const char* name, const py::object& given, const char* expected) const {
  throw py::type_error(std::string(where_) + ": " + name + "=" + text_of(given) + ", expected " +
                       expected);
}

double Setter::number(const char* name, const py::object& given, const char* expected) const {
  const bool numeric = PyFloat_Check(given.ptr()) || PyIndex_Check(given.ptr()) ||
                       (py::hasattr(given, "__float__") && !py::hasattr(given, "__len__"));
  if (!numeric || is_bool(given)) wrong_kind(name, given, expected);
  const double value = PyFloat_AsDouble(given.ptr());
  if (value == -1.0 && PyErr_Occurred()) {
    PyErr_Clear();
    wrong_kind(name, given, expected);
  }
  return value;
}

void Setter::operator()(const char* name, double& value, const Bound&) const {
  if (const py::object given = take(name)) value = number(name, given, "a number");
}

void Setter::operator()(const char* name, std::optional<double>& value, const Bound&) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  value = number(name, given, "a number or None");
}

void Setter::operator()(const char* name, std::optional<Interval>& value) const {
  constexpr auto kExpected = "a positive number, (low, high) or None";
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  if (py::isinstance<py::tuple>(given) || py::isinstance<py::list>(given)) {
    const py::sequence pair(given);
    if (pair.size() != 2) wrong_kind(name, given, kExpected);
    value = Interval{number(name, pair[0], kExpected), number(name, pair[1], kExpected)};
  } else {
    const double limit = number(name, given, kExpected);
    if (!(limit > 0)) refuse(where_, name, text_of(given), kExpected);
    value = Interval{-limit, limit};
  }
}

void Setter::operator()(const char* name, bool& value) const {
  const py::object given = take(name);
  if (!given) return;
  if (!is_bool(given)) wrong_kind(name, given, "True or False");
  value = py::bool_(given);
}

void Setter::operator()(const char* name, std::string& value, const Choices&) const {
  const py::object given = take(name);
  if (!given) return;
  if (!py::isinstance<py::str>(given)) wrong_kind(name, given, "a string");
  value = given.cast<std::string>();
}

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
    if (!names.contains(name)) {
      throw py::type_error(text + " is not a parameter; expected some of: " +
                           py::str(", ").attr("join")(names).cast<std::string>());
    }
    values[name] = value;
  }
  return values;
}

std::string member_repr(const char* title, const py::dict& params) {
  std::string text;
  for (const auto& [name, value] : params) {
    text += (text.empty() ? "" : ", ") + name.cast<std::string>() + "=" + text_of(value);
  }
  return std::string(title) + "(" + text + ")";
}

void Describer::add(const char* name, const char* type, const std::string& standard) {
  signature += std::string(", ") + name + ": " + type + " = " + standard;
  text += std::string(name) + " : " + type + ", default " + standard + "\n";
}

void Describer::operator()(const char* name, double value, const Bound& bound) {
  add(name, "float", number_text(value));
  text += "    Range: " + bound.text(name) + ".\n";
}

void Describer::operator()(const char* name, const std::optional<double>&, const Bound& bound) {
  add(name, "float | None", "None");
  text += "    Range: " + bound.text(name) + "; None switches it off.\n";
}

void Describer::operator()(const char* name, const std::optional<Interval>&) {
  add(name, "float | tuple[float, float] | None", "None");
  text += "    (low, high); a number c means (-c, c); None switches it off.\n";
}

void Describer::operator()(const char* name, bool value) {
  add(name, "bool", value ? "True" : "False");
}

void Describer::operator()(const char* name, const std::string& value, const Choices& choices) {
  add(name, "str", "'" + value + "'");
  text += "    One of:";
  for (const std::string& choice : choices) text += " '" + choice + "'";
  text += ".\n";
}

}  // namespace fastmlp::bindings
