#include "fastmlp/train/curvature_diagonals.hpp"

#include <Eigen/Core>
#include <cmath>

#include "fastmlp/kernels/rng.hpp"
#include "fastmlp/nn/factor_pass.hpp"
#include "fastmlp/nn/r_passes.hpp"
#include "fastmlp/nn/sample_gradient.hpp"
#include "fastmlp/optim/dense_curvature.hpp"

namespace fastmlp {

constexpr Index kGroups = 8;  // of tiles; each has a sum of its own, added in order
constexpr Index kAll = -1;    // units

// C = S diag(signs) Sᵀ of one node, for each sample of a tile.
struct CurvatureFactors {
  Eigen::MatrixXd signs;           // (columns, samples)
  Eigen::MatrixXd diagonal;        // of S, (units, samples), where units are not coupled
  std::vector<Eigen::MatrixXd> s;  // else S (units, columns) of each sample

  // S t
  Eigen::VectorXd times(const Eigen::VectorXd& t, Index sample) const {
    if (s.empty()) return diagonal.col(sample).cwiseProduct(t);
    return s[static_cast<std::size_t>(sample)] * t;
  }
  // to += a column of S for each sample
  template <class T>
  void add_column(Index column, const MatrixView<T>& to) const {
    for (Index j = 0; j < to.cols; ++j) {
      if (s.empty()) to.row(column)[j] += T(diagonal(column, j));
      for (Index i = 0; i < to.rows && !s.empty(); ++i) {
        to.row(i)[j] += T(s[static_cast<std::size_t>(j)](i, column));
      }
    }
  }
};

template <class T>
struct CurvatureDiagonals<T>::Group {
  CurvatureDiagonals& owner;
  const Point<T>& point;
  Range samples;
  std::vector<double>& sum;
  PanelMatrix<T> a, h, delta;  // of a direction at one node
  Buffer<T> g;

  const Plan<T>& plan() const { return point.plan; }
  Index last() const { return static_cast<Index>(plan().nodes().size()) - 1; }

  // After some operations for each sample of the tile.
  void poll(double operations) {
    owner.f_.team_->poll_interrupt(operations * static_cast<double>(samples.size()));
  }

  // sum += weight(s) g_s² over the samples of the tile.
  template <class F>
  void add_squares(F&& weight) {
    for (Index s = 0; s < samples.size(); ++s) {
      const double factor_of_sample = weight(s);
      if (factor_of_sample == 0) continue;
      sample_gradient(plan(), samples.begin + s, owner.f_.inputs(), point.workspace, g.data());
      for (Index i = 0; i < plan().size(); ++i) {
        const double value = static_cast<double>(g[i]);
        sum[static_cast<std::size_t>(i)] += factor_of_sample * value * value;
      }
      owner.f_.team_->poll_interrupt(4 * plan().operations_per_row());
    }
  }

  // Column j of C at a node, into `delta`: the second derivative along unit vector j, or along the
  // sum of all.
  void curvature_column(Index node, Index j, Curvature kind) {
    const Index units = plan().node(node).rows;
    poll(static_cast<double>(units));
    auto& state = point.workspace.node(node);
    const Range tile{0, samples.size()};
    const MatrixView<T> ra = a.columns(tile), rh = h.columns(tile), rd = delta.columns(tile);
    const MatrixView<T> direction{ra.data, units, ra.cols, ra.stride};
    const MatrixView<T> output{rh.data, units, rh.cols, rh.stride};
    const MatrixView<T> column{rd.data, units, rd.cols, rd.stride};
    for (Index i = 0; i < units; ++i) {
      std::fill_n(direction.row(i), direction.cols, T(i == j || j == kAll));
      std::fill_n(column.row(i), column.cols, T(0));
    }
    const ActivationDerivatives<T> derivatives = owner.linearization_.node(node).columns(samples);
    const MatrixView<T> values = state.h.columns(samples);
    if (node == last()) {
      NetworkObjective<T>& f = owner.f_;
      return r_delta<T>(f.output_loss_, kind, state.a.columns(samples), f.batch_.y(samples), values,
                        f.batch_.scale() + samples.begin, derivatives, direction, output, column,
                        f.output_steps(samples));
    }
    const Activation& phi = plan().node(node).phi;
    r_activate<T>(phi, values, derivatives, direction, output);
    r_differentiate<T>(phi, values, derivatives, direction, output, column);
  }

