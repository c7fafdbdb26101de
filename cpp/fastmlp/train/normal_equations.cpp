#include "fastmlp/train/normal_equations.hpp"

#include <Eigen/Core>
#include <cmath>

#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/sample_gradient.hpp"

namespace fastmlp {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Index kBlockElements = Index{1} << 21;  // of J at a time: 16 MB
constexpr Index kNormalRows = 64;                 // of JᵀJ, the work of one thread

}  // namespace

template <class T>
void NormalEquations<T>::compute(const T* w, double* normal, double* g) {
  require(std::holds_alternative<SquaredError>(f_.output_loss_.loss),
          "LevenbergMarquardt: the loss is not a sum of squares, expected squared_error; for "
          "another loss use LBFGS or HessianFree");
  const Index size = f_.plan_.trained_size(), outputs = f_.plan_.outputs();
  const Index width = kTileColumns<T>;
  const Index elements = std::max<Index>(1, size * outputs * width);
  const Index block = std::max<Index>(1, kBlockElements / elements) * width;
  gradients_.resize(static_cast<std::size_t>(f_.team_->size()));
  for (Buffer<T>& buffer : gradients_) {
    if (buffer.size() != f_.size()) buffer = Buffer<T>(f_.size());
  }
  f_.packed_ = nullptr;
  f_.start(w);
  bool first = true;
  for (Index c = 0; c < f_.chunks(); ++c) {
    const Range chunk = f_.chunk(c);
    f_.forward_backward(w, chunk, false);
    for (Index begin = 0; begin < chunk.size(); begin += block) {
      const Range samples{begin, std::min(begin + block, chunk.size())};
      const Index rows = samples.size() * outputs;
      jacobian_.resize(static_cast<std::size_t>(rows * size));
      residuals_.resize(static_cast<std::size_t>(rows));
      fill_rows(w, chunk, samples);
      add_rows(rows, first, normal, g);
      first = false;
    }
  }
}

// Rows (sample, output) of J and r, each times sqrt(w_i terms_ik / sum w); 0 after the end of a
// sequence.
template <class T>
void NormalEquations<T>::fill_rows(const T* w, Range chunk, Range samples) {
  const Index size = f_.plan_.trained_size(), outputs = f_.plan_.outputs();
  const Index width = kTileColumns<T>;
  const PassContext context = f_.context_of(chunk);
  const Point<T> point{f_.plan_, w, context, f_.batch_.x(), f_.workspace_};
  auto& output = f_.workspace_.output();
  f_.team_->parallel_for(ceil_div(samples.size(), width), [&](Index k, int thread) {
    T* g = gradients_[static_cast<std::size_t>(thread)].data();
    Range t = tile(k, width, samples.size());
    t = {samples.begin + t.begin, samples.begin + t.end};
    const MatrixView<T> h = output.h.columns(t), delta = output.delta.columns(t);
    const MatrixView<T> y = f_.batch_.y(t);
    const OutputSteps<T> steps = f_.output_steps(t);
    for (Index j = 0; j < outputs; ++j) {
      for (Index i = 0; i < outputs; ++i) std::fill_n(delta.row(i), t.size(), T(i == j));
      differentiate<T>(f_.plan_.output(), output.a.columns(t), h, delta);
      backward(point, t);
      for (Index s = 0; s < t.size(); ++s) {
        const Index row = (t.begin + s - samples.begin) * outputs + j;
        double* to = jacobian_.data() + row * size;
        const MatrixView<const T>& terms = steps.terms;
        const T factor = terms.data ? terms.row(j * terms.rows / outputs)[s] : T(1);
        if (!(factor > 0) || !steps.counts(j * steps.count / outputs, s)) {
          residuals_[static_cast<std::size_t>(row)] = 0;
          std::fill_n(to, size, 0.0);
          continue;
        }
        sample_gradient(f_.plan_, t.begin + s, f_.inputs(), f_.workspace_, g);
        const double root = std::sqrt(static_cast<double>(factor * f_.batch_.scale()[t.begin + s]));
        const double e = static_cast<double>(h.row(j)[s]) - static_cast<double>(y.row(j)[s]);
        residuals_[static_cast<std::size_t>(row)] = root * e;
        f_.plan_.for_trained([&](Range range) {
          for (Index i = range.begin; i < range.end; ++i) *to++ = root * static_cast<double>(g[i]);
        });
      }
    }
  });
}

// Rows of the triangle are divided among the threads; each is a product of fixed shape, so no
// result depends on their number.
template <class T>
void NormalEquations<T>::add_rows(Index rows, bool first, double* normal, double* g) {
  const Index size = f_.plan_.trained_size();
  const Eigen::Map<const RowMajor> j(jacobian_.data(), rows, size);
  const Eigen::Map<const Eigen::VectorXd> r(residuals_.data(), rows);
  Eigen::Map<RowMajor> sum(normal, size, size);
  Eigen::Map<Eigen::VectorXd> gradient(g, size);
  f_.team_->parallel_for(ceil_div(size, kNormalRows), [&](Index k, int) {
    const Range range = tile(k, kNormalRows, size);
    const auto columns = j.middleCols(range.begin, range.size());
    auto to = sum.block(range.begin, 0, range.size(), range.end);
    if (first) {
      to.noalias() = columns.transpose() * j.leftCols(range.end);
      gradient.segment(range.begin, range.size()).noalias() = columns.transpose() * r;
    } else {
      to.noalias() += columns.transpose() * j.leftCols(range.end);
      gradient.segment(range.begin, range.size()).noalias() += columns.transpose() * r;
    }
    f_.team_->poll_interrupt(2.0 * static_cast<double>(rows) *
                             static_cast<double>(range.size() * range.end));
  });
}

template class NormalEquations<float>;
template class NormalEquations<double>;

}  // namespace fastmlp
