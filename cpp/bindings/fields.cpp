#include "fields.hpp"

namespace fastmlp::bindings {
namespace {

bool is_bool(const py::object& value) {
  const py::object numpy_bool = py::module_::import("numpy").attr("bool_");
  return py::isinstance<py::bool_>(value) || py::isinstance(value, numpy_bool);
}

// str() raises for the longest integers.
std::string integer_text(const py::object& value) {
  const auto bits = value.attr("bit_length")().cast<Index>();
  return bits <= 512 ? text_of(value) : "an integer of " + std::to_string(bits) + " bits";
}

std::string words_text(const OneOf& words) { return "one of: " + listed(words); }
std::string words_annotation(const OneOf& words) { return "typing.Literal[" + listed(words) + "]"; }

// Calls a functor with each field of what an object holds.
template <class F>
void visit_fields(const MemberClass& member, void* data, F&& f) {
  VisitorOf<std::decay_t<F>> visitor(f);
  member.visit(data, visitor);
}

}  // namespace

py::dict params_of(const py::object& self) {
  const MemberClass& member = class_of(Py_TYPE(self.ptr()));
  FieldWriter writer;
  visit_fields(member, data_of(self, member).get(), writer);
  return writer.params;
}

std::vector<FieldInfo> list_fields(const MemberClass& member) {
  FieldLister lister;
  visit_fields(member, member.make().get(), lister);
  return lister.fields;
}

void construct(py::detail::value_and_holder& self, const MemberClass& member,
               const py::dict& params) {
  const std::shared_ptr<void> data = member.make();
  visit_fields(member, data.get(), FieldReader(member.name, params));
  visit_fields(member, data.get(), Validator(member.name));
  member.check(data.get());
  hold(self, data);
}

std::string listed(const OneOf& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "'" : ", '") + word + "'";
  return text;
}

std::string text_of(const py::handle& value) { return py::str(py::repr(value)); }

py::object FieldReader::take(const char* name) const {
  return values_.contains(name) ? py::object(values_[name]) : py::object();
}

void FieldReader::wrong_kind(const char* name, const py::object& given,
                             const std::string& expected) const {
  throw py::type_error(std::string(where_) + ": " + name + "=" + text_of(given) + ", expected " +
                       expected);
}

void FieldReader::missing(const char* name, const std::string& expected) const {
  throw py::type_error(std::string(where_) + ": " + name + " is missing, expected " + expected);
}

double FieldReader::number(const char* name, const py::object& given, const char* expected) const {
  const bool numeric = PyFloat_Check(given.ptr()) || PyIndex_Check(given.ptr()) ||
                       (py::hasattr(given, "__float__") && !py::hasattr(given, "__len__"));
  if (!numeric || is_bool(given)) wrong_kind(name, given, expected);
  const double value = PyFloat_AsDouble(given.ptr());
  if (value == -1.0 && PyErr_Occurred()) {
    const bool too_large = PyErr_ExceptionMatches(PyExc_OverflowError);
    PyErr_Clear();
    if (too_large)
      throw py::value_error(std::string(where_) + ": " + name +
                            " is too large, expected a finite number");
    wrong_kind(name, given, expected);
  }
  return value;
}

void FieldReader::operator()(const char* name, double& value, const Interval& bound,
                             const char*) const {
  if (const py::object given = take(name)) {
    value = number(name, given, "a number");
  } else if (!bound.contains(value)) {
    missing(name, bound.text(name));
  }
}

Index FieldReader::integer(const char* name, const py::object& given, Index max,
                           const std::string& expected) const {
  if (!PyIndex_Check(given.ptr()) || is_bool(given)) wrong_kind(name, given, expected);
  const auto integer = py::reinterpret_steal<py::object>(PyNumber_Index(given.ptr()));
  if (!integer) {  // an array of some dimensions
    PyErr_Clear();
    wrong_kind(name, given, expected);
  }
  int overflow = 0;
  const Index value = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (overflow > 0) {
    throw_invalid(where_, name, integer_text(integer), "an integer <= " + std::to_string(max));
  }
  if (overflow < 0) throw_invalid(where_, name, integer_text(integer), expected);
  return value;
}