  // C is diagonal where the units of the node are not coupled.
  CurvatureFactors factorize(Index node, Curvature kind) {
    const Node& of = plan().node(node);
    if (node == last() || couples_units(of.phi)) return factorize_coupled(node, kind);
    curvature_column(node, kAll, kind);
    Eigen::MatrixXd c(of.rows, samples.size());
    for (Index i = 0; i < c.rows(); ++i) {
      for (Index j = 0; j < c.cols(); ++j) c(i, j) = static_cast<double>(*delta.at(i, j));
    }
    return {c.cwiseSign(), c.cwiseAbs().cwiseSqrt(), {}};
  }

  // From eigenvalues.
  CurvatureFactors factorize_coupled(Index node, Curvature kind) {
    const Index units = plan().node(node).rows, n = samples.size();
    CurvatureFactors result{Eigen::MatrixXd::Zero(units, n),
                            {},
                            std::vector<Eigen::MatrixXd>(static_cast<std::size_t>(n),
                                                         Eigen::MatrixXd::Zero(units, units))};
    for (Index j = 0; j < units; ++j) {
      curvature_column(node, j, kind);
      for (Index s = 0; s < n; ++s) {
        for (Index i = 0; i < units; ++i) {
          result.s[static_cast<std::size_t>(s)](i, j) = static_cast<double>(*delta.at(i, s));
        }
      }
    }
    for (Index s = 0; s < n; ++s) {
      Eigen::MatrixXd& c = result.s[static_cast<std::size_t>(s)];
      owner.f_.team_->poll_interrupt(10 * std::pow(static_cast<double>(units), 3));
      const EigenSystem system = eigen_system((c + c.transpose()) / 2);
      c = system.q * system.lambda.cwiseAbs().cwiseSqrt().asDiagonal();
      result.signs.col(s) = system.lambda.cwiseSign();
    }
    return result;
  }

  // All columns of the factors of the last node, or of every node.
  void add_factors(Curvature kind) {
    const Index lowest = kind == Curvature::hessian ? 1 : last();
    for (Index top = last(); top >= lowest; --top) {
      const CurvatureFactors factors = factorize(top, kind);
      for (Index column = 0; column < plan().node(top).rows; ++column) {
        if (factors.signs.row(column).isZero(0)) continue;
        factor_pass<T>(point, samples, top, [&](Index node, const MatrixView<T>& to) {
          if (node == top) factors.add_column(column, to);
        });
        poll(2 * plan().operations_per_row());
        add_squares([&](Index s) { return factors.signs(column, s); });
      }
      const MatrixView<T> finished = point.workspace.node(top).delta.columns(samples);
      for (Index i = 0; i < finished.rows; ++i) std::fill_n(finished.row(i), finished.cols, T(0));
    }
  }

