#include "bindings.hpp"
#include "fastmlp/train/metrics.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

const Metric& metric_of(const std::string& key) {
  for (const Metric& metric : kMetrics) {
    if (key == metric.key) return metric;
  }
  throw py::value_error("metric: key='" + key + "' is not known");
}

// Targets are (n, columns), or classes (n,).
double metric(const std::string& key, const Array<double>& outputs, const py::array& targets,
              const py::object& weights, double threshold, Index k, const py::object& terms) {
  const Metric& chosen = metric_of(key);
  Predictions p;
  p.outputs = rows_of(outputs, outputs.ndim() == 2 ? outputs.shape(1) : 0, "outputs");
  p.threshold = threshold;
  p.k = k;
  const Index n = p.outputs.rows;
  require(n > 0 && p.outputs.cols > 0, "metric: there are no outputs");
  if (py::isinstance<Array<std::int64_t>>(targets)) {
    require(chosen.of_labels, "metric: '" + key + "' is not one of classes");
    p.classes = vector_of(exact_array<std::int64_t>(targets, "targets"), n, "targets").data();
  } else {
    require(key != "top_k_accuracy", "metric: '" + key + "' is one of classes");
    const auto rows = rows_of(exact_array<double>(targets, "targets"), p.outputs.cols, "targets");
    require(rows.rows == n, "metric: targets and outputs differ in length");
    p.targets = rows.data;
  }
  const MemoryLease outputs_lease(outputs), targets_lease(targets);
  std::optional<MemoryLease> weights_lease;
  if (!weights.is_none()) {
    p.weights = vector_of(exact_array<double>(weights, "weights"), n, "weights").data();
    weights_lease.emplace(py::reinterpret_borrow<py::array>(weights));
  }
  std::optional<MemoryLease> terms_lease;
  if (!terms.is_none()) {
    const auto rows = rows_of(exact_array<double>(terms, "terms"), p.outputs.cols, "terms");
    require(rows.rows == n && !p.classes, "metric: terms are those of targets");
    p.terms = rows.data;
    terms_lease.emplace(py::reinterpret_borrow<py::array>(terms));
  }
  double value = 0;
  run_alone([&](ThreadTeam& team) { value = evaluate(chosen, p, team); });
  return value;
}

}  // namespace

void bind_metrics(py::module_& m) {
  py::dict metrics;
  for (const Metric& metric : kMetrics) {
    metrics[metric.key] = py::make_tuple(metric.of_labels, metric.larger_is_better);
  }
  m.attr("metrics") = metrics;
  m.def("metric", &metric, py::arg("key"), py::arg("outputs").noconvert(), py::arg("targets"),
        py::arg("weights"), py::arg("threshold"), py::arg("k"), py::arg("terms") = py::none(),
        "The metric of outputs (n, columns), weighted; nan where an output is not finite.");
}

}  // namespace fastmlp::bindings
