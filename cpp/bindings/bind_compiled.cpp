// net.compile: a call on arrays that are there already.
#include "bindings.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/compiled_network.hpp"
#include "ready_array.hpp"

namespace fastmlp::bindings {
namespace {

// A network, and the shapes of a sample of each array.
template <class T>
struct Compiled {
  Compiled(std::shared_ptr<Network<T>> of, const std::vector<Index>& inputs, Index batch)
      : network(std::move(of), batch),
        input_shape(inputs),
        output_shape(network.network().plan().layer_shapes().back()) {
    require(input_shape.size() == network.network().plan().inputs(),
            "CompiledNetwork: the inputs are not those of the network");
    require(batch >= 1, "CompiledNetwork: batch is not positive");
  }

  CompiledNetwork<T> network;
  Shape input_shape, output_shape;
  bool is_busy = false;  // a function of the user may let other threads run, or call it again
};

// Whether an array has the shape (samples, *shape) or (samples, size of the shape); the samples may
// be left out where there is one.
bool has_shape(const PyArray_Proxy& array, Index samples, const Shape& shape) {
  const auto fits = [&shape](const Py_intptr_t* sizes, int n) {
    return (n == 1 && sizes[0] == shape.size()) ||
           std::equal(sizes, sizes + n, shape.sizes.begin(), shape.sizes.end());
  };
  return (samples == 1 && fits(array.dimensions, array.nd)) ||
         (array.nd > 1 && array.dimensions[0] == samples &&
          fits(array.dimensions + 1, array.nd - 1));
}

// The numbers of an ndarray that has dtype, order and shape already.
template <class T>
T* numbers_of(py::handle value, const std::string& name, Index samples, const Shape& shape,
              bool writable) {
  const auto fail = [&](const py::str& given) {
    throw py::type_error("CompiledNetwork: " + name + std::string(given) + ", expected a" +
                         (writable ? " writable" : "n") + " ndarray of " +
                         std::string(py::str(dtype_of<T>())) + " in C order");
  };
  const PyArray_Proxy* array = plain_array(value);
  if (!array) fail(py::str(" is of type {}").format(Py_TYPE(value.ptr())->tp_name));
  if (!has_dtype<T>(*array)) fail(py::str(" has dtype {}").format(value.attr("dtype")));
  const int missing =
      (kReadyFlags | (writable ? npy_api::NPY_ARRAY_WRITEABLE_ : 0)) & ~array->flags;
  if (missing & npy_api::NPY_ARRAY_C_CONTIGUOUS_) {
    fail(py::str(" has strides {}").format(value.attr("strides")));
  }
  if (missing) fail(missing & npy_api::NPY_ARRAY_ALIGNED_ ? " is not aligned" : " is read-only");
  if (!has_shape(*array, samples, shape)) {
    const std::string sample = shape.text();
    throw py::value_error("CompiledNetwork: " + name + " has shape " +
                          std::string(py::str(value.attr("shape"))) + ", expected (" +
                          std::to_string(samples) + ", " +
                          (shape.dims() > 1 ? sample.substr(1) : sample + ")"));
  }
  return reinterpret_cast<T*>(array->data);
}

template <class T>
py::object call(Compiled<T>& self, py::handle x, py::handle out) {
  const Index n = self.network.samples();
  const Plan<T>& plan = self.network.network().plan();
  const T* from = numbers_of<T>(x, "x", n, self.input_shape, false);
  T* const to = numbers_of<T>(out, "out", n, self.output_shape, true);
  if (from < to + n * plan.outputs() && to < from + n * plan.inputs()) {
    throw py::value_error("CompiledNetwork: out shares memory with x, expected memory of its own");
  }
  if (self.is_busy) throw std::runtime_error("CompiledNetwork: another call is at work");
  self.is_busy = true;
  const auto done = [](bool* is_busy) { *is_busy = false; };
  const std::unique_ptr<bool, decltype(done)> busy(&self.is_busy, done);
  self.network.predict(from, to);
  return py::reinterpret_borrow<py::object>(out);
}

// The class in Python, and how Python calls the method of pybind11, whose dispatcher takes longer
// than a small network.
template <class T>
struct CompiledClass {
  static inline PyTypeObject* type = nullptr;
  static inline ternaryfunc call_method = nullptr;
};

// In its place: two arguments by position go straight to `call`.
template <class T>
PyObject* call_directly(PyObject* self, PyObject* arguments, PyObject* keywords) {
  using Class = CompiledClass<T>;
  void* const compiled =
      Py_TYPE(self) == Class::type && !keywords && PyTuple_GET_SIZE(arguments) == 2
          ? reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr()
          : nullptr;
  if (!compiled) return Class::call_method(self, arguments, keywords);
  try {
    return call<T>(*static_cast<Compiled<T>*>(compiled), PyTuple_GET_ITEM(arguments, 0),
                   PyTuple_GET_ITEM(arguments, 1))
        .release()
        .ptr();
  } catch (...) {
    py::detail::try_translate_exceptions();
    return nullptr;
  }
}

template <class T>
void bind_compiled_network(py::module_& m) {
  auto cls = bind_resource<Compiled<T>>(
      m, "CompiledNetwork",
      "What `Network.compile` returns: a network that is called on arrays which are there.");
  const auto tuple_of = [](const Shape& shape) { return py::tuple(py::cast(shape.sizes)); };
  cls.def(py::init<std::shared_ptr<Network<T>>, const std::vector<Index>&, Index>(),
          py::arg("network"), py::arg("inputs"), py::arg("batch"))
      .def_property_readonly("batch",
                             [](const Compiled<T>& self) { return self.network.samples(); })
      .def_property_readonly("input_shape",
                             [=](const Compiled<T>& self) { return tuple_of(self.input_shape); })
      .def_property_readonly("output_shape",
                             [=](const Compiled<T>& self) { return tuple_of(self.output_shape); })
      .def("__call__", &call<T>, py::arg("x"), py::arg("out"),
           "Write the outputs of the samples x to out, and return out.");
  using Class = CompiledClass<T>;
  Class::type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  Class::call_method = Class::type->tp_call;
  Class::type->tp_call = call_directly<T>;
}

}  // namespace

void bind_compiled(py::module_& float32, py::module_& float64) {
  bind_compiled_network<float>(float32);
  bind_compiled_network<double>(float64);
}

}  // namespace fastmlp::bindings
