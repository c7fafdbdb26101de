// The gradient by the parameters from one by the outputs.
#pragma once

#include "fastmlp/train/network_objective.hpp"
#include "numpy.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {

// The flat gradient of sum(outputs * output_gradient) by passes of the objective, in evaluation
// mode; after(n) is called while it still has those of the n samples.
template <class T, class F>
Array<T> gradient_of_outputs(NetworkObjective<T>& objective, const Network<T>& network,
                             const py::object& x, const Array<T>& output_gradient,
                             const py::object& lengths, F&& after) {
  InputRows<T> input(x, network.plan().inputs());
  input.hold();
  const SampleRows<T>& rows = input.rows();
  const MemoryLease lease(output_gradient);
  const MatrixView<const T> upstream =
      rows_of(output_gradient, network.plan().outputs(), "output_gradient");
  require(upstream.rows == rows.rows && rows.rows > 0,
          "backward: expected as many rows of output_gradient as of X, at least one");
  const std::int64_t* steps = lengths_of(lengths, rows.rows);
  Array<T> gradient(network.size());
  T* g = gradient.mutable_data();
  run({step_operations(network, rows.rows)}, [&](ThreadTeam& team) {
    objective.set_team(team);
    Matrix<T> outputs(rows.rows, network.plan().outputs());
    objective.forward(network.w(), rows, outputs.view(), steps);
    objective.backward(network.w(), upstream, g);
    after(rows.rows);
  });
  return gradient;
}

}  // namespace fastmlp::bindings
