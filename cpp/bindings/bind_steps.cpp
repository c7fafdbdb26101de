#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/predict.hpp"
#include "numpy.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// The layers of a network for sequences of one step, with its parameters.
template <class T>
class Steps {
 public:
  Steps(std::shared_ptr<Network<T>> network, const std::vector<Index>& inputs,
        const std::vector<LayerReference>& layers)
      : network_(std::move(network)), plan_(make_plan<T>(Shape(inputs), layers)) {}

  const Plan<T>& plan() const { return plan_; }
  std::vector<Index> state_sizes() const {
    std::vector<Index> sizes;
    for (const RecurrentState& state : plan_.states())
      sizes.push_back(plan_.node(state.after).rows);
    return sizes;
  }

  // (outputs, the state after the step) of x and the state before it
  py::tuple step(const py::object& x, const Array<T>& before) const {
    require(plan_.size() == network_->size(), "the layers read several steps at once");
    InputRows<T> input(x, plan_.inputs());
    const SampleRows<T>& rows = input.rows();
    const Index size = plan_.state_size();
    const MatrixView<const T> from = rows_of(before, size, "state");
    require(from.rows == rows.rows, "state has " + std::to_string(from.rows) + " rows, expected " +
                                        std::to_string(rows.rows));
    auto [state_array, state] = new_rows<T>(rows.rows, size);
    auto [array, out] = new_rows<T>(rows.rows, plan_.outputs());
    copy<const T>(from, state);
    const Work work{forward_operations(*this, rows.rows)};
    if (releases_gil(work)) input.hold();
    run(work, [&, state = state, out = out](ThreadTeam& team) {
      predict_from<T>(plan_, network_->w(), rows, state, out, team);
    });
    return py::make_tuple(array, state_array);
  }

 private:
  std::shared_ptr<Network<T>> network_;
  Plan<T> plan_;
};

template <class T>
void bind(py::module_& m) {
  bind_resource<Steps<T>>(m, "Steps", "The layers of a network for sequences of one step.")
      .def(py::init<std::shared_ptr<Network<T>>, const std::vector<Index>&,
                    const std::vector<LayerReference>&>(),
           py::arg("network"), py::arg("inputs"), py::arg("layers"))
      .def_property_readonly("state_sizes", &Steps<T>::state_sizes)
      .def(
          "layer_size",
          [](const Steps<T>& self, Index layer) { return self.plan().layer_size(layer); },
          py::arg("layer"))
      .def("step", &Steps<T>::step, py::arg("x"), py::arg("state").noconvert());
}

}  // namespace

void bind_steps(py::module_& float32, py::module_& float64) {
  bind<float>(float32);
  bind<double>(float64);
}

}  // namespace fastmlp::bindings
