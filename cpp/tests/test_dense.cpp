#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/dense.hpp"
#include "fastmlp/nn/epilogue.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

struct Shape {
  Index inputs, outputs, samples;
  bool bias;
};

// Few samples and many, ragged and whole packs, rows of W so wide that they are packed.
const Shape kShapes[] = {{1, 1, 1, true},      {3, 5, 4, true},     {3, 5, 9, false},
                         {7, 33, 32, true},    {64, 10, 33, true},  {300, 70, 12, true},
                         {1030, 40, 9, true},  {40, 1030, 9, true}, {17, 65, 7, false},
                         {1030, 1030, 8, true}};

template <class T>
struct Passes {
  explicit Passes(const Shape& shape)
      : layer(shape.inputs, *dense(shape.outputs, Identity{}, GlorotUniform{}, shape.bias), 3),
        w(layer.parameters().end),
        x(shape.inputs, shape.samples),
        x_samples(shape.samples, shape.inputs),
        tape(layer.make_tape(shape.samples, {true, true, false})) {
    const std::vector<T> values = integers<T>(w.size(), 1);
    std::copy(values.begin(), values.end(), w.data());
    fill(x, shape.inputs, shape.samples, 2);
    fill(tape.delta, shape.outputs, shape.samples, 3);
    transpose(x.panels(), {0, shape.inputs}, {0, shape.samples}, x_samples);
    for (Index i = 0; i < layer.pieces(); ++i) layer.pack(i, w.data(), tape);
  }
  static void fill(PanelMatrix<T>& matrix, Index rows, Index columns, std::uint64_t seed) {
    const std::vector<T> values = integers<T>(rows * columns, seed);
    for (Index i = 0; i < rows; ++i) matrix.set_row(i, values.data() + i * columns, columns);
  }
  T weight(Index i, Index j) const { return w[layer.weights().begin + i * layer.inputs() + j]; }
  T bias(Index i) const { return layer.spec().bias ? w[layer.biases().begin + i] : T(0); }

  DenseMap<T> layer;
  Buffer<T> w;
  PanelMatrix<T> x, x_samples;
  Tape<T> tape;
};

}  // namespace

TEST_CASE_TEMPLATE("forward is A = W X + b, backward Wᵀ delta, the gradient delta Xᵀ", T, float,
                   double) {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.inputs);
    CAPTURE(shape.outputs);
    CAPTURE(shape.samples);
    Passes<T> pass(shape);
    ThreadTeam team;
    const DenseMap<T>& layer = pass.layer;
    const Index n = shape.samples, inputs = shape.inputs, outputs = shape.outputs;
    const auto x = [&](Index j, Index s) { return *pass.x.at(j, s); };
    const auto delta = [&](Index i, Index s) { return *pass.tape.delta.at(i, s); };
    PanelMatrix<T> a(outputs, n), below(inputs, n);
    for (Index p = 0; p < ceil_div(n, kNR<T>); ++p) {
      const Range samples = tile(p, kNR<T>, n);
      layer.combine(pass.w.data(), {&team}, samples, pass.x, pass.tape, a, {});
      layer.backward(pass.w.data(), samples, pass.tape, below, {});
    }

    Index wrong = 0;
    for (Index s = 0; s < n; ++s) {
      std::vector<T> one(static_cast<std::size_t>(outputs)), column;
      for (Index j = 0; j < inputs; ++j) column.push_back(x(j, s));
      layer.combine_one(pass.w.data(), column.data(), one.data());
      for (Index i = 0; i < outputs; ++i) {
        T sum = pass.bias(i);
        for (Index j = 0; j < inputs; ++j) sum += pass.weight(i, j) * x(j, s);
        wrong += (*a.at(i, s) != sum) + (one[static_cast<std::size_t>(i)] != sum);
      }
      for (Index j = 0; j < inputs; ++j) {
        T sum = 0;
        for (Index i = 0; i < outputs; ++i) sum += pass.weight(i, j) * delta(i, s);
        wrong += *below.at(j, s) != sum;
      }
    }
    CHECK(wrong == 0);

    wrong = 0;
    Index end = layer.parameters().begin;
    for (Index p = 0; p < layer.pieces(); ++p) {
      const Range range = layer.piece(p);
      REQUIRE(range.begin == end);
      end = range.end;
      Buffer<T> g(range.size());
      layer.gradient(p, n, pass.tape, pass.x_samples.panels(), g.data(), {});
      for (Index at = range.begin; at < range.end; ++at) {
        const Index k = at - layer.weights().begin;
        const bool bias = at >= layer.weights().end;
        const Index i = bias ? at - layer.biases().begin : k / inputs, j = k % inputs;
        T sum = 0;
        for (Index s = 0; s < n; ++s) sum += delta(i, s) * (bias ? T(1) : x(j, s));
        wrong += g[at - range.begin] != sum;
      }
    }
    CHECK(end == layer.parameters().end);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("the pieces of a layer are even, where W is packed in whole register blocks", T,
                   float, double) {
  for (const Index inputs : {1, 3, 64, 300, 512, 5000}) {
    for (const Index outputs : {1, 31, 32, 33, 100, 1000}) {
      const DenseMap<T> layer(inputs, *dense(outputs, ReLU{}, Zeros{}, false), 0);
      const Index unit = inputs * (layer.packs() ? kMR : 1), n = layer.pieces();
      Index least = layer.weights().size(), most = 0;
      for (Index i = 0; i < n; ++i) {
        REQUIRE(layer.piece(i).begin % unit == 0);
        if (i + 1 < n) least = std::min(least, layer.piece(i).size());
        most = std::max(most, layer.piece(i).size());
      }
      CHECK(least > 0);
      CHECK(most - least <= (n == 1 ? most : unit));
    }
  }
}

