#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/network_objective.hpp"
#include "output_gradient.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

using Layers = std::vector<LayerReference>;

template <class T>
Index count(const std::vector<Index>& inputs, const Layers& layers, Index max_steps) {
  return count_parameters<T>(Shape(inputs), layers, max_steps);
}

template <class T>
std::shared_ptr<Network<T>> make_network(const std::vector<Index>& inputs, const Layers& layers,
                                         std::optional<std::uint64_t> seed, bool bf16) {
  std::shared_ptr<Network<T>> network;
  run_alone([&](ThreadTeam& team) {
    network = std::make_shared<Network<T>>(Shape(inputs), layers, seed, team, bf16);
  });
  return network;
}

// A live view of the parameters, which keeps the network alive.
template <class T>
py::object view(const py::object& self, std::vector<py::ssize_t> shape,
                std::vector<py::ssize_t> strides, Index offset) {
  auto& network = self.cast<Network<T>&>();
  for (auto& stride : strides) stride *= sizeof(T);
  return py::array_t<T>(std::move(shape), std::move(strides), network.w() + offset, self);
}

template <class T>
py::tuple layer_shape(const Network<T>& network, Index layer) {
  const auto& shapes = network.plan().layer_shapes();
  require(layer >= 0 && layer < static_cast<Index>(shapes.size()),
          "Network: no layer " + std::to_string(layer));
  return py::tuple(py::cast(shapes[static_cast<std::size_t>(layer)].sizes));
}

// The parameters of layer l, counted among those that have parameters.
template <class T>
const LayerParameters& layer_parameters(const py::object& self, Index l) {
  const auto& layers = self.cast<const Network<T>&>().plan().parameters();
  require(l >= 0 && l < static_cast<Index>(layers.size()),
          "Network: no layer " + std::to_string(l));
  return layers[static_cast<std::size_t>(l)];
}

// (n_in, n_out): the transpose of a slot (n_out, n_in), or a slot (n_in, n_out) itself; n_in is the
// shape of a window.
template <class T>
py::object weight_view(const py::object& self, Index l) {
  const LayerParameters& layer = layer_parameters<T>(self, l);
  const Slot& slot = self.cast<const Network<T>&>().plan().slot(layer.weights);
  if (layer.transposed) {
    return view<T>(self, {slot.rows, slot.columns}, {slot.columns, 1}, slot.range.begin);
  }
  std::vector<py::ssize_t> shape(layer.window.begin(), layer.window.end());
  if (shape.empty()) shape.push_back(slot.columns);
  std::vector<py::ssize_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
  shape.push_back(slot.rows);
  strides.push_back(slot.columns);
  return view<T>(self, std::move(shape), std::move(strides), slot.range.begin);
}

template <class T>
py::object bias_view(const py::object& self, Index l) {
  const LayerParameters& layer = layer_parameters<T>(self, l);
  if (layer.bias == kNone) return py::none();
  const Range range = self.cast<const Network<T>&>().plan().slot(layer.bias).range;
  return view<T>(self, {range.size()}, {1}, range.begin);
}

template <class T>
double loss(const Network<T>& network, const py::object& x, const py::object& targets,
            const Loss& function, const py::object& weights, const py::object& lengths) {
  const LeasedDataset<T> leased(x, targets, weights, lengths, network, function);
  const Dataset<T>& data = leased.data();
  double value = 0;
  run({forward_operations(network, data.size())}, [&](ThreadTeam& team) {
    NetworkObjective<T> objective(network.plan(), function);
    objective.set_exact(data.size() < kMinBf16Samples);
    objective.set_team(team);
    objective.select(data, {}, data.size());
    value = objective.value(network.w());
  });
  return value;
}

// The mean loss at w + a u + b v, (n_steps, n_steps): axes has the rows u and v, steps has all a
// and all b.
template <class T>
py::array loss_surface(const Network<T>& network, const py::object& x, const py::object& targets,
                       const Loss& function, const Array<T>& axes, const Array<double>& steps) {
  const LeasedDataset<T> leased(x, targets, py::none(), py::none(), network, function);
  const Dataset<T>& data = leased.data();
  const MatrixView<const T> directions = rows_of(axes, network.size(), "axes");
  require(directions.rows == 2 && steps.ndim() == 2 && steps.shape(0) == 2,
          "loss_surface: axes and steps have two rows each");
  const MemoryLease axes_lease(axes), steps_lease(steps);
  const Index n = steps.shape(1);
  auto [array, surface] = new_rows<double>(n, n);
  run({static_cast<double>(n * n) * forward_operations(network, data.size())},
      [&, surface = surface](ThreadTeam& team) {
        NetworkObjective<T> objective(network.plan(), function);
        objective.set_exact();
        objective.select(data, {}, data.size());
        Buffer<T> point(network.size());
        for (Index i = 0; i < n; ++i) {
          for (Index j = 0; j < n; ++j) {
            const T a = static_cast<T>(steps.data()[i]), b = static_cast<T>(steps.data()[n + j]);
            for (Index k = 0; k < network.size(); ++k) {
              point[k] = network.w()[k] + a * directions.row(0)[k] + b * directions.row(1)[k];
            }
            objective.set_team(team);
            surface.row(i)[j] = objective.value(point.data());
          }
        }
      });
  return array;
}

