#include "fastmlp/kernels/gemm.hpp"
#include "fastmlp/nn/dense.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

struct Shape {
  Index inputs, outputs, rows;
  bool bias;
};

// Few rows and many, ragged and whole packs, wide enough (4 KB) for panels on either side.
const Shape kShapes[] = {{1, 1, 1, true},      {3, 5, 4, true},     {3, 5, 9, false},
                         {7, 33, 32, true},    {64, 10, 33, true},  {300, 70, 12, true},
                         {1030, 40, 9, true},  {40, 1030, 9, true}, {17, 65, 7, false},
                         {1030, 1030, 8, true}};

template <class T>
struct Passes {
  explicit Passes(const Shape& shape)
      : layer(shape.inputs, {shape.outputs, Identity{}, shape.bias, GlorotUniform{}}, 3),
        w(layer.parameters().end),
        x(shape.rows, shape.inputs),
        tape(layer.make_tape(shape.rows, {true, true})) {
    const std::vector<T> values = integers<T>(w.size(), 1);
    std::copy(values.begin(), values.end(), w.data());
    fill(x.block(), 2);
    fill(tape.delta.block(), 3);
    for (Index i = 0; i < layer.parts(); ++i) layer.pack(i, w.data(), shape.rows, tape);
    if (!tape.delta_panels.empty()) tape.delta_panels.copy_rows(tape.delta.block(), 0);
  }
  static void fill(Block<T> block, std::uint64_t seed) {
    const std::vector<T> values = integers<T>(block.rows * block.cols, seed);
    for (Index i = 0; i < block.rows; ++i)
      std::copy_n(values.data() + i * block.cols, block.cols, block.row(i));
  }
  T weight(Index i, Index j) const { return w[layer.weights().begin + i * layer.inputs() + j]; }

  Dense<T> layer;
  Buffer<T> w;
  Matrix<T> x;
  Tape<T> tape;
};

}  // namespace

TEST_CASE_TEMPLATE("forward is a = W h + b, backward Wᵀ delta, the gradient delta hᵀ", T, float,
                   double) {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.inputs);
    CAPTURE(shape.outputs);
    CAPTURE(shape.rows);
    Passes<T> pass(shape);
    const Dense<T>& layer = pass.layer;
    const Index rows = shape.rows, inputs = shape.inputs, outputs = shape.outputs;
    const Block<const T> x = pass.x.block(), delta = pass.tape.delta.block();
    Matrix<T> a(rows, outputs), below(rows, inputs);
    layer.combine(pass.w.data(), rows, {}, {0, rows}, x, pass.tape, a.block());
    layer.backward(pass.w.data(), rows, {0, rows}, pass.tape, below.block());

    Index wrong = 0;
    for (Index r = 0; r < rows; ++r) {
      for (Index i = 0; i < outputs; ++i) {
        T sum = shape.bias ? pass.w[layer.biases().begin + i] : T(0);
        for (Index j = 0; j < inputs; ++j) sum += pass.weight(i, j) * x.row(r)[j];
        wrong += a.block().row(r)[i] != sum;
      }
      for (Index j = 0; j < inputs; ++j) {
        T sum = 0;
        for (Index i = 0; i < outputs; ++i) sum += pass.weight(i, j) * delta.row(r)[i];
        wrong += below.block().row(r)[j] != sum;
      }
    }
    CHECK(wrong == 0);

    wrong = 0;
    Index end = layer.parameters().begin;
    for (Index p = 0; p < layer.parts(); ++p) {
      const Range range = layer.part(p);
      REQUIRE(range.begin == end);
      end = range.end;
      Buffer<T> g(range.size());
      layer.gradient(p, rows, pass.tape, in_place(x), g.data());
      for (Index at = range.begin; at < range.end; ++at) {
        const Index k = at - layer.weights().begin;
        const bool bias = at >= layer.weights().end;
        const Index i = bias ? at - layer.biases().begin : k / inputs, j = k % inputs;
        T sum = 0;
        for (Index r = 0; r < rows; ++r) sum += delta.row(r)[i] * (bias ? T(1) : x.row(r)[j]);
        wrong += g[at - range.begin] != sum;
      }
    }
    CHECK(end == layer.parameters().end);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("the parts of a layer start at whole cache lines of rows", T, float, double) {
  for (const Index inputs : {1, 3, 64, 300, 5000}) {
    for (const Index outputs : {1, 31, 32, 33, 1000}) {
      const Dense<T> layer(inputs, dense(outputs, ReLU{}), 0);
      for (Index i = 0; i < layer.parts(); ++i) {
        REQUIRE(layer.part(i).begin % (16 * inputs) == 0);
        REQUIRE(layer.part(i).size() > 0);
      }
    }
  }
}

