#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/dense_map.hpp"
#include "fastmlp/nn/epilogue.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

struct Size {
  Index rows, columns, samples;
};

// Few samples and many, few rows or columns, ragged and whole packs, with and without a packed copy
// of W.
const Size kSizes[] = {{1, 1, 1},     {5, 3, 4},     {5, 3, 9},     {33, 7, 32}, {10, 64, 33},
                       {70, 300, 12}, {40, 1030, 9}, {1030, 40, 9}, {65, 17, 7}, {300, 310, 8},
                       {1, 37, 50},   {2, 90, 17},   {3, 64, 33},   {4, 21, 70}, {37, 1, 31},
                       {90, 2, 64},   {21, 4, 40},   {4, 4, 25}};

// W (rows, columns), x and delta of whole numbers, for a map of W or of its transpose.
template <class T>
struct MapProblem {
  MapProblem(const Size& shape, bool transposed, bool is_packed)
      : transposed(transposed),
        rows(shape.rows),
        columns(shape.columns),
        n(shape.samples),
        map(transposed ? std::unique_ptr<LinearMap<T>>(new TransposedMap<T>(columns, rows))
                       : std::unique_ptr<LinearMap<T>>(new DenseMap<T>(rows, columns))),
        w(integers<T>(rows * columns, 1)),
        bias(integers<T>(map->outputs(), 4)),
        x(map->inputs(), n),
        delta(map->outputs(), n) {
    fill(x, map->inputs(), 2);
    fill(delta, map->outputs(), 3);
    if (!is_packed) return;
    packed.wt = PackedMatrix<T>(columns, rows);
    packed.w = PackedMatrix<T>(rows, columns);
    pack_transposed({0}, MatrixView<const T>{w.data(), rows, columns, columns}, packed.wt);
    pack_rows({0}, MatrixView<const T>{w.data(), rows, columns, columns}, packed.w);
  }
  void fill(PanelMatrix<T>& matrix, Index height, std::uint64_t seed) const {
    fill(matrix, height, n, seed);
  }
  static void fill(PanelMatrix<T>& matrix, Index height, Index width, std::uint64_t seed) {
    const std::vector<T> values = integers<T>(height * width, seed);
    for (Index i = 0; i < height; ++i) matrix.set_row(i, values.data() + i * width, width);
  }
  // Element (i, j) of the matrix that the map multiplies by.
  T weight(Index i, Index j) const {
    return w[static_cast<std::size_t>(transposed ? j * columns + i : i * columns + j)];
  }
  // f(call, samples) for each panel of samples.
  template <class F>
  void for_panels(F&& f) const {
    ThreadTeam team;
    const PassContext context{&team};
    for (Index p = 0; p < ceil_div(n, kNR<T>); ++p) {
      MapCall<T> call{context, tile(p, kNR<T>, n), w.data(), &packed};
      call.bias = bias.data();
      f(call, call.samples);
    }
  }
  GradientFactors<T> factors(PanelMatrix<T>& copy) const {
    const PanelMatrix<T>& from = transposed ? delta : x;
    const Index height = transposed ? map->outputs() : map->inputs();
    copy = PanelMatrix<T>(n, height);
    transpose(from.panels(), {0, height}, {0, n}, copy);
    return {delta.panels(), x.panels(), copy.panels(), n};
  }

  bool transposed;
  Index rows, columns, n;
  std::unique_ptr<LinearMap<T>> map;
  std::vector<T> w, bias;
  PanelMatrix<T> x, delta;
  PackedWeights<T> packed;
};