  // Random sums of all columns at once: with xi = ±1 the expectation of g(S xi) g(S diag(signs) xi)
  // is the diagonal. That product is g(S₊ xi)² - g(S₋ xi)², the columns of either sign.
  void add_random_sums(Rng rng, Index draws) {
    std::vector<CurvatureFactors> factors(plan().nodes().size());
    for (Index k = 1; k <= last(); ++k) {
      factors[static_cast<std::size_t>(k)] = factorize(k, Curvature::hessian);
    }
    std::vector<Eigen::MatrixXd> xi(factors.size());
    for (Index draw = 0; draw < draws; ++draw) {
      for (std::size_t k = 1; k < factors.size(); ++k) {
        xi[k] = factors[k].signs.unaryExpr([&](double) { return rng.next() >> 63 ? 1.0 : -1.0; });
      }
      for (const double sign : {1.0, -1.0}) {
        factor_pass<T>(point, samples, last(), [&](Index node, const MatrixView<T>& to) {
          const auto k = static_cast<std::size_t>(node);
          for (Index s = 0; s < to.cols; ++s) {
            const Eigen::ArrayXd chosen = (factors[k].signs.col(s).array() == sign).cast<double>();
            const Eigen::VectorXd t = factors[k].times((chosen * xi[k].col(s).array()).matrix(), s);
            for (Index i = 0; i < to.rows; ++i) to.row(i)[s] += static_cast<T>(t[i]);
          }
        });
        poll(2 * plan().operations_per_row());
        add_squares([&](Index) { return sign / static_cast<double>(draws); });
      }
    }
  }
};

template <class T>
bool CurvatureDiagonals<T>::is_exact(const Plan<T>& plan) {
  std::vector<int> uses(plan.slots().size());
  for (const Term<T>& term : plan.terms()) {
    if (term.slot != kNone && ++uses[static_cast<std::size_t>(term.slot)] > 1) return false;
  }
  return true;
}

template <class T>
void CurvatureDiagonals<T>::compute(Diagonal kind, const T* w, std::uint64_t seed, Index draws,
                                    double* out) {
  const Plan<T>& plan = f_.plan_;
  const Index size = plan.size();
  const bool hessian = kind == Diagonal::hessian || kind == Diagonal::curvature_propagation;
  if (hessian) require_second_derivatives(plan);
  f_.packed_ = nullptr;
  f_.start(w);
  if (samples_ != f_.workspace_.samples) {
    samples_ = 0;
    linearization_ = make_linearization(plan, f_.workspace_.samples);
    samples_ = f_.workspace_.samples;
  }
  Index widest = 0;
  for (const Node& node : plan.nodes()) widest = std::max(widest, node.rows);
  std::vector<std::vector<double>> sums(kGroups,
                                        std::vector<double>(static_cast<std::size_t>(size)));
  for (Index c = 0; c < f_.chunks(); ++c) {
    const Range chunk = f_.chunk(c);
    f_.forward_backward(w, chunk, true, &linearization_);
    const PassContext context = f_.context_of(chunk);
    const Point<T> point{plan, w, context, f_.batch_.x(), f_.workspace_};
    const Index tiles = ceil_div(chunk.size(), kTileColumns<T>);
    f_.team_->parallel_for(kGroups, [&](Index k, int) {
      const PanelMatrix<T> room(widest, kTileColumns<T>);
      Group group{*this, point, {},   sums[static_cast<std::size_t>(k)],
                  room,  room,  room, Buffer<T>(size)};
      for (Index i = k; i < tiles; i += kGroups) {
        group.samples = tile(i, kTileColumns<T>, chunk.size());
        if (kind == Diagonal::squared_gradients) {
          group.add_squares([&](Index s) {
            const auto scale = static_cast<double>(f_.batch_.scale()[group.samples.begin + s]);
            return scale > 0 ? 1 / scale : 0;
          });
        } else if (kind == Diagonal::curvature_propagation) {
          const auto number = static_cast<std::uint32_t>(chunk.begin / kTileColumns<T> + i);
          group.add_random_sums(Rng(seed, Stream::signs, number), draws);
        } else {
          group.add_factors(kind == Diagonal::hessian ? Curvature::hessian
                                                      : Curvature::gauss_newton);
        }
      }
    });
  }
  for (Index i = 0; i < size; ++i) {
    out[i] = 0;
    for (const std::vector<double>& sum : sums) out[i] += sum[static_cast<std::size_t>(i)];
  }
}

template class CurvatureDiagonals<float>;
template class CurvatureDiagonals<double>;

}  // namespace fastmlp
