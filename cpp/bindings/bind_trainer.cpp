#include "bindings.hpp"
#include "epochs.hpp"
#include "family.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "fastmlp/train/trainer.hpp"
#include "state_dict.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// A trainer with the network that it trains. The caller must serialise training calls, as Python
// does with the network's lock.
template <class T>
class TrainerHandle {
 public:
  TrainerHandle(std::shared_ptr<Network<T>> network, TrainerOptions options,
                std::unique_ptr<Optimizer<T>> optimizer)
      : network_(std::move(network)),
        trainer_(*network_, std::move(options), std::move(optimizer)) {}

  Trainer<T>& trainer() { return trainer_; }

  // As Trainer::epochs.
  py::tuple epochs(const py::object& x, const py::object& targets, const py::object& weights,
                   Index max, std::optional<double> max_seconds, Snapshot<T>& last_good,
                   py::list losses, const py::object& order, const py::object& lengths,
                   Index more_in_first) {
    require(max >= 1, "epochs: expected max >= 1");
    batch_rows_ = kNoBatch;
    trainer_.start_epoch();  // may run Python, so it comes before pointers are taken
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    const double seconds = max_seconds.value_or(std::numeric_limits<double>::infinity());
    auto indices = order_of(order, data.size());
    const Index n = indices ? static_cast<Index>(indices->size()) : data.size();
    trainer_.set_order(std::move(indices), more_in_first);
    const Index batch = std::min(trainer_.batch_size(), n);
    trainer_.set_tuned(!threads_are_forced());
    const Index epochs = trainer_.optimizer().has_custom_schedule() ? 1 : max;
    EpochResult last;
    std::vector<double> finished;
    const auto record = [&] {
      for (const double loss : finished) losses.append(loss);
    };
    try {
      run({step_operations(*network_, batch),
           static_cast<double>(epochs) * static_cast<double>(n) / static_cast<double>(batch)},
          [&](ThreadTeam& team) {
            last = trainer_.epochs(data, max, seconds, last_good, finished, team);
          });
    } catch (...) {
      record();
      throw;
    }
    record();
    return parts_of(last);
  }

  // Passes in the orders of the rows, until one ends early; `results` receives what each has
  // reached, also where an exception ends the call. There is no schedule in Python.
  void passes(const py::object& x, const py::object& targets, const py::object& weights,
              const py::object& orders, py::list results, const py::object& lengths) {
    require(!trainer_.optimizer().has_custom_schedule(), "passes: the schedule is in Python");
    const auto rows = exact_array<std::int64_t>(orders, "orders");
    require(rows.ndim() == 2 && rows.size() > 0,
            "orders has shape " + shape_text(rows) + ", expected (epochs, n) with n >= 1");
    batch_rows_ = kNoBatch;
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    const std::vector<Index> indices = indices_of(rows, data.size());
    const Index n = rows.shape(1), batch = std::min(trainer_.batch_size(), n);
    trainer_.set_tuned(!threads_are_forced());
    Snapshot<T> unused;
    std::vector<double> none;
    std::vector<EpochResult> finished;
    const auto record = [&] {
      for (const EpochResult& result : finished) results.append(parts_of(result));
    };
    try {
      run({step_operations(*network_, batch),
           static_cast<double>(indices.size()) / static_cast<double>(batch)},
          [&](ThreadTeam& team) {
            for (auto row = indices.begin(); row != indices.end(); row += n) {
              trainer_.start_epoch();
              trainer_.set_order(std::vector<Index>(row, row + n));
              finished.push_back(trainer_.epochs(data, 1, std::numeric_limits<double>::infinity(),
                                                 unused, none, team));
              if (finished.back().status != Status::running) break;
            }
          });
    } catch (...) {
      record();
      throw;
    }
    record();
  }

  // The states (batch, Plan::state_size) from which the batches of the next calls go on, and which
  // they write; None: all sequences begin with their batch.
  void set_states(const py::object& states) {
    trainer_.set_states({});
    states_ = states;
    if (states.is_none()) return;
    auto array = exact_array<T>(states, "states");
    const auto rows = rows_of(array, network_->plan().state_size(), "states");
    trainer_.set_states({array.mutable_data(), rows.rows, rows.cols, rows.cols});
  }