template <class F>
void for_problems(F&& f) {
  for (const Size& shape : kSizes) {
    for (const bool transposed : {false, true}) {
      for (const bool packed : {false, true}) {
        CAPTURE(shape.rows);
        CAPTURE(shape.columns);
        CAPTURE(transposed);
        CAPTURE(packed);
        f(shape, transposed, packed);
      }
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("a matrix and its transpose have the products that their formulas promise", T,
                   float, double) {
  for_problems([](const Size& shape, bool transposed, bool packed) {
    MapProblem<T> problem(shape, transposed, packed);
    const LinearMap<T>& map = *problem.map;
    const Index inputs = map.inputs(), outputs = map.outputs();
    for (const bool accumulate : {false, true}) {
      PanelMatrix<T> a(outputs, problem.n), dx(inputs, problem.n);
      problem.fill(a, outputs, 5);
      problem.fill(dx, inputs, 6);
      const PanelMatrix<T> old_a = a, old_dx = dx;
      Epilogue<T> epilogue;
      epilogue.accumulate = accumulate;
      problem.for_panels([&](MapCall<T>& call, Range samples) {
        map.apply(call, problem.x.panel(samples.begin), a.columns(samples), epilogue);
        call.bias = nullptr;
        map.apply_transposed(call, problem.delta.panel(samples.begin), dx.columns(samples),
                             epilogue);
      });
      Index wrong = 0;
      for (Index s = 0; s < problem.n; ++s) {
        std::vector<T> column, one;
        for (Index j = 0; j < inputs; ++j) column.push_back(*problem.x.at(j, s));
        for (Index i = 0; i < outputs; ++i) one.push_back(*old_a.at(i, s));
        map.apply_one(problem.w.data(), column.data(), problem.bias.data(), accumulate, one.data());
        for (Index i = 0; i < outputs; ++i) {
          T sum = problem.bias[static_cast<std::size_t>(i)];
          for (Index j = 0; j < inputs; ++j) {
            sum += problem.weight(i, j) * column[static_cast<std::size_t>(j)];
          }
          if (accumulate) sum += *old_a.at(i, s);
          wrong += (*a.at(i, s) != sum) + (one[static_cast<std::size_t>(i)] != sum);
        }
        for (Index j = 0; j < inputs; ++j) {
          T sum = accumulate ? *old_dx.at(j, s) : T(0);
          for (Index i = 0; i < outputs; ++i) {
            sum += problem.weight(i, j) * *problem.delta.at(i, s);
          }
          wrong += *dx.at(j, s) != sum;
        }
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE_TEMPLATE("the gradient of rows of W is the sum of products over samples", T, float,
                   double) {
  for_problems([](const Size& shape, bool transposed, bool packed) {
    if (packed) return;  // no packed operand takes part
    MapProblem<T> problem(shape, transposed, packed);
    PanelMatrix<T> copy;
    const GradientFactors<T> factors = problem.factors(copy);
    for (const Range rows : {Range{0, shape.rows}, Range{shape.rows / 3, shape.rows}}) {
      const Index size = rows.size() * shape.columns;
      for (const bool accumulate : {false, true}) {
        Buffer<T> g(size);
        std::fill_n(g.data(), size, T(accumulate ? 3 : 1000));
        problem.map->weight_gradient(rows, factors, accumulate, g.data(), nullptr);
        Index wrong = 0;
        for (Index i = rows.begin; i < rows.end; ++i) {
          for (Index j = 0; j < shape.columns; ++j) {
            T sum = accumulate ? T(3) : T(0);
            for (Index s = 0; s < problem.n; ++s) {
              sum += transposed ? *problem.x.at(i, s) * *problem.delta.at(j, s)
                                : *problem.delta.at(i, s) * *problem.x.at(j, s);
            }
            wrong += g[(i - rows.begin) * shape.columns + j] != sum;
          }
        }
        CHECK(wrong == 0);
      }
    }
  });
}

TEST_CASE_TEMPLATE("activations and derivatives as epilogues are those after the products", T,
                   float, double) {
  for_problems([](const Size& shape, bool transposed, bool packed) {
    MapProblem<T> problem(shape, transposed, packed);
    const LinearMap<T>& map = *problem.map;
    const Range samples{0, std::min(shape.samples, kNR<T>)};
    PanelMatrix<T> plain(map.outputs(), samples.end), a(plain), h(plain), expected(plain);
    PanelMatrix<T> gradient(map.inputs(), samples.end), below_a(gradient), below_h(gradient);
    const auto apply = [&](PanelMatrix<T>& to, const Epilogue<T>& epilogue) {
      problem.for_panels([&](const MapCall<T>& call, Range range) {
        if (range.begin > 0) return;
        map.apply(call, problem.x.panel(0), to.columns(samples), epilogue);
      });
    };
    const auto apply_transposed = [&](PanelMatrix<T>& to, const Epilogue<T>& epilogue) {
      problem.for_panels([&](MapCall<T>& call, Range range) {
        if (range.begin > 0) return;
        call.bias = nullptr;
        map.apply_transposed(call, problem.delta.panel(0), to.columns(samples), epilogue);
      });
    };
    apply(plain, {});
    apply_transposed(gradient, {});
    problem.fill(below_a, map.inputs(), samples.end, 4);
    for (const Activation& phi : {Activation(Identity{}), Activation(ReLU{}), Activation(Tanh{}),
                                  Activation(GELU{}), Activation(ELU{})}) {
      CAPTURE(phi.index());
      PanelMatrix<T>& kept = uses_input(phi) ? a : h;
      apply(kept, Activate<T>(phi, kept.at(0, 0), h.at(0, 0)).epilogue());
      activate<T>(phi, plain.columns(samples), expected.columns(samples));

      activate<T>(phi, below_a.columns(samples), below_h.columns(samples));
      PanelMatrix<T> delta(map.inputs(), samples.end), sloped(gradient);
      apply_transposed(
          delta,
          Differentiate<T>(phi, below_a.at(0, 0), below_h.at(0, 0), delta.at(0, 0)).epilogue());
      differentiate<T>(phi, below_a.columns(samples), below_h.columns(samples),
                       sloped.columns(samples));
      Index wrong = 0;
      for (Index s = 0; s < samples.end; ++s) {
        for (Index i = 0; i < map.outputs(); ++i) {
          wrong += *h.at(i, s) != *expected.at(i, s);
          wrong += uses_input(phi) && *a.at(i, s) != *plain.at(i, s);
        }
        for (Index j = 0; j < map.inputs(); ++j) wrong += *delta.at(j, s) != *sloped.at(j, s);
      }
      CHECK(wrong == 0);
    }
  });
}