template <class T>
std::pair<double, py::array> value_and_gradient(const Network<T>& network, const py::object& x,
                                                const py::object& targets, const Loss& function,
                                                const py::object& weights,
                                                const py::object& lengths) {
  const LeasedDataset<T> leased(x, targets, weights, lengths, network, function);
  const Dataset<T>& data = leased.data();
  Array<T> gradient(network.size());
  T* g = gradient.mutable_data();
  double value = 0;
  run({step_operations(network, data.size())}, [&](ThreadTeam& team) {
    NetworkObjective<T> objective(network.plan(), function);
    objective.set_exact();
    objective.set_team(team);
    objective.select(data, {}, data.size());
    value = objective.value_and_gradient(network.w(), g);
  });
  return {value, gradient};
}

template <class T>
py::array backward(const Network<T>& network, const py::object& x, const Array<T>& output_gradient,
                   const py::object& lengths) {
  NetworkObjective<T> objective(network.plan(), SquaredError{});
  objective.set_exact();
  return gradient_of_outputs(objective, network, x, output_gradient, lengths, [](Index) {});
}

// Derivatives (n, n_out, columns) of the outputs; `passes` is the work of one by forward passes.
template <class T, class F>
py::array output_derivatives(const char* name, const Network<T>& network, const py::object& x,
                             Index columns, Index passes, F&& compute) {
  InputRows<T> input(x, network.plan().inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  const Index outputs = network.plan().outputs();
  const Index entries = checked_product(rows.rows, outputs, name);
  checked_product(entries, columns * static_cast<Index>(sizeof(T)), name);
  Array<T> array({rows.rows, outputs, columns});
  T* out = array.mutable_data();
  run({forward_operations(network, passes * entries)},
      [&](ThreadTeam& team) { compute(network.plan(), network.w(), rows, out, team); });
  return array;
}

template <class T>
py::array jacobian(const Network<T>& network, const py::object& x) {
  return output_derivatives("jacobian", network, x, network.plan().inputs(), 1,
                            &fastmlp::jacobian<T>);
}

template <class T>
py::array parameter_jacobian(const Network<T>& network, const py::object& x) {
  return output_derivatives("parameter_jacobian", network, x, network.size(), 2,
                            &fastmlp::parameter_jacobian<T>);
}

template <class T>
void bind_network(py::module_& m) {
  using Holder = std::shared_ptr<Network<T>>;
  bind_resource<Network<T>, Holder>(m, "Network", "A plan of layers and its parameters.")
      .def(py::init(&make_network<T>), py::arg("inputs"), py::arg("layers"), py::arg("seed"),
           py::arg("bf16") = false,
           "Without a seed all parameters are 0. With bf16 large products of training and "
           "prediction "
           "are those of bfloat16, where the processor has them.")
      .def_property_readonly(
          "rounds", [](const Network<T>& self) { return self.plan().rounds(kMinBf16Samples); })
      .def_static("count", &count<T>, py::arg("inputs"), py::arg("layers"), py::arg("max_steps"),
                  "The number of parameters, before any memory is taken for them; more steps of "
                  "recurrent layers are refused.")
      .def_property_readonly("n_inputs",
                             [](const Network<T>& self) { return self.plan().inputs(); })
      .def_property_readonly("n_outputs",
                             [](const Network<T>& self) { return self.plan().outputs(); })
      .def_property_readonly("n_parameters", &Network<T>::size)
      .def_property_readonly("is_stochastic",
                             [](const Network<T>& self) { return self.plan().is_stochastic(); })
      .def_property_readonly("has_zero_derivative", &Network<T>::has_zero_derivative)
      .def_property_readonly("n_layers",
                             [](const Network<T>& self) { return self.plan().parameters().size(); })
      .def("layer_shape", &layer_shape<T>, py::arg("layer"),
           "The shape of the output of a layer of the list.")
      .def(
          "layer_size",
          [](const Network<T>& self, Index layer) { return self.plan().layer_size(layer); },
          py::arg("layer"),
          "The number of parameters that a layer of the list has, shared ones not counted.")
      .def_property_readonly("parameters",
                             [](const py::object& self) {
                               const Index size = self.cast<Network<T>&>().size();
                               return view<T>(self, {size}, {1}, 0);
                             })
      .def("weight", &weight_view<T>, py::arg("l"))
      .def("bias", &bias_view<T>, py::arg("l"))
      .def("loss", &loss<T>, py::arg("X"), py::arg("targets"), py::arg("loss"), py::arg("weights"),
           py::arg("lengths") = py::none())
      .def("loss_surface", &loss_surface<T>, py::arg("X"), py::arg("targets"), py::arg("loss"),
           py::arg("axes").noconvert(), py::arg("steps").noconvert(),
           "The loss at w + a u + b v for all a in the first row of steps and all b in the second.")
      .def("value_and_grad", &value_and_gradient<T>, py::arg("X"), py::arg("targets"),
           py::arg("loss"), py::arg("weights"), py::arg("lengths") = py::none())
      .def("backward", &backward<T>, py::arg("X"), py::arg("output_gradient").noconvert(),
           py::arg("lengths") = py::none())
      .def("jacobian", &jacobian<T>, py::arg("X"))
      .def("parameter_jacobian", &parameter_jacobian<T>, py::arg("X"));
}

}  // namespace

void bind_networks(py::module_& float32, py::module_& float64) {
  bind_network<float>(float32);
  bind_network<double>(float64);
}

}  // namespace fastmlp::bindings