  double step(const py::object& x, const py::object& targets, const py::object& weights,
              const py::object& lengths) {
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    batch_rows_ = kNoBatch;
    double value = 0;
    run({step_operations(*network_, data.size())},
        [&](ThreadTeam& team) { value = trainer_.step(data, team); });
    return value;
  }

  py::array forward(const py::object& x, const py::object& lengths) {
    InputRows<T> input(x, network_->plan().inputs());
    input.hold();
    const SampleRows<T>& rows = input.rows();
    const std::int64_t* steps = lengths_of(lengths, rows.rows);
    auto [array, out] = new_rows<T>(rows.rows, network_->plan().outputs());
    batch_rows_ = kNoBatch;  // also where this is interrupted
    run({forward_operations(*network_, rows.rows)},
        [&, out = out](ThreadTeam& team) { trainer_.forward(rows, out, team, steps); });
    batch_rows_ = rows.rows;
    return array;
  }

  py::array backward(const Array<T>& output_gradient) {
    const MemoryLease lease(output_gradient);
    const MatrixView<const T> rows =
        rows_of(output_gradient, network_->plan().outputs(), "output_gradient");
    require(rows.rows == batch_rows_, "output_gradient has " + std::to_string(rows.rows) +
                                          " rows, expected " + std::to_string(batch_rows_) +
                                          ", as the last forward");
    Array<T> gradient(network_->size());
    T* g = gradient.mutable_data();
    run({2 * forward_operations(*network_, rows.rows)},
        [&](ThreadTeam& team) { trainer_.backward(rows, g, team); });
    return gradient;
  }

  // Returns the penalties at the parameters before the update.
  double apply(const Array<T>& gradient, double batch_weight) {
    Buffer<T> g(network_->size());
    std::copy_n(vector_of(gradient, g.size(), "gradient").data(), g.size(), g.data());
    double penalties = 0;
    run({10 * static_cast<double>(g.size())},
        [&](ThreadTeam& team) { penalties = trainer_.apply(g.data(), batch_weight, team); });
    return penalties;
  }

  // The order of n samples in the next epoch.
  Array<std::int64_t> order(Index n) {
    require(n >= 0, "order: n=" + std::to_string(n) + ", expected at least 0");
    Array<std::int64_t> indices(n);
    std::copy_n(trainer_.order(n).indices().begin(), n, indices.mutable_data());
    return indices;
  }

 private:
  std::shared_ptr<Network<T>> network_;
  Trainer<T> trainer_;
  py::object states_;
  static constexpr Index kNoBatch = -1;
  Index batch_rows_ = kNoBatch;  // of the last forward, while its activations are kept
};

template <class T>
std::unique_ptr<TrainerHandle<T>> make_trainer(std::shared_ptr<Network<T>> network,
                                               const Loss& loss, const AnyOptimizer& optimizer,
                                               Index batch_size, std::uint64_t seed,
                                               std::uint32_t first_epoch, double l1, double l2,
                                               bool regularize_biases, bool shuffle,
                                               const std::string& weighting,
                                               const std::string& l2_scale) {
  auto groups = make_groups(network->plan(), l1, l2, regularize_biases);
  auto native = make_optimizer<T>(optimizer, network->size(), std::move(groups));
  return std::make_unique<TrainerHandle<T>>(
      std::move(network),
      TrainerOptions{loss, batch_size, seed, first_epoch, shuffle,
                     weighting == "set" ? Weighting::set : Weighting::batch,
                     l2_scale == "constant" ? L2Scale::constant : L2Scale::batch_weight},
      std::move(native));
}

template <class T>
py::dict state_views(const py::object& self) {
  StateViews<T> views(self, "optimizer");
  self.cast<TrainerHandle<T>&>().trainer().visit_state(views);
  return views.views;
}

template <class T>
py::dict state_dict(const py::object& self, bool views) {
  StateWriter<T> writer(views ? self : py::object());
  self.cast<TrainerHandle<T>&>().trainer().visit_state(writer);
  return writer.state;
}

template <class T>
void load_state_dict(TrainerHandle<T>& self, const py::dict& state) {
  StateReader<T> reader("Trainer", state);
  self.trainer().visit_state(reader);
}

// (name, index) of the number that is not finite, else None; each is returned once.
template <class T>
py::object take_defect(TrainerHandle<T>& self) {
  const std::optional<Defect> found = self.trainer().optimizer().take_defect();
  if (!found) return py::none();
  return py::make_tuple(found->name, found->index);
}