TEST_CASE("slices name the weights and the biases") {
  const Dense<float> with(3, dense(5, ReLU{}), 7), without(3, {5, ReLU{}, false, Zeros{}}, 7);
  CHECK(with.weights().begin == 7);
  CHECK(with.slices()[1].range.begin == 7 + 15);
  CHECK(with.slices()[1].range.size() == 5);
  CHECK(with.slices()[1].bias);
  CHECK_FALSE(with.slices()[0].bias);
  CHECK(without.slices()[1].range.size() == 0);
  CHECK(without.parameters().size() == 15);
}

TEST_CASE("initialisers have the variance that their names promise; biases start at 0") {
  constexpr Index inputs = 200, outputs = 100;
  struct Expected {
    Initializer init;
    double variance;
    bool uniform;
  };
  for (const auto& [init, variance, uniform] :
       {Expected{GlorotUniform{}, 2.0 / 300, true}, Expected{GlorotNormal{}, 2.0 / 300, false},
        Expected{HeUniform{}, 2.0 / 200, true}, Expected{HeNormal{}, 2.0 / 200, false},
        Expected{LeCunUniform{}, 1.0 / 200, true}, Expected{LeCunNormal{}, 1.0 / 200, false},
        Expected{Normal{{}, 0.5}, 0.25, false}, Expected{Zeros{}, 0.0, true}}) {
    Network<double> network(inputs, {dense(outputs, Tanh{}, init)}, 1);
    double sum = 0, squares = 0, most = 0;
    for (Index i = 0; i < inputs * outputs; ++i) {
      const double w = network.w()[i];
      sum += w, squares += w * w, most = std::max(most, std::abs(w));
    }
    constexpr double n = inputs * outputs;
    CHECK(std::abs(sum / n) <= 5 * std::sqrt(variance / n));
    CHECK(squares / n == doctest::Approx(variance).epsilon(0.05));
    if (uniform) CHECK(most <= std::sqrt(3 * variance));
    for (Index i = inputs * outputs; i < network.size(); ++i) REQUIRE(network.w()[i] == 0);
  }
}

TEST_CASE("orthogonal weights are: W Wᵀ or Wᵀ W is gain² I") {
  for (const auto& [n_in, n_out] : {std::pair<Index, Index>{7, 4}, {4, 7}, {5, 5}, {1, 1}}) {
    Rng rng(1, Purpose::initialization, 0);
    std::vector<double> w(static_cast<std::size_t>(n_in * n_out));
    Orthogonal{2.0}.fill(n_in, n_out, rng, w.data());
    const Index shorter = std::min(n_in, n_out), longer = std::max(n_in, n_out);
    const auto entry = [&, n_in = n_in, n_out = n_out](Index s, Index l) {
      return w[static_cast<std::size_t>(n_out == longer ? l * n_in + s : s * n_in + l)];
    };
    for (Index i = 0; i < shorter; ++i) {
      for (Index j = 0; j < shorter; ++j) {
        double sum = 0;
        for (Index l = 0; l < longer; ++l) sum += entry(i, l) * entry(j, l);
        CHECK(std::abs(sum - (i == j ? 4 : 0)) < 1e-13);
      }
    }
  }
}
