#include <pybind11/stl.h>

#include "bindings.hpp"
#include "fastmlp/nn/predict.hpp"
#include "fastmlp/train/metrics.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

const Metric& metric_of(const std::string& key) {
  for (const Metric& metric : kMetrics) {
    if (key == metric.key) return metric;
  }
  throw py::value_error("Metrics: key='" + key + "' is not known");
}

// Metrics (key, k) of targets (m, columns), or of classes (m,), which are read where they lie.
class Metrics {
 public:
  Metrics(py::array targets, const py::object& weights, double threshold,
          const std::vector<std::pair<std::string, Index>>& chosen)
      : targets_(targets), targets_lease_(std::move(targets)) {
    for (const auto& [key, k] : chosen) metrics_.emplace_back(metric_of(key), k);
    given_.threshold = threshold;
    if (py::isinstance<Array<std::int64_t>>(targets_)) {
      given_.classes = exact_array<std::int64_t>(targets_, "targets").data();
      require(targets_.ndim() == 1, "Metrics: classes are (m,)");
    } else {
      given_.targets = exact_array<double>(targets_, "targets").data();
      require(targets_.ndim() == 2, "Metrics: targets are (m, columns)");
    }
    for (const auto& [metric, k] : metrics_) {
      const bool only_of_classes = metric.value == &top_k_accuracy;
      require(given_.classes ? metric.of_labels : !only_of_classes,
              std::string("Metrics: '") + metric.key + "' is not one of such targets");
    }
    if (weights.is_none()) return;
    const auto array = exact_array<double>(weights, "weights");
    given_.weights = vector_of(array, targets_.shape(0), "weights").data();
    weights_lease_.emplace(array);
  }

  // Of outputs (n, n_out), of which the first columns of each sample are `width` for each of its
  // rows of targets.
  template <class T>
  std::vector<double> values(const MatrixView<const T>& outputs, Index width) const {
    const Index n = outputs.rows, rows = targets_.shape(0);
    require(n > 0 && width > 0 && rows % n == 0 && rows / n * width <= outputs.cols &&
                (given_.classes || targets_.shape(1) == width),
            "Metrics: the outputs have another shape than the targets");
    const Index used = rows / n * width;
    std::vector<double> found;
    const auto evaluate_all = [&](ThreadTeam& team) {
      Buffer<double> copy(rows * width);
      for (Index i = 0; i < n; ++i) std::copy_n(outputs.row(i), used, copy.data() + i * used);
      Predictions p = given_;
      p.outputs = {copy.data(), rows, width, width};
      for (const auto& [metric, k] : metrics_) {
        p.k = k;
        found.push_back(evaluate(metric, p, team));
      }
    };
    run_alone(evaluate_all, {10 * static_cast<double>(rows * width)});
    return found;
  }

 private:
  py::array targets_;
  MemoryLease targets_lease_;
  std::optional<MemoryLease> weights_lease_;
  Predictions given_;
  std::vector<std::pair<Metric, Index>> metrics_;
};

// Those of the outputs of X, in their order; nan where an output is not finite.
template <class T>
std::vector<double> values(const Metrics& metrics, const Network<T>& network, const py::object& x,
                           const py::object& lengths, Index width) {
  InputRows<T> input(x, network.plan().inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  const Index columns = network.plan().outputs();
  Buffer<T> outputs(rows.rows * columns);
  const MatrixView<T> out{outputs.data(), rows.rows, columns, columns};
  run({forward_operations(network, rows.rows)},
      [&](ThreadTeam& team) { predict<T>(network.plan(), network.w(), rows, out, team, steps); });
  return metrics.values<T>(out, width);
}

}  // namespace

void bind_metrics(py::module_& m) {
  py::dict metrics;
  for (const Metric& metric : kMetrics) {
    metrics[metric.key] = py::make_tuple(metric.of_labels, metric.larger_is_better);
  }
  m.attr("metrics") = metrics;
  bind_resource<Metrics>(m, "Metrics", "Metrics of targets, weighted; a target of nan is none.")
      .def(py::init<py::array, const py::object&, double,
                    const std::vector<std::pair<std::string, Index>>&>(),
           py::arg("targets"), py::arg("weights"), py::arg("threshold"), py::arg("metrics"))
      .def("values", &values<float>, py::arg("network"), py::arg("X"), py::arg("lengths"),
           py::arg("width"))
      .def("values", &values<double>, py::arg("network"), py::arg("X"), py::arg("lengths"),
           py::arg("width"), "Those of a network's outputs; nan where one is not finite.");
}

}  // namespace fastmlp::bindings
