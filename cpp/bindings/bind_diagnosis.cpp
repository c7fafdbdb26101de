#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/train/diagnosis.hpp"
#include "output_gradient.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

py::tuple report_parts(const NodeReport& report) {
  return py::make_tuple(report.layer, report.slot, report.step, report.phi, report.values,
                        report.squares, report.saturated,
                        py::bytes(report.alive.data(), report.alive.size()));
}

template <class T>
py::tuple report_parts(double value, const Array<T>& gradient, const Diagnosis<T>& diagnosis) {
  py::list nodes;
  for (const NodeReport& report : diagnosis.reports()) nodes.append(report_parts(report));
  return py::make_tuple(value, gradient, nodes);
}

template <class T>
py::tuple diagnose(const Network<T>& network, const py::object& x, const py::object& targets,
                   const Loss& function, const py::object& weights, const py::object& lengths) {
  const LeasedDataset<T> leased(x, targets, weights, lengths, network, function);
  const Dataset<T>& data = leased.data();
  Array<T> gradient(network.size());
  T* g = gradient.mutable_data();
  NetworkObjective<T> objective(network.plan(), function);
  Diagnosis<T> diagnosis(objective);
  double value = 0;
  run({step_operations(network, data.size())}, [&](ThreadTeam& team) {
    objective.set_team(team);
    objective.select(data, {}, data.size());
    value = diagnosis.add_loss(network.w(), g);
  });
  return report_parts<T>(value, gradient, diagnosis);
}

template <class T>
py::tuple diagnose_outputs(const Network<T>& network, const py::object& x,
                           const Array<T>& output_gradient, const py::object& lengths) {
  NetworkObjective<T> objective(network.plan(), SquaredError{});
  Diagnosis<T> diagnosis(objective);
  const Array<T> gradient = gradient_of_outputs(objective, network, x, output_gradient, lengths,
                                                [&](Index n) { diagnosis.add(n); });
  return report_parts<T>(0, gradient, diagnosis);
}

template <class T>
void bind_diagnosis(py::module_& m) {
  m.def("diagnose", &diagnose<T>, py::arg("network"), py::arg("X"), py::arg("targets"),
        py::arg("loss"), py::arg("weights"), py::arg("lengths"),
        "The loss, its gradient, and a tuple of the fields of NodeReport for each node.");
  m.def("diagnose_outputs", &diagnose_outputs<T>, py::arg("network"), py::arg("X"),
        py::arg("output_gradient").noconvert(), py::arg("lengths"),
        "The same of sum(outputs * output_gradient), whose value is given as 0.");
}

}  // namespace

void bind_diagnoses(py::module_& float32, py::module_& float64) {
  bind_diagnosis<float>(float32);
  bind_diagnosis<double>(float64);
}

}  // namespace fastmlp::bindings
