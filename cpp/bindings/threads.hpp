// Number of threads of a call, determined in the bindings and passed to the core.
#pragma once

#include <functional>

#include "fastmlp/base/parallel.hpp"
#include "fastmlp/base/tuning.hpp"
#include "fastmlp/kernels/team_costs.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// The minimum of: the limit of fm.threads or else of set_num_threads, OpenMP's maximum as the
// calling thread sees it (which threadpoolctl and joblib set), the processors that this process may
// run on, and its CPU limit by control group.
int available_threads();

// Those that the work is worth.
int threads_for(const Work& work);
// True while a test fixes the number of threads.
bool threads_are_forced();

// Other Python threads run during the work; during work of some microseconds they wait.
inline bool releases_gil(const Work& work) {
  return work.operations_per_round * work.rounds >= kMinOperationsWithoutGil;
}

// Runs body(team) on as many threads as the work is worth, without the GIL unless that is not
// worth it, or where it `waits` for others.
using TeamWork = std::function<void(ThreadTeam&)>;
void run(const Work& work, const TeamWork& body);
void run(const Work& work, const TeamWork& body, const InterruptCheck& check, bool waits);
// The same on this thread alone.
void run_alone(const TeamWork& body, const Work& work = {kMinOperationsWithoutGil});

// Operations of a pass over n rows: forward only, or with both products of the backward pass.
template <class N>
double forward_operations(const N& network, Index n) {
  return network.plan().operations_per_row() * static_cast<double>(n);
}
template <class N>
double step_operations(const N& network, Index n) {
  return 3 * forward_operations(network, n);
}

}  // namespace fastmlp::bindings
