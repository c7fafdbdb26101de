// Fields that are members of other families, or refer to layers.
#include "fields.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

// Types in the stubs.
constexpr auto kFunction = "Elementwise";
constexpr auto kFunctions = "tuple[Elementwise, ...]";

// The network's input, where a field refers to a layer.
constexpr auto kInput = "input";

// "'relu'"
template <class Family>
std::string key_text(const Family& value) {
  return std::string("'") + std::visit([](const auto& member) { return member.key; }, value) + "'";
}

// A function in Python from the epoch to a learning rate.
class PythonSchedule final : public CustomSchedule {
 public:
  PythonSchedule(std::string where, py::object function)
      : where_(std::move(where)), function_(std::move(function)) {}

  const py::object& function() const { return function_; }
  double at(Index epoch) const override {
    const py::object answer = call_function(function_, py::int_(epoch));
    const std::string name = "learning_rate(" + std::to_string(epoch) + ")";
    const double rate = call_python([&] { return PyFloat_AsDouble(answer.ptr()); });
    if (rate == -1.0 && PyErr_Occurred()) {
      if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw py::error_already_set();
      PyErr_Clear();
      throw py::type_error(where_ + ": " + name + "=" + text_of(answer) + ", expected a number");
    }
    if (!kNonNegative.contains(rate)) {
      throw_invalid(where_, name, text_of(answer), "a finite number >= 0");
    }
    return rate;
  }

 private:
  std::string where_;
  py::object function_;
};

// A function in Python of a 1-d array, which is called with the GIL.
class PythonFunction final : public ElementwiseFunction {
 public:
  PythonFunction(const char* name, py::object function)
      : name_(name), function_(std::move(function)) {}
  ~PythonFunction() override {
    const GilAcquire gil;
    function_ = py::object();
  }

  const py::object& function() const { return function_; }
  void apply(Index n, const float* a, float* out) const override { call(n, a, out); }
  void apply(Index n, const double* a, double* out) const override { call(n, a, out); }

 private:
  template <class T>
  void call(Index n, const T* a, T* out) const {
    const GilAcquire gil;
    const py::object answer = call_function(function_, Array<T>(n, a));
    const auto module = py::module_::import("fastmlp._data.arrays");
    const Array<T> values(call_function(module.attr("as_elementwise"), answer, py::int_(n),
                                        py::dtype::of<T>(), py::str(name_)));
    std::copy_n(values.data(), n, out);
  }

  const char* name_;
  py::object function_;
};

UserFunction user_function(const char* name, const py::object& function) {
  return std::make_shared<PythonFunction>(name, function);
}

const py::object& function_of(const UserFunction& function) {
  return static_cast<const PythonFunction&>(*function).function();
}

}  // namespace

void FieldReader::operator()(const char* name, std::optional<Polyak>& value, const char*) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  std::optional<Average> average;
  read_member(given, average);
  if (!average) wrong_kind(name, given, "an fm.Polyak or None");
  value = std::get<Polyak>(*average);
}

void FieldReader::operator()(const char* name, LearningRate& value, const Interval&,
                             const char*) const {
  constexpr auto kExpected = "a number, a schedule or a function of the epoch";
  const py::object given = take(name);
  if (!given) return;
  std::optional<Schedule> schedule;
  read_member(given, schedule);
  if (schedule) {
    value.source = *schedule;
  } else if (PyCallable_Check(given.ptr()) && !PyType_Check(given.ptr())) {
    value.source = std::make_shared<PythonSchedule>(where_, given);
  } else {
    value.source = number(name, given, kExpected);
  }
}

void FieldWriter::operator()(const char* name, const LearningRate& value, const Interval&,
                             const char*) {
  if (const auto* custom = dynamic_cast<const PythonSchedule*>(value.custom())) {
    params[name] = custom->function();
  } else if (const double* number = std::get_if<double>(&value.source)) {
    params[name] = *number;
  } else {
    params[name] = make_object(std::get<Schedule>(value.source));
  }
}

void FieldReader::operator()(const char* name, Activation& value, const char*) const {
  if (const py::object given = take(name)) value = choose<Activation>(name, given, where_);
}

void FieldReader::operator()(const char* name, UserFunction& value, const char*) const {
  std::optional<UserFunction> function;
  (*this)(name, function, "");
  if (!function) missing(name, "a function of an array");
  value = *function;
}

void FieldReader::operator()(const char* name, std::optional<UserFunction>& value,
                             const char*) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  if (!PyCallable_Check(given.ptr())) wrong_kind(name, given, "a function of an array");
  value = user_function(name, given);
}

