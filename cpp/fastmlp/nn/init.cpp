#include "fastmlp/nn/init.hpp"

#include <Eigen/QR>
#include <algorithm>

namespace fastmlp {
namespace {

constexpr Index kDrawsPerPoll = 4096;
constexpr double kOperationsPerDraw = 100;

template <class Draw>
void fill_with(Index count, double* w, ThreadTeam& team, Draw&& draw) {
  for (Index begin = 0; begin < count; begin += kDrawsPerPoll) {
    team.poll_interrupt(kOperationsPerDraw * kDrawsPerPoll);
    std::generate(w + begin, w + std::min(count, begin + kDrawsPerPoll), draw);
  }
}

// Q (n, m), m <= n, of the QR factors of a (n, m), which receives R and the reflectors. These are
// the blocks of Eigen's HouseholderQR and HouseholderSequence, with polls between them.
class BlockedQR {
 public:
  BlockedQR(Eigen::MatrixXd& a, ThreadTeam& team)
      : a_(a), coefficients_(a.cols()), workspace_(a.cols()), team_(team) {}

  Eigen::MatrixXd q() {
    const Index n = a_.rows(), m = a_.cols(), width = std::min(kBlock, m);
    for (Index k = 0; k < m; k += width) factor({k, std::min(m, k + width)});
    if (m < kBlock) {
      return Eigen::householderSequence(a_, coefficients_) * Eigen::MatrixXd::Identity(n, m);
    }
    Eigen::MatrixXd q = Eigen::MatrixXd::Identity(n, m);
    const Index step = m < 2 * kBlock ? (m + 1) / 2 : kBlock;
    for (Index end = m; end > 0; end -= step) apply({std::max<Index>(0, end - step), end}, q);
    return q;
  }

 private:
  using Block = Eigen::Block<Eigen::MatrixXd, Eigen::Dynamic, Eigen::Dynamic>;
  static constexpr Index kBlock = 48;

  void poll(const Block& target, Index reflectors) {
    team_.poll_interrupt(4.0 * static_cast<double>(target.size()) *
                         static_cast<double>(reflectors));
  }

  // The reflectors of some columns, applied to the columns after them.
  void factor(Range columns) {
    const Index k = columns.begin, size = columns.size(), rows = a_.rows() - k;
    Block panel = a_.block(k, k, rows, size);
    auto tau = coefficients_.segment(k, size);
    Eigen::internal::householder_qr_inplace_unblocked(panel, tau, workspace_.data());
    Block rest = a_.block(k, columns.end, rows, a_.cols() - columns.end);
    poll(rest, size);
    if (rest.cols() > 0) {
      Eigen::internal::apply_block_householder_on_the_left(rest, panel, tau, false);
    }
  }

  // q <- H q for the reflectors of some columns; below and right of them a square q is I.
  void apply(Range columns, Eigen::MatrixXd& q) {
    const Index k = columns.begin, rows = q.rows() - k;
    const Index first = q.rows() == q.cols() ? k : 0;
    Block target = q.block(k, first, rows, q.cols() - first);
    const Block panel = a_.block(k, k, rows, columns.size());
    poll(target, columns.size());
    Eigen::internal::apply_block_householder_on_the_left(
        target, panel, coefficients_.segment(k, columns.size()), true);
  }

  Eigen::MatrixXd& a_;
  Eigen::VectorXd coefficients_;
  Eigen::RowVectorXd workspace_;
  ThreadTeam& team_;
};

}  // namespace

void IndependentInit::uniform(double limit, Index count, Rng& rng, double* w, ThreadTeam& team) {
  fill_with(count, w, team, [&] { return limit * (2.0 * rng.uniform() - 1.0); });
}

void IndependentInit::normal(double stddev, Index count, Rng& rng, double* w, ThreadTeam& team) {
  fill_with(count, w, team, [&] { return stddev * rng.normal(); });
}

// Q of the QR factors of a Gaussian matrix, columns signed by R's diagonal: uniform over orthogonal
// matrices (Mezzadri 2007).
void Orthogonal::fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
  const auto [n_in, n_out, fan_out] = shape;
  const Index longer = std::max(n_in, n_out), shorter = std::min(n_in, n_out);
  Eigen::MatrixXd factors(longer, shorter);
  IndependentInit::normal(1.0, factors.size(), rng, factors.data(), team);
  Eigen::MatrixXd q = BlockedQR(factors, team).q();
  for (Index j = 0; j < shorter; ++j) q.col(j) *= factors(j, j) < 0.0 ? -gain : gain;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<RowMajor> weights(w, n_out, n_in);
  if (n_out == longer) {
    weights = q;
  } else {
    weights = q.transpose();
  }
}

}  // namespace fastmlp
