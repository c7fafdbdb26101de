// Fields that are sizes of windows: a number for all dimensions, or one for each.
#include "fields.hpp"

namespace fastmlp::bindings {
namespace {

std::string padding_text(int dims, const OneOf& words) {
  return kExtentInteger.text({dims, 0, 0}) + ", or one of: " + listed(words);
}

std::string extent_type(int dims) { return dims > 1 ? "int | tuple[int, int]" : "int"; }

}  // namespace

// A number for all dimensions, or a sequence with one for each.
Extent FieldReader::extent(const char* name, const py::object& given, Index max,
                           const std::string& expected, int dims) const {
  if (py::isinstance<py::tuple>(given) || py::isinstance<py::list>(given)) {
    const py::sequence sizes(given);
    if (sizes.size() != static_cast<std::size_t>(dims)) wrong_kind(name, given, expected);
    const py::object first = sizes[0], last = sizes[sizes.size() - 1];
    return {dims, dims > 1 ? integer(name, first, max, expected) : 1,
            integer(name, last, max, expected)};
  }
  const Index both = integer(name, given, max, expected);
  return {dims, dims > 1 ? both : 1, both};
}

void FieldReader::operator()(const char* name, Extent& value, const IntegerInterval& bound,
                             const char*) const {
  const py::object given = take(name);
  if (!given && !bound.contains(value.x)) missing(name, bound.text(value));
  if (given) value = extent(name, given, bound.high, bound.text(value), value.dims);
}

void FieldReader::operator()(const char* name, OptionalExtent& value, const IntegerInterval& bound,
                             const char*) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  const std::string expected = bound.text({value.dims, 0, 0}) + ", or None";
  value.value = extent(name, given, bound.high, expected, value.dims);
}

void FieldReader::operator()(const char* name, Padding& value, const OneOf& words,
                             const char*) const {
  const py::object given = take(name);
  if (!given) return;
  if (py::isinstance<py::str>(given)) {
    value = {value.dims, given.cast<std::string>()};
  } else {
    const std::string expected = padding_text(value.dims, words);
    value.zeros = extent(name, given, kExtentInteger.high, expected, value.dims);
  }
}

void FieldWriter::operator()(const char* name, const Extent& value, const IntegerInterval&,
                             const char*) {
  params[name] = value.dims == 1 || value.y == value.x ? py::object(py::int_(value.x))
                                                       : py::make_tuple(value.y, value.x);
}

void FieldWriter::operator()(const char* name, const OptionalExtent& value,
                             const IntegerInterval& bound, const char* text) {
  if (value.value) return (*this)(name, *value.value, bound, text);
  params[name] = py::none();
}

void FieldWriter::operator()(const char* name, const Padding& value, const OneOf&,
                             const char* text) {
  if (value.zeros) return (*this)(name, *value.zeros, kExtentInteger, text);
  params[name] = py::str(value.word);
}

void FieldLister::operator()(const char* name, const Extent& value, const IntegerInterval& bound,
                             const char* text) {
  const std::string standard = bound.contains(value.x) ? value.text() : "";
  fields.push_back({name, extent_type(value.dims), standard, bound.text(value), text});
}

void FieldLister::operator()(const char* name, const OptionalExtent& value,
                             const IntegerInterval& bound, const char* text) {
  const Extent extent{value.dims, 0, 0};
  fields.push_back(
      {name, extent_type(value.dims) + " | None", "None", bound.text(extent) + ", or None", text});
}

void FieldLister::operator()(const char* name, const Padding& value, const OneOf& words,
                             const char* text) {
  const std::string type = extent_type(value.dims);
  fields.push_back({name, "str | " + type, "'" + value.word + "'", padding_text(value.dims, words),
                    text, "typing.Literal[" + listed(words) + "] | " + type});
}

}  // namespace fastmlp::bindings
