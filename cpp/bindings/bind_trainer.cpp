#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "trainer_handle.hpp"

namespace fastmlp::bindings {
namespace {

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

// Counters, the learning rate, and the state.
template <class T, class C>
void bind_progress(C& trainer) {
  using Handle = TrainerHandle<T>;
  trainer.def("start_epoch", [](Handle& self) { self.trainer().start_epoch(); })
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
      .def_property_readonly("mistakes", [](Handle& self) { return self.trainer().mistakes(); })
      .def("is_finite", [](Handle& self) { return self.trainer().is_finite(); })
      .def("swap_in_average", &Handle::swap_in_average)
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

template <class T>
void bind_trainer(py::module_& m) {
  using Handle = TrainerHandle<T>;
  bind_resource<Snapshot<T>>(m, "Snapshot", "Parameters and optimizer state that a run returns to.")
      .def(py::init<>());
  auto trainer =
      bind_resource<Handle>(m, "Trainer", "Trains one network with one optimizer.")
          .def(py::init(&make_trainer<T>), py::arg("network"), py::arg("loss"),
               py::arg("optimizer"), py::arg("batch_size"), py::arg("seed"), py::arg("first_epoch"),
               py::arg("l1"), py::arg("l2"), py::arg("regularize_biases"), py::arg("shuffle"),
               py::arg("weighting"), py::arg("l2_scale"))
          .def("epochs", &Handle::epochs, py::arg("X"), py::arg("targets"), py::arg("weights"),
               py::arg("max"), py::arg("max_seconds"), py::arg("last_good"), py::arg("losses"),
               py::arg("order") = py::none(), py::arg("lengths") = py::none(),
               py::arg("more_in_first") = 0, py::arg("progress") = py::none())
          .def("observed_epochs", &Handle::observed_epochs, py::arg("X"), py::arg("targets"),
               py::arg("weights"), py::arg("max"), py::arg("max_seconds"), py::arg("last_good"),
               py::arg("observe"), py::arg("lengths") = py::none(),
               py::arg("progress") = py::none())
          .def("settle", &Handle::settle, py::arg("last_good"), py::arg("others_follow"))
          .def("passes", &Handle::passes, py::arg("X"), py::arg("targets"), py::arg("weights"),
               py::arg("orders"), py::arg("results"), py::arg("lengths") = py::none())
          .def("keep", &Handle::keep, py::arg("snapshot"))
          .def("go_back", &Handle::go_back, py::arg("snapshot"))
          .def("set_states", &Handle::set_states, py::arg("states"))
          .def("step", &Handle::step, py::arg("X"), py::arg("targets"), py::arg("weights"),
               py::arg("lengths") = py::none())
          .def("gradient", &Handle::gradient, py::arg("X"), py::arg("targets"), py::arg("weights"),
               py::arg("lengths") = py::none())
          .def("set_shard", &Handle::set_shard, py::arg("n"), py::arg("rows").noconvert(),
               py::arg("weighted"), py::arg("sum"))
          .def("forward", &Handle::forward, py::arg("X"), py::arg("lengths") = py::none(),
               py::arg("offsets") = py::none())
          .def("backward", &Handle::backward, py::arg("output_gradient").noconvert())
          .def("apply", &Handle::apply, py::arg("gradient").noconvert(), py::arg("batch_weight"))
          .def(
              "penalties",
              [](Handle& self, double batch_weight) {
                return self.trainer().penalties(batch_weight);
              },
              py::arg("batch_weight"));
  bind_progress<T>(trainer);
}

}  // namespace

void bind_trainers(py::module_& float32, py::module_& float64) {
  bind_trainer<float>(float32);
  bind_trainer<double>(float64);
}

}  // namespace fastmlp::bindings