void FieldReader::operator()(const char* name, Initializer& value, const char*) const {
  if (const py::object given = take(name)) value = choose<Initializer>(name, given, where_);
}

void FieldReader::operator()(const char* name, std::optional<Initializer>& value,
                             const char*) const {
  const py::object given = take(name);
  if (!given || given.is_none()) return;
  value = choose<Initializer>(name, given, where_, ", or None");
}

void FieldReader::operator()(const char* name, LineSearch& value, const char*) const {
  if (const py::object given = take(name)) value = choose<LineSearch>(name, given, where_);
}

void FieldReader::operator()(const char* name, LayerReference& value, const char*) const {
  constexpr auto kExpected = "a layer of the network or 'input'";
  const py::object given = take(name);
  if (!given) missing(name, kExpected);
  if (py::isinstance<py::str>(given) && given.equal(py::str(kInput))) return;
  value = layer_in(given);
  if (!value) wrong_kind(name, given, kExpected);
}

void FieldReader::operator()(const char* name, DenseReference& value, const char*) const {
  constexpr auto kExpected = "an fm.Dense of the network";
  const py::object given = take(name);
  if (!given) missing(name, kExpected);
  value = std::dynamic_pointer_cast<const Dense>(layer_in(given));
  if (!value) wrong_kind(name, given, kExpected);
}

void FieldWriter::operator()(const char* name, const std::optional<Polyak>& value, const char*) {
  params[name] = value ? make_object(Average(*value)) : py::none();
}

void FieldWriter::operator()(const char* name, const UserFunction& value, const char*) {
  params[name] = function_of(value);
}

void FieldWriter::operator()(const char* name, const std::optional<UserFunction>& value,
                             const char*) {
  params[name] = value ? function_of(*value) : py::none();
}

void FieldWriter::operator()(const char* name, const Initializer& value, const char*) {
  params[name] = make_object(value);
}

void FieldWriter::operator()(const char* name, const std::optional<Initializer>& value,
                             const char*) {
  params[name] = value ? make_object(*value) : py::none();
}

void FieldWriter::operator()(const char* name, const LayerReference& layer, const char*) {
  params[name] = layer ? layer_object(layer) : py::str(kInput);
}

void FieldWriter::operator()(const char* name, const DenseReference& layer, const char*) {
  params[name] = layer_object(layer);
}

void FieldLister::operator()(const char* name, const std::optional<Polyak>&, const char* text) {
  fields.push_back({name, "Polyak | None", "None", "", text});
}

void FieldLister::operator()(const char* name, const LearningRate& value, const Interval& bound,
                             const char* text) {
  fields.push_back({name, "float, schedule or callable",
                    number_text(std::get<double>(value.source)), bound.text(name), text,
                    "float | Schedule | collections.abc.Callable[[int], float]"});
}

void FieldLister::operator()(const char* name, const Activation& value, const char* text) {
  const std::string held = "AnyActivation";
  fields.push_back({name, "str, activation or (f, derivative)", key_text(value), "", text,
                    "str | " + held + " | " + kFunctions, held});
}

void FieldLister::operator()(const char* name, const UserFunction&, const char* text) {
  fields.push_back({name, "callable", "", "", text, kFunction});
}

void FieldLister::operator()(const char* name, const std::optional<UserFunction>&,
                             const char* text) {
  fields.push_back(
      {name, "callable or None", "None", "", text, std::string(kFunction) + " | None"});
}

void FieldLister::operator()(const char* name, const Initializer& value, const char* text) {
  fields.push_back({name, "str or initializer", key_text(value), "", text, "str | Initializer"});
}

void FieldLister::operator()(const char* name, const std::optional<Initializer>&,
                             const char* text) {
  fields.push_back(
      {name, "str, initializer or None", "None", "", text, "str | Initializer | None"});
}

void FieldLister::operator()(const char* name, const LineSearch& value, const char* text) {
  fields.push_back({name, "str or line search", key_text(value), "", text, "str | LineSearch"});
}

void FieldLister::operator()(const char* name, const LayerReference&, const char* text) {
  fields.push_back({name, "layer or 'input'", "", "", text, "Layer | typing.Literal['input']"});
}

void FieldLister::operator()(const char* name, const DenseReference&, const char* text) {
  fields.push_back({name, "Dense", "", "", text, "Dense"});
}

}  // namespace fastmlp::bindings