TEST_CASE("slices name the weights and the biases") {
  const DenseMap<float> with(3, *dense(5, ReLU{}), 7),
      without(3, *dense(5, ReLU{}, Zeros{}, false), 7);
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
    Rng rng(1, Stream::initialization, 0);
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

TEST_CASE_TEMPLATE("activations and derivatives as epilogues are those after the products", T,
                   float, double) {
  for (const Shape& shape : kShapes) {
    Passes<T> pass(shape);
    ThreadTeam team;
    const DenseMap<T>& layer = pass.layer;
    const Range samples{0, std::min(shape.samples, kNR<T>)};
    const auto combine = [&](PanelMatrix<T>& to, const Epilogue<T>& epilogue) {
      layer.combine(pass.w.data(), {&team}, samples, pass.x, pass.tape, to, epilogue);
    };
    const auto backward = [&](PanelMatrix<T>& to, const Epilogue<T>& epilogue) {
      layer.backward(pass.w.data(), samples, pass.tape, to, epilogue);
    };
    PanelMatrix<T> plain(shape.outputs, samples.end), a(plain), h(plain), expected(plain);
    PanelMatrix<T> gradient(shape.inputs, samples.end), below_a(gradient), below_h(gradient);
    combine(plain, {});
    backward(gradient, {});
    pass.fill(below_a, shape.inputs, samples.end, 4);
    for (const Activation& phi : {Activation(Identity{}), Activation(ReLU{}), Activation(Tanh{}),
                                  Activation(GELU{}), Activation(ELU{})}) {
      CAPTURE(shape.inputs);
      CAPTURE(shape.outputs);
      CAPTURE(phi.index());
      PanelMatrix<T>& kept = uses_input(phi) ? a : h;
      combine(kept, Activate<T>(phi, kept.at(0, 0), h.at(0, 0)).epilogue());
      activate<T>(phi, plain.columns(samples), expected.columns(samples));

      activate<T>(phi, below_a.columns(samples), below_h.columns(samples));
      PanelMatrix<T> delta(shape.inputs, samples.end), sloped(gradient);
      backward(
          delta,
          Differentiate<T>(phi, below_a.at(0, 0), below_h.at(0, 0), delta.at(0, 0)).epilogue());
      differentiate<T>(phi, below_a.columns(samples), below_h.columns(samples),
                       sloped.columns(samples));
      Index wrong = 0;
      for (Index s = 0; s < samples.end; ++s) {
        for (Index i = 0; i < shape.outputs; ++i) {
          wrong += *h.at(i, s) != *expected.at(i, s);
          wrong += uses_input(phi) && *a.at(i, s) != *plain.at(i, s);
        }
        for (Index j = 0; j < shape.inputs; ++j) wrong += *delta.at(j, s) != *sloped.at(j, s);
      }
      CHECK(wrong == 0);
    }
  }
}
