// Activations whose value and derivative share work: both are computed in the forward pass.
#include "fastmlp/nn/passes.hpp"
#include "members.hpp"
#include "objective_problem.hpp"

using namespace fastmlp;

namespace {

template <class T>
bool same_numbers(const MatrixView<T>& a, const MatrixView<T>& b) {
  for (Index i = 0; i < a.rows; ++i) {
    for (Index j = 0; j < a.cols; ++j) {
      const bool both_nan = std::isnan(a.row(i)[j]) && std::isnan(b.row(i)[j]);
      if (!both_nan && !same_bits(a.row(i) + j, b.row(i) + j, 1)) return false;
    }
  }
  return true;
}

// Numbers of all sizes, and the special ones.
template <class T>
std::vector<T> arguments() {
  std::vector<T> a = uniform<T>(2000, 4, -8, 8);
  for (const T size : {T(1e-30), T(1e-3), T(50), T(1e4), T(1e30)}) {
    for (const T value : uniform<T>(100, 5)) a.push_back(value * size);
  }
  for (const T value : {T(0), T(-0.0), kInfinity<T>, -kInfinity<T>, kNan<T>}) a.push_back(value);
  return a;
}

}  // namespace

TEST_CASE_TEMPLATE("value and slope together have the bits of value and derivative", T, float,
                   double) {
  int shared = 0;
  for (const Activation& phi : activations()) {
    if (!shares_work(phi)) continue;
    ++shared;
    CAPTURE(key(phi));
    const std::vector<T> numbers = arguments<T>();
    Matrix<T> a = column(numbers), h(a), expected(a), g = column(std::vector<T>(numbers.size(), 1));
    Matrix<T> slope(a);
    activate<T>(phi, a.view(), expected.view());
    differentiate<T>(phi, a.view(), expected.view(), g.view());
    activate_with_slope<T>(phi, slope.view(), h.view());
    CHECK(same_numbers(h.view(), expected.view()));
    CHECK(same_numbers(slope.view(), g.view()));
    const Matrix<T> before = column(uniform<T>(static_cast<Index>(numbers.size()), 6));
    Matrix<T> from_a(before), from_slope(before);
    differentiate<T>(phi, a.view(), h.view(), from_a.view());
    differentiate<T>(phi, slope.view(), h.view(), from_slope.view(), true);
    CHECK(same_numbers(from_slope.view(), from_a.view()));
  }
  CHECK(shared == 4);
}

TEST_CASE_TEMPLATE("passes that keep slopes leave the same deltas, and a at the output", T, float,
                   double) {
  const auto first = dense(40, GELU{});
  const Network<T> network(6,
                           {first, dense(6, Mish{}), skip(nullptr), tied(first, SiLU{}, false),
                            dense(33, Sine{}), dense(3, Softplus{})},
                           5);
  const Plan<T>& plan = network.plan();
  constexpr Index n = kNR<T> - 1;  // of one panel
  PanelMatrix<T> x(6, n);
  const std::vector<T> numbers = uniform<T>(6 * n, 3);
  for (Index i = 0; i < 6 * n; ++i) *x.at(i / n, i % n) = numbers[static_cast<std::size_t>(i)];
  ThreadTeam team;
  const PassContext context{&team};
  Workspace<T> plain = make_workspace(plan, n, true, false);
  Workspace<T> keeping = make_workspace(plan, n, true, false);
  keeping.keeps_slopes = true;
  for (Workspace<T>* workspace : {&plain, &keeping}) {
    const Point<T> point{plan, network.w(), context, x, *workspace};
    copy<const T>(forward(point, {0, n}), workspace->output().delta.columns({0, n}));
    backward(point, {0, n});
  }
  for (Index i = 1; i < static_cast<Index>(plan.nodes().size()); ++i) {
    CAPTURE(i);
    const auto of = [&](PanelMatrix<T>& m) { return m.columns({0, n}); };
    auto &a = plain.node(i), &b = keeping.node(i);
    CHECK(same_numbers(of(a.h), of(b.h)));
    CHECK(same_numbers(of(a.delta), of(b.delta)));
    if (!plan.node(i).stores_preactivation) continue;
    const bool last = i + 1 == static_cast<Index>(plan.nodes().size());
    const bool keeps = shares_work(plan.node(i).phi) && !last;
    CHECK(same_numbers(of(a.a), of(b.a)) == !keeps);
    if (!keeps) continue;
    const MatrixView<T> slope = of(a.delta);
    for (Index r = 0; r < slope.rows; ++r) std::fill_n(slope.row(r), n, T(1));
    differentiate_node(plan, i, {0, n}, plain, slope);
    CHECK(same_numbers(of(b.a), slope));
  }
}