// The iterate where the network holds its average, else None.
template <class T>
py::object iterate(TrainerHandle<T>& self) {
  if (!self.trainer().holds_average()) return py::none();
  const Buffer<T>& w = self.trainer().iterate();
  return Array<T>(w.size(), w.data());
}

template <class T>
void bind_trainer(py::module_& m) {
  using Handle = TrainerHandle<T>;
  bind_resource<Snapshot<T>>(m, "Snapshot", "Parameters and optimizer state that a run returns to.")
      .def(py::init<>());
  bind_resource<Handle>(m, "Trainer", "Trains one network with one optimizer.")
      .def(py::init(&make_trainer<T>), py::arg("network"), py::arg("loss"), py::arg("optimizer"),
           py::arg("batch_size"), py::arg("seed"), py::arg("first_epoch"), py::arg("l1"),
           py::arg("l2"), py::arg("regularize_biases"), py::arg("shuffle"), py::arg("weighting"),
           py::arg("l2_scale"))
      .def("epochs", &Handle::epochs, py::arg("X"), py::arg("targets"), py::arg("weights"),
           py::arg("max"), py::arg("max_seconds"), py::arg("last_good"), py::arg("losses"),
           py::arg("order") = py::none(), py::arg("lengths") = py::none(),
           py::arg("more_in_first") = 0)
      .def("passes", &Handle::passes, py::arg("X"), py::arg("targets"), py::arg("weights"),
           py::arg("orders"), py::arg("results"), py::arg("lengths") = py::none())
      .def(
          "keep", [](Handle& self, Snapshot<T>& snapshot) { self.trainer().keep(snapshot); },
          py::arg("snapshot"))
      .def(
          "go_back", [](Handle& self, Snapshot<T>& snapshot) { self.trainer().go_back(snapshot); },
          py::arg("snapshot"))
      .def("set_states", &Handle::set_states, py::arg("states"))
      .def("step", &Handle::step, py::arg("X"), py::arg("targets"), py::arg("weights"),
           py::arg("lengths") = py::none())
      .def("forward", &Handle::forward, py::arg("X"), py::arg("lengths") = py::none())
      .def("backward", &Handle::backward, py::arg("output_gradient").noconvert())
      .def("apply", &Handle::apply, py::arg("gradient").noconvert(), py::arg("batch_weight"))
      .def(
          "penalties",
          [](Handle& self, double batch_weight) { return self.trainer().penalties(batch_weight); },
          py::arg("batch_weight"))
      .def("start_epoch", [](Handle& self) { self.trainer().start_epoch(); })
      .def("order", &Handle::order, py::arg("n"))
      .def_property_readonly("n_steps",
                             [](Handle& self) { return self.trainer().optimizer().steps(); })
      .def_property_readonly("can_diverge",
                             [](Handle& self) { return self.trainer().optimizer().can_diverge(); })
      .def_property_readonly("n_evaluations",
                             [](Handle& self) { return self.trainer().optimizer().evaluations(); })
      .def_property_readonly(
          "learning_rate", [](Handle& self) { return self.trainer().optimizer().learning_rate(); })
      .def(
          "scale_learning_rate",
          [](Handle& self, double factor) {
            self.trainer().optimizer().scale_learning_rate(factor);
          },
          py::arg("factor"))
      .def("take_defect", &take_defect<T>)
      .def("is_finite", [](Handle& self) { return self.trainer().is_finite(); })
      .def("swap_in_average", [](Handle& self) { self.trainer().swap_in_average(); })
      .def_property_readonly("iterate", &iterate<T>)
      .def_property(
          "epoch_number", [](Handle& self) { return self.trainer().epoch_number(); },
          [](Handle& self, Index epoch) { self.trainer().set_epoch_number(epoch); })
      .def_property(
          "samples_seen", [](Handle& self) { return self.trainer().samples_seen(); },
          [](Handle& self, Index n) { self.trainer().set_samples_seen(n); })
      .def_property_readonly("state", &state_views<T>)
      .def("state_dict", &state_dict<T>, py::arg("views") = false)
      .def("load_state_dict", &load_state_dict<T>, py::arg("state"));
}

}  // namespace

void bind_trainers(py::module_& float32, py::module_& float64) {
  bind_trainer<float>(float32);
  bind_trainer<double>(float64);
}

}  // namespace fastmlp::bindings
