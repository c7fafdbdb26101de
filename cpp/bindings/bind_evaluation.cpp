#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/train/network_objective.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// The loss of samples, asked for again and again while a network is trained: what it works with is
// made once.
template <class T>
class RepeatedLoss {
 public:
  RepeatedLoss(std::shared_ptr<Network<T>> network, const py::object& x, const py::object& targets,
               const py::object& weights, const py::object& lengths, const Loss& loss)
      : network_(std::move(network)),
        leased_(x, targets, weights, lengths, *network_, loss),
        objective_(network_->plan(), loss) {
    objective_.set_exact(leased_.data().size() < kMinBf16Samples);
  }

  double value() {
    const Index n = leased_.data().size();
    double value = 0;
    run({forward_operations(*network_, n)}, [&](ThreadTeam& team) {
      objective_.set_team(team);
      objective_.invalidate_data();
      objective_.select(leased_.data(), {}, n);
      value = objective_.value(network_->w());
    });
    return value;
  }

 private:
  std::shared_ptr<Network<T>> network_;
  LeasedDataset<T> leased_;
  NetworkObjective<T> objective_;
};

template <class T>
py::cpp_function repeated_loss(std::shared_ptr<Network<T>> network, const py::object& x,
                               const py::object& targets, const py::object& weights,
                               const py::object& lengths, const Loss& loss) {
  const auto repeated =
      std::make_shared<RepeatedLoss<T>>(std::move(network), x, targets, weights, lengths, loss);
  return [repeated] { return repeated->value(); };
}

template <class T>
void bind_evaluation(py::module_& m) {
  m.def("repeated_loss", &repeated_loss<T>, py::arg("network"), py::arg("X"), py::arg("targets"),
        py::arg("weights"), py::arg("lengths"), py::arg("loss"),
        "A function of the mean loss at the present parameters, for one thread at a time.");
}

}  // namespace

void bind_evaluations(py::module_& float32, py::module_& float64) {
  bind_evaluation<float>(float32);
  bind_evaluation<double>(float64);
}

}  // namespace fastmlp::bindings