void FieldReader::operator()(const char* name, Index& value, const IntegerInterval& bound,
                             const char*) const {
  const py::object given = take(name);
  if (!given && !bound.contains(value)) missing(name, bound.text());
  if (given) value = integer(name, given, bound.high, bound.text());
}

void FieldReader::operator()(const char* name, std::optional<double>& value, const Interval&,
                             const char*) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  value = number(name, given, "a number or None");
}

void FieldReader::operator()(const char* name, std::optional<ClipRange>& value, const char*) const {
  constexpr auto kExpected = "a positive number, (low, high) or None";
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  if (py::isinstance<py::tuple>(given) || py::isinstance<py::list>(given)) {
    const py::sequence pair(given);
    if (pair.size() != 2) wrong_kind(name, given, kExpected);
    value = ClipRange{number(name, pair[0], kExpected), number(name, pair[1], kExpected)};
  } else {
    const double limit = number(name, given, kExpected);
    if (!(limit > 0)) throw_invalid(where_, name, text_of(given), kExpected);
    value = ClipRange{-limit, limit};
  }
}

void FieldReader::operator()(const char* name, bool& value, const char*) const {
  const py::object given = take(name);
  if (!given) return;
  if (!is_bool(given)) wrong_kind(name, given, "True or False");
  value = py::bool_(given);
}

void FieldReader::operator()(const char* name, std::string& value, const OneOf&,
                             const char*) const {
  const py::object given = take(name);
  if (!given) return;
  if (!py::isinstance<py::str>(given)) wrong_kind(name, given, "a string");
  value = given.cast<std::string>();
}

void FieldReader::operator()(const char* name, BoolOrString& value, const OneOf&,
                             const char*) const {
  const py::object given = take(name);
  if (!given) return;
  if (is_bool(given)) {
    value = py::cast<bool>(py::bool_(given));
  } else if (py::isinstance<py::str>(given)) {
    value = given.cast<std::string>();
  } else {
    wrong_kind(name, given, "True, False or a string");
  }
}

void FieldReader::operator()(const char* name, NumberOrWord& value, const OneOf&,
                             const char*) const {
  const py::object given = take(name);
  if (!given) return;
  if (py::isinstance<py::str>(given)) {
    value = given.cast<std::string>();
  } else {
    value = number(name, given, "a number or a string");
  }
}

void FieldLister::operator()(const char* name, double value, const Interval& bound,
                             const char* text) {
  const std::string standard = bound.contains(value) ? number_text(value) : "";
  fields.push_back({name, "float", standard, bound.text(name), text});
}

void FieldLister::operator()(const char* name, Index value, const IntegerInterval& bound,
                             const char* text) {
  const std::string standard = bound.contains(value) ? std::to_string(value) : "";
  fields.push_back({name, "int", standard, bound.text(), text});
}

void FieldLister::operator()(const char* name, const std::optional<double>&, const Interval& bound,
                             const char* text) {
  fields.push_back({name, "float | None", "None", bound.text(name) + ", or None", text});
}

void FieldLister::operator()(const char* name, const std::optional<ClipRange>&, const char* text) {
  fields.push_back({name, "float | tuple[float, float] | None", "None",
                    "a number > 0, (low, high) with low < high, or None", text});
}

void FieldLister::operator()(const char* name, bool value, const char* text) {
  fields.push_back({name, "bool", value ? "True" : "False", "", text});
}

void FieldLister::operator()(const char* name, const std::string& value, const OneOf& words,
                             const char* text) {
  fields.push_back(
      {name, "str", "'" + value + "'", words_text(words), text, words_annotation(words)});
}

void FieldLister::operator()(const char* name, const BoolOrString& value, const OneOf& words,
                             const char* text) {
  const bool* flag = std::get_if<bool>(&value);
  const std::string standard = flag ? (*flag ? "True" : "False") : "'" + std::get<1>(value) + "'";
  fields.push_back({name, "bool | str", standard, "True, False or " + words_text(words), text,
                    "bool | " + words_annotation(words)});
}

void FieldLister::operator()(const char* name, const NumberOrWord& value, const OneOf& words,
                             const char* text) {
  const double* number = std::get_if<double>(&value);
  const std::string standard = number ? number_text(*number) : "'" + std::get<1>(value) + "'";
  fields.push_back({name, "float | str", standard, "a number >= 0 or " + words_text(words), text});
}

}  // namespace fastmlp::bindings
