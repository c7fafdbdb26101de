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
  throw py::value_error("metrics: key='" + key + "' is not known");
}

// Metrics (key, k) of targets (m, columns), or of classes (m,), which are read where they lie.
class Metrics {
 public:
  Metrics(const py::array& targets, const py::object& weights, const py::object& terms,
          double threshold, const py::list& chosen)
      : targets_lease_(targets), rows_(targets.ndim() > 0 ? targets.shape(0) : 0) {
    given_.threshold = threshold;
    if (py::isinstance<Array<std::int64_t>>(targets)) {
      given_.classes = exact_array<std::int64_t>(targets, "targets").data();
      require(targets.ndim() == 1, "metrics: classes are (m,)");
    } else {
      given_.targets = exact_array<double>(targets, "targets").data();
      require(targets.ndim() == 2, "metrics: targets are (m, columns)");
      columns_ = targets.shape(1);
    }
    for (const py::handle pair : chosen) {
      const Metric& metric = metric_of(pair[py::int_(0)].cast<std::string>());
      const bool is_of_classes = metric.value == &top_k_accuracy;
      require(given_.classes ? metric.of_labels : !is_of_classes, "metrics: of other targets");
      metrics_.emplace_back(&metric, pair[py::int_(1)].cast<Index>());
    }
    if (!weights.is_none()) {
      const auto array = exact_array<double>(weights, "weights");
      given_.weights = vector_of(array, rows_, "weights").data();
      weights_lease_.emplace(array);
    }
    if (terms.is_none()) return;
    const auto rows = rows_of(exact_array<double>(terms, "terms"), columns_, "terms");
    require(rows.rows == rows_ && !given_.classes, "metrics: terms are those of targets");
    given_.terms = rows.data;
    terms_lease_.emplace(py::reinterpret_borrow<py::array>(terms));
  }

  // Of outputs (n, n_out), of which the first columns of each sample are `width` for each of its
  // rows of targets.
  template <class T>
  py::list values(const MatrixView<const T>& outputs, Index width) const {
    const Index n = outputs.rows;
    require(n > 0 && width > 0 && rows_ % n == 0 && rows_ / n * width <= outputs.cols &&
                (given_.classes || columns_ == width),
            "metrics: the outputs have another shape than the targets");
    std::vector<double> copy, found;
    for (Index i = 0; i < n; ++i) {
      copy.insert(copy.end(), outputs.row(i), outputs.row(i) + rows_ / n * width);
    }
    evaluate_all({copy.data(), rows_, width, width}, found);
    py::list list;
    for (const double value : found) list.append(value);
    return list;
  }

 private:
  void evaluate_all(const MatrixView<const double>& outputs, std::vector<double>& found) const {
    Predictions p = given_;
    p.outputs = outputs;
    const Work work{10 * static_cast<double>(outputs.rows * outputs.cols)};
    run_alone(
        [&](ThreadTeam& team) {
          for (const auto& [metric, k] : metrics_) {
            p.k = k;
            found.push_back(evaluate(*metric, p, team));
          }
        },
        work);
  }

  MemoryLease targets_lease_;
  std::optional<MemoryLease> weights_lease_, terms_lease_;
  Index rows_, columns_ = 0;
  Predictions given_;
  std::vector<std::pair<const Metric*, Index>> metrics_;
};

// The metrics of a network's outputs, asked for again and again while it is trained.
template <class T>
struct RepeatedMetrics {
  std::shared_ptr<Network<T>> network;
  InputRows<T> input;
  py::object lengths;
  Metrics metrics;
  Index width;

  py::list values() {
    const SampleRows<T>& rows = input.rows();
    const std::int64_t* steps = lengths_of(lengths, rows.rows);
    const Index columns = network->plan().outputs();
    Buffer<T> outputs(rows.rows * columns);
    const MatrixView<T> out{outputs.data(), rows.rows, columns, columns};
    run({forward_operations(*network, rows.rows)}, [&](ThreadTeam& team) {
      predict<T>(network->plan(), network->w(), rows, out, team, steps);
    });
    return metrics.values<T>(out, width);
  }
};

template <class T>
py::cpp_function repeated_metrics(std::shared_ptr<Network<T>> network, const py::object& x,
                                  const py::object& lengths, const py::array& targets,
                                  const py::object& weights, const py::object& terms,
                                  double threshold, const py::list& chosen, Index width) {
  const Index inputs = network->plan().inputs();
  const std::shared_ptr<RepeatedMetrics<T>> repeated(
      new RepeatedMetrics<T>{std::move(network),
                             {x, inputs},
                             lengths,
                             {targets, weights, terms, threshold, chosen},
                             width});
  repeated->input.hold();
  return [repeated] { return repeated->values(); };
}

// The same of outputs (n, n_out) that are given.
py::list metrics_of_outputs(const Array<double>& outputs, const py::array& targets,
                            const py::object& weights, const py::object& terms, double threshold,
                            const py::list& chosen, Index width) {
  require(outputs.ndim() == 2, "metrics: outputs are (n, n_out)");
  const MemoryLease lease(outputs);
  return Metrics(targets, weights, terms, threshold, chosen)
      .values<double>(rows_of(outputs, outputs.shape(1), "outputs"), width);
}

template <class T>
void bind_repeated_metrics(py::module_& m) {
  m.def("repeated_metrics", &repeated_metrics<T>, py::arg("network"), py::arg("X"),
        py::arg("lengths"), py::arg("targets"), py::arg("weights"), py::arg("terms"),
        py::arg("threshold"), py::arg("metrics"), py::arg("width"),
        "A function of the metrics (key, k) at the present parameters, in their order; nan where "
        "an output is not finite.");
}

}  // namespace

void bind_metrics(py::module_& m, py::module_& float32, py::module_& float64) {
  py::dict metrics;
  for (const Metric& metric : kMetrics) {
    metrics[metric.key] = py::make_tuple(metric.of_labels, metric.larger_is_better);
  }
  m.attr("metrics") = metrics;
  m.def("metrics_of_outputs", &metrics_of_outputs, py::arg("outputs").noconvert(),
        py::arg("targets"), py::arg("weights"), py::arg("terms"), py::arg("threshold"),
        py::arg("metrics"), py::arg("width"),
        "The metrics (key, k) of given outputs, in their order; nan where one is not finite.");
  bind_repeated_metrics<float>(float32);
  bind_repeated_metrics<double>(float64);
}

}  // namespace fastmlp::bindings
