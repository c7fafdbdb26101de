#include "fastmlp/nn/ensemble.hpp"

#include <cmath>

#include "fastmlp/nn/predict.hpp"

namespace fastmlp {

// By Welford's recurrence (Technometrics 1962): after o_1 … o_k are m_k = m_(k-1) + (o_k - m_(k-1))
// / k and S_k = S_(k-1) + (o_k - m_(k-1)) (o_k - m_k), in double precision.
template <class T>
void predict_ensemble(const std::vector<std::shared_ptr<Network<T>>>& networks,
                      const SampleRows<T>& x, const MatrixView<T>& mean,
                      const MatrixView<T>& deviation, ThreadTeam& team,
                      const std::int64_t* lengths) {
  const Index n = mean.rows * mean.cols;
  Buffer<double> means(n), squares(n);
  std::fill_n(means.data(), n, 0.0);
  std::fill_n(squares.data(), n, 0.0);
  double k = 0;
  for (const auto& network : networks) {
    predict<T>(network->plan(), network->w(), x, mean, team, lengths);
    ++k;
    for (Index i = 0; i < n; ++i) {
      const double change = static_cast<double>(mean.data[i]) - means[i];
      means[i] += change / k;
      squares[i] += change * (static_cast<double>(mean.data[i]) - means[i]);
    }
  }
  for (Index i = 0; i < n; ++i) {
    mean.data[i] = static_cast<T>(means[i]);
    deviation.data[i] = static_cast<T>(std::sqrt(squares[i] / (k - 1)));
  }
}

template void predict_ensemble(const std::vector<std::shared_ptr<Network<float>>>&,
                               const SampleRows<float>&, const MatrixView<float>&,
                               const MatrixView<float>&, ThreadTeam&, const std::int64_t*);
template void predict_ensemble(const std::vector<std::shared_ptr<Network<double>>>&,
                               const SampleRows<double>&, const MatrixView<double>&,
                               const MatrixView<double>&, ThreadTeam&, const std::int64_t*);

}  // namespace fastmlp
