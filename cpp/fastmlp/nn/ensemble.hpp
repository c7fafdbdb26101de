// The outputs of several networks together.
#pragma once

#include "fastmlp/kernels/sample_rows.hpp"
#include "fastmlp/nn/network.hpp"

namespace fastmlp {

// Mean and standard deviation (n, n_out) of the outputs of K >= 2 networks, which have inputs and
// outputs of one shape; the divisor of the variance is K - 1.
template <class T>
void predict_ensemble(const std::vector<std::shared_ptr<Network<T>>>& networks,
                      const SampleRows<T>& x, const MatrixView<T>& mean,
                      const MatrixView<T>& deviation, ThreadTeam& team,
                      const std::int64_t* lengths = nullptr);

}  // namespace fastmlp
