// Benchmark of the kernels on one thread: products of dense layers compared with Eigen and with the
// rate of multiply-adds, then functions, transposition, sums and random numbers.
// Usage: fastmlp_kernels [--quick] [--json FILE]

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/kernels/math.hpp"
#include "fastmlp/kernels/random.hpp"
#include "fastmlp/kernels/transpose.hpp"
#include "report.hpp"

using namespace fastmlp;

namespace {

template <class T>
using EigenMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Shape {
  Index batch, inputs, outputs;
  bool packed = false;

  double flops() const { return 2.0 * static_cast<double>(batch * inputs * outputs); }
  std::string text() const {
    return std::to_string(batch) + ": " + std::to_string(inputs) + "x" + std::to_string(outputs) +
           (packed ? " packed" : "");
  }
};

template <class T>
PanelMatrix<T> panels(const EigenMatrix<T>& m) {
  PanelMatrix<T> result(m.rows(), m.cols());
  for (Index i = 0; i < m.rows(); ++i) result.set_row(i, m.data() + i * m.cols(), m.cols());
  return result;
}

// Operand A in panels of `height` rows, `distance` apart.
template <class T>
struct OperandA {
  StridedOperand<T> first;
  Index height, distance = 0;
};

// Operand A of the transpose's panels.
template <class T>
OperandA<T> packed(const PackedMatrix<T>& at) {
  return {{at.at(0, 0), 1, kMR}, kMR, at.panels().panel};
}

// C (m, n) = A (m, k) B (k, n), one panel of samples at a time.
template <class T>
void multiply(Index m, Index n, Index k, OperandA<T> a, PanelMatrix<T>& b, PanelMatrix<T>& c) {
  for (Index j = 0; j < n; j += kNR<T>) {
    const Range samples{j, std::min(n, j + kNR<T>)};
    const MatrixView<T> from = b.columns(samples), to = c.columns(samples);
    StridedOperand<T> panel = a.first;
    for (Index i = 0; i < m; i += a.height, panel.data += a.distance) {
      gemm(std::min(a.height, m - i), to.cols, k, panel, {from.data, from.stride}, to.row(i),
           to.stride);
    }
  }
}

template <class F, class Expected>
void check(const Expected& expected, F element) {
  for (Index i = 0; i < expected.rows(); ++i) {
    for (Index j = 0; j < expected.cols(); ++j) {
      const double error = static_cast<double>(element(i, j) - expected(i, j));
      if (!(std::abs(error) < 1e-3)) throw std::runtime_error("the product differs from Eigen's");
    }
  }
}

// A (n_out, n) = W X
template <class T>
void forward(Report& report, const Shape& s, const EigenMatrix<T>& w, const EigenMatrix<T>& x) {
  PackedMatrix<T> copy(s.inputs, s.outputs);
  pack_transposed(0, {w.data(), s.outputs, s.inputs, s.inputs}, copy);
  const OperandA<T> left =
      s.packed ? packed(copy) : OperandA<T>{{w.data(), s.inputs, 1}, s.outputs};
  auto from = panels(x);
  PanelMatrix<T> to(s.outputs, s.batch);
  EigenMatrix<T> a(s.outputs, s.batch);
  time_product<T>(
      report, "forward", s.text(), s.flops(),
      [&] { multiply(s.outputs, s.batch, s.inputs, left, from, to); },
      [&] { a.noalias() = w * x; });
  check(a, [&](Index i, Index j) { return *to.at(i, j); });
}

// dL/dX (n_in, n) = Wᵀ delta
template <class T>
void backward(Report& report, const Shape& s, const EigenMatrix<T>& w,
              const EigenMatrix<T>& delta) {
  PackedMatrix<T> copy(s.outputs, s.inputs);
  pack_rows(0, {w.data(), s.outputs, s.inputs, s.inputs}, copy);
  const OperandA<T> left = s.packed ? packed(copy) : OperandA<T>{{w.data(), 1, s.inputs}, s.inputs};
  auto from = panels(delta);
  PanelMatrix<T> to(s.inputs, s.batch);
  EigenMatrix<T> dx(s.inputs, s.batch);
  time_product<T>(
      report, "backward", s.text(), s.flops(),
      [&] { multiply(s.inputs, s.batch, s.outputs, left, from, to); },
      [&] { dx.noalias() = w.transpose() * delta; });
  check(dx, [&](Index i, Index j) { return *to.at(i, j); });
}

// Rows of dW per call, as in a training step.
Index part_rows(const Shape& s) {
  const Index rows = std::max(s.packed ? kPackedBlockRows : kMR, kGradientBlockElements / s.inputs);
  return ceil_div(s.outputs, ceil_div(s.outputs, rows));
}

// dW (n_out, n_in) = delta Xᵀ
template <class T>
void gradient(Report& report, const Shape& s, const EigenMatrix<T>& x,
              const EigenMatrix<T>& delta) {
  const EigenMatrix<T> xt = x.transpose();
  const auto samples = panels(xt), left = panels(delta);
  const PanelView<T> a = left.panels();
  const Index rows = part_rows(s);
  Buffer<T> g(s.outputs * s.inputs);
  EigenMatrix<T> dw(s.outputs, s.inputs);
  const auto blocks = [&] {
    for (Index i = 0; i < s.outputs; i += rows) {
      gemm(std::min(rows, s.outputs - i), s.inputs, s.batch, {left.at(i, 0), a.row, 1, a.panel},
           samples.panels(), g.data() + i * s.inputs, s.inputs);
    }
  };
  time_product<T>(report, "gradient", s.text(), s.flops(), blocks,
                  [&] { dw.noalias() = delta * xt; });
  check(dw, [&](Index i, Index j) { return g[i * s.inputs + j]; });
}

template <class T>
void products(Report& report) {
  for (const Shape& s : {Shape{10, 2, 8},
                         {10, 8, 8},
                         {32, 64, 64},
                         {32, 64, 10},
                         {64, 64, 64},
                         {128, 784, 128},
                         {128, 128, 10},
                         {200, 100, 100},
                         {256, 100, 256},
                         {256, 256, 256},
                         {256, 256, 1},
                         {512, 1024, 2048, true}}) {
    const EigenMatrix<T> w = EigenMatrix<T>::Random(s.outputs, s.inputs),
                         x = EigenMatrix<T>::Random(s.inputs, s.batch),
                         delta = EigenMatrix<T>::Random(s.outputs, s.batch);
    forward(report, s, w, x);
    backward(report, s, w, delta);
    gradient(report, s, x, delta);
  }
}

template <class T, class F>
void function(Report& report, const char* name, double low, double high, F f) {
  constexpr Index n = 2048;
  Buffer<T> x(n), y(n);
  const double width = (high - low) / static_cast<double>(n);
  for (Index i = 0; i < n; ++i) {
    x[i] = static_cast<T>(low + width * (static_cast<double>(i) + 0.5));
  }
  time_elements(report, name, kName<T>, "2048", n, [&] {
    for (Index i = 0; i < n; i += kLanes<T>) store(y.data() + i, f(load(x.data() + i)));
  });
}

template <class T>
void functions(Report& report) {
  function<T>(report, "exp", -8, 8, [](auto x) { return fastmlp::exp(x); });
  function<T>(report, "log", 0, 8, [](auto x) { return fastmlp::log(x); });
  function<T>(report, "tanh", -8, 8, [](auto x) { return fastmlp::tanh(x); });
  function<T>(report, "sigmoid", -8, 8, [](auto x) { return sigmoid(x); });
  function<T>(report, "normal_cdf", -8, 8, [](auto x) { return normal_cdf(x); });
  function<T>(report, "softplus", -8, 8, [](auto x) { return softplus(x); });
}

template <class T>
void panel_kernels(Report& report) {
  constexpr Index rows = 64, cols = 256;
  const EigenMatrix<T> values = EigenMatrix<T>::Random(rows, cols);
  const auto from = panels(values);
  PanelMatrix<T> to(cols, rows);
  Buffer<T> sums(rows);
  time_elements(report, "transpose", kName<T>, "64x256", rows * cols,
                [&] { transpose(from.panels(), {0, rows}, {0, cols}, to); });
  time_elements(report, "sum_columns", kName<T>, "64x256", rows * cols,
                [&] { sum_columns(rows, cols, from.panels(), sums.data()); });
}

template <class T>
void normals(Report& report) {
  const SampleKey key{1, 2, 3, 4};
  std::uint32_t group = 0;
  T out[kWords][kSampleLanes];
  time_elements(report, "random_normals", kName<T>, "8x16", kWords * kSampleLanes,
                [&] { random_normals(key, group++, out); });
}

void words(Report& report) {
  const SampleKey key{1, 2, 3, 4};
  std::uint32_t group = 0;
  SampleWords out;
  time_elements(report, "random_words", "uint32", "8x16", kWords * kSampleLanes,
                [&] { random_words(key, group++, out); });
}

template <class T>
void all_kernels(Report& report) {
  products<T>(report);
  functions<T>(report);
  panel_kernels<T>(report);
  normals<T>(report);
}

}  // namespace

int main(int argc, char** argv) {
  Report report;
  const char* json = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--quick") {
      report.effort = {1, 0, 2000};
    } else if (option == "--json" && i + 1 < argc) {
      json = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--json FILE]\n", argv[0]);
      return 2;
    }
  }
  all_kernels<float>(report);
  all_kernels<double>(report);
  words(report);
  print_table(report);
  if (json) write_json(report, json);
}
