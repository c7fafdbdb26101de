// The methods of a network that compute outputs.
#include "bindings.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/predict.hpp"
#include "numpy.hpp"
#include "ready_array.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

template <class T>
void predict(const Network<T>& network, InputRows<T>& input, const MatrixView<T>& out,
             const std::int64_t* lengths) {
  const SampleRows<T>& rows = input.rows();
  const Work work{forward_operations(network, rows.rows)};
  if (releases_gil(work)) input.hold();
  run(work, [&](ThreadTeam& team) {
    fastmlp::predict<T>(network.plan(), network.w(), rows, out, team, lengths);
  });
}

template <class T>
py::array predict(const Network<T>& network, const py::object& x, const py::object& lengths) {
  InputRows<T> input(x, network.plan().inputs());
  const Index n = input.rows().rows;
  auto [array, out] = new_rows<T>(n, network.plan().outputs());
  predict(network, input, out, lengths_of(lengths, n));
  return array;
}

// The outputs of an array (n, n_in) or (n_in) that can be read in place, in their shape; None for
// all other arguments.
template <class T>
py::object predict_ready(const Network<T>& network, const py::object& x) {
  const PyArray_Proxy* array = ready_array<T>(x);
  const Index inputs = network.plan().inputs(), outputs = network.plan().outputs();
  if (!array || array->nd < 1 || array->nd > 2) return py::none();
  if (array->dimensions[array->nd - 1] != inputs) return py::none();
  const Index n = array->nd == 1 ? 1 : array->dimensions[0];
  std::vector<Index> shape = network.plan().layer_shapes().back().sizes;
  if (array->nd == 2) shape.insert(shape.begin(), n);
  Array<T> result(shape);
  InputRows<T> input(x, {reinterpret_cast<const T*>(array->data), n, inputs, inputs});
  predict<T>(network, input, {result.mutable_data(), n, outputs, outputs}, nullptr);
  return result;
}

template <class T>
py::tuple predict_samples(const Network<T>& network, const py::object& x, Index passes,
                          std::uint64_t seed, const py::object& lengths) {
  InputRows<T> input(x, network.plan().inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  auto [means, mean] = new_rows<T>(rows.rows, network.plan().outputs());
  auto [deviations, deviation] = new_rows<T>(rows.rows, network.plan().outputs());
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  const double work = static_cast<double>(passes) * forward_operations(network, rows.rows);
  run({work}, [&, mean = mean, deviation = deviation](ThreadTeam& team) {
    fastmlp::predict_samples<T>(network.plan(), network.w(), rows, passes, seed, mean, deviation,
                                team, steps);
  });
  return py::make_tuple(means, deviations);
}

template <class T>
py::list activations(const Network<T>& network, const py::object& x, const py::object& lengths) {
  InputRows<T> input(x, network.plan().inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  py::list arrays;
  std::vector<MatrixView<T>> outputs;
  for (const Index node : network.plan().layer_outputs()) {
    auto [array, out] = new_rows<T>(rows.rows, network.plan().node(node).rows);
    arrays.append(array);
    outputs.push_back(out);
  }
  run({forward_operations(network, rows.rows)}, [&](ThreadTeam& team) {
    fastmlp::activations<T>(network.plan(), network.w(), rows, outputs, team, steps);
  });
  return arrays;
}

template <class T>
void bind_prediction_methods(const py::module_& m) {
  py::class_<Network<T>, std::shared_ptr<Network<T>>>(m.attr("Network"))
      .def("predict",
           py::overload_cast<const Network<T>&, const py::object&, const py::object&>(&predict<T>),
           py::arg("X"), py::arg("lengths") = py::none())
      .def("predict_ready", &predict_ready<T>, py::arg("X"),
           "The outputs where X is a plain array that is read in place, else None.")
      .def("predict_samples", &predict_samples<T>, py::arg("X"), py::arg("passes"), py::arg("seed"),
           py::arg("lengths") = py::none(),
           "Means and standard deviations of the outputs over passes with dropout and noise on.")
      .def("activations", &activations<T>, py::arg("X"), py::arg("lengths") = py::none());
}

}  // namespace

void bind_predictions(py::module_& float32, py::module_& float64) {
  bind_prediction_methods<float>(float32);
  bind_prediction_methods<double>(float64);
}

}  // namespace fastmlp::bindings
