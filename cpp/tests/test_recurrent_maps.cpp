#include "fastmlp/kernels/transpose.hpp"
#include "fastmlp/nn/block_map.hpp"
#include "fastmlp/nn/dense_map.hpp"
#include "fastmlp/nn/elementwise_maps.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

constexpr Index kSamples = 40;

// Whole numbers, so that sums are exact in any order.
template <class T>
PanelMatrix<T> matrix(Index rows, std::uint64_t seed, Index columns = kSamples) {
  PanelMatrix<T> result(rows, columns);
  const std::vector<T> values = integers<T>(rows * columns, seed);
  for (Index i = 0; i < rows; ++i) result.set_row(i, values.data() + i * columns, columns);
  return result;
}

template <class T>
PanelMatrix<T> rows_of(const PanelMatrix<T>& from, Range rows) {
  PanelMatrix<T> part(rows.size(), kSamples);
  for (Index i = 0; i < rows.size(); ++i) {
    for (Index j = 0; j < kSamples; ++j) *part.at(i, j) = *from.at(rows.begin + i, j);
  }
  return part;
}

// f(call) for every panel of a map with these parameters.
template <class T, class F>
void for_panels(const PassContext& context, const T* w, F&& f) {
  const PackedWeights<T> none;
  for (Index p = 0; p < ceil_div(kSamples, kNR<T>); ++p) {
    f(MapCall<T>{context, tile(p, kNR<T>, kSamples), w, &none});
  }
}

template <class T>
Epilogue<T> sum(bool accumulate) {
  Epilogue<T> epilogue;
  epilogue.accumulate = accumulate;
  return epilogue;
}

// Elements of rows where `expected(i, j)` is not the value.
template <class T, class F>
Index wrong(const PanelMatrix<T>& values, Index rows, F&& expected) {
  Index count = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < kSamples; ++j) count += *values.at(i, j) != expected(i, j);
  }
  return count;
}

// A block of a slot, and DenseMap with a copy of the block and of the features that are read.
template <class T>
struct BlockProblem {
  const WeightBlock block;
  const BlockMap<T> map{block};
  const Index rows = block.rows.size(), columns = block.columns.size();
  const DenseMap<T> dense{rows, columns};
  const std::vector<T> w = integers<T>(block.slot_rows * block.slot_columns, 1);
  const std::vector<T> bias = integers<T>(rows, 4);
  const PanelMatrix<T> x = matrix<T>(block.inputs, 2), delta = matrix<T>(rows, 3);
  std::vector<T> part;
  ThreadTeam team;
  PassContext context{&team};

  explicit BlockProblem(const WeightBlock& of) : block(of) {
    for (Index i = block.rows.begin; i < block.rows.end; ++i) {
      const T* row = w.data() + i * block.slot_columns;
      part.insert(part.end(), row + block.columns.begin, row + block.columns.end);
    }
  }
  Range read() const { return {block.first_input, block.first_input + columns}; }
};

template <class T, class F>
void for_blocks(F&& f) {
  f(BlockProblem<T>({12, 9, {0, 12}, {0, 9}, 9, 0}));
  f(BlockProblem<T>({12, 9, {4, 8}, {0, 3}, 21, 18}));
  f(BlockProblem<T>({68, 40, {17, 51}, {3, 40}, 60, 11}));
  f(BlockProblem<T>({5, 30, {4, 5}, {29, 30}, 3, 2}));
}

}  // namespace

TEST_CASE_TEMPLATE("a block is a dense map of some rows, columns and features", T, float, double) {
  for_blocks<T>([](const BlockProblem<T>& p) {
    const PanelMatrix<T> read = rows_of(p.x, p.read());
    for (const bool accumulate : {false, true}) {
      PanelMatrix<T> a = matrix<T>(p.rows, 5), expected = a;
      PanelMatrix<T> dx = matrix<T>(p.block.inputs, 6), below = rows_of(dx, p.read());
      const PanelMatrix<T> start = dx;
      for_panels<T>(p.context, p.w.data(), [&](const MapCall<T>& call) {
        const Index j = call.samples.begin;
        MapCall<T> forward = call, of_dense = call;
        forward.bias = accumulate ? nullptr : p.bias.data();
        p.map.apply(forward, p.x.panel(j), a.columns(call.samples), sum<T>(accumulate));
        p.map.apply_transposed(call, p.delta.panel(j), dx.columns(call.samples),
                               sum<T>(accumulate));
        forward.w = of_dense.w = p.part.data();
        p.dense.apply(forward, read.panel(j), expected.columns(call.samples), sum<T>(accumulate));
        p.dense.apply_transposed(of_dense, p.delta.panel(j), below.columns(call.samples),
                                 sum<T>(accumulate));
      });
      CHECK(wrong(a, p.rows, [&](Index i, Index j) { return *expected.at(i, j); }) == 0);
      CHECK(wrong(dx, p.block.inputs, [&](Index i, Index j) {
              const bool is_read = i >= p.read().begin && i < p.read().end;
              if (is_read) return *below.at(i - p.read().begin, j);
              return accumulate ? *start.at(i, j) : T(0);
            }) == 0);
    }
  });
}

TEST_CASE_TEMPLATE("the gradient of a block is that of the dense map, and 0 beside it", T, float,
                   double) {
  for_blocks<T>([](const BlockProblem<T>& p) {
    PanelMatrix<T> transposed(kSamples, p.columns);
    transpose(p.map.read_rows(p.x.panels()), {0, p.columns}, {0, kSamples}, transposed);
    const PanelMatrix<T> read = rows_of(p.x, p.read());
    const GradientFactors<T> factors{p.delta.panels(), p.x.panels(), transposed.panels(), kSamples};
    const GradientFactors<T> of_dense{p.delta.panels(), read.panels(), transposed.panels(),
                                      kSamples};
    std::vector<T> expected(static_cast<std::size_t>(p.rows * p.columns + kLanes<T>));
    p.dense.weight_gradient({0, p.rows}, of_dense, false, expected.data(), nullptr);
    const Index columns = p.block.slot_columns;
    for (const Range part : {Range{0, p.block.slot_rows}, Range{2, 5}}) {
      for (const bool accumulate : {false, true}) {
        std::vector<T> g(static_cast<std::size_t>(part.size() * columns + kLanes<T>), T(3));
        p.map.weight_gradient(part, factors, accumulate, g.data(), nullptr);
        Index differences = 0;
        for (Index i = part.begin; i < part.end; ++i) {
          for (Index j = 0; j < columns; ++j) {
            const Index row = i - p.block.rows.begin, column = j - p.block.columns.begin;
            const bool inside = row >= 0 && row < p.rows && column >= 0 && column < p.columns;
            const T product =
                inside ? expected[static_cast<std::size_t>(row * p.columns + column)] : T(0);
            const T value = g[static_cast<std::size_t>((i - part.begin) * columns + j)];
            differences += value != product + (accumulate ? T(3) : T(0));
          }
        }
        CHECK(differences == 0);
      }
    }
  });
}

TEST_CASE_TEMPLATE("a product multiplies some features by those of another node", T, float,
                   double) {
  constexpr Index kInputs = 21;
  const Range reads{7, 16};
  const Index first = 5;
  const ProductMap<T> map(kInputs, reads, first, -1.0);
  const PanelMatrix<T> x = matrix<T>(kInputs, 1), v = matrix<T>(30, 2);
  const PanelMatrix<T> delta = matrix<T>(reads.size(), 3);
  ThreadTeam team;
  const PassContext context{&team};
  for (const bool accumulate : {false, true}) {
    PanelMatrix<T> a = matrix<T>(reads.size(), 4), dx = matrix<T>(kInputs, 5);
    const PanelMatrix<T> a_start = a, dx_start = dx;
    for_panels<T>(context, nullptr, [&](MapCall<T> call) {
      const Index j = call.samples.begin;
      call.factor = &v;
      map.apply(call, x.panel(j), a.columns(call.samples), sum<T>(accumulate));
      map.apply_transposed(call, delta.panel(j), dx.columns(call.samples), sum<T>(accumulate));
    });
    const auto before = [&](const PanelMatrix<T>& start, Index i, Index j) {
      return accumulate ? *start.at(i, j) : T(0);
    };
    CHECK(wrong(a, reads.size(), [&](Index i, Index j) {
            return before(a_start, i, j) - *x.at(reads.begin + i, j) * *v.at(first + i, j);
          }) == 0);
    CHECK(wrong(dx, kInputs, [&](Index i, Index j) {
            const Index row = i - reads.begin;
            const bool is_read = row >= 0 && row < reads.size();
            return before(dx_start, i, j) -
                   (is_read ? *delta.at(row, j) * *v.at(first + row, j) : T(0));
          }) == 0);
  }
}

TEST_CASE_TEMPLATE("a constant is copied, and has no derivative", T, float, double) {
  constexpr Index kWidth = 19;
  const ConstantMap<T> map(kWidth);
  const PanelMatrix<T> x = matrix<T>(kWidth, 1), start = matrix<T>(kWidth, 2);
  ThreadTeam team;
  const PassContext context{&team};
  for (const bool accumulate : {false, true}) {
    PanelMatrix<T> a = start, dx = start;
    for_panels<T>(context, nullptr, [&](const MapCall<T>& call) {
      const Index j = call.samples.begin;
      map.apply(call, x.panel(j), a.columns(call.samples), sum<T>(accumulate));
      map.apply_transposed(call, x.panel(j), dx.columns(call.samples), sum<T>(accumulate));
    });
    CHECK(wrong(a, kWidth, [&](Index i, Index j) {
            return *x.at(i, j) + (accumulate ? *start.at(i, j) : T(0));
          }) == 0);
    CHECK(wrong(dx, kWidth,
                [&](Index i, Index j) { return accumulate ? *start.at(i, j) : T(0); }) == 0);
  }
}

TEST_CASE_TEMPLATE("the terms of all steps are the values at the ends", T, float, double) {
  constexpr Index kWidth = 19, kSteps = 4;
  std::vector<Index> lengths;
  for (Index j = 0; j < kSamples; ++j) lengths.push_back(1 + j * 7 % kSteps);
  std::vector<PanelMatrix<T>> steps;
  for (std::uint64_t t = 0; t < kSteps; ++t) steps.push_back(matrix<T>(kWidth, t));
  ThreadTeam team;
  for (const bool given : {false, true}) {
    PassContext context{&team};
    context.lengths = given ? lengths.data() : nullptr;
    PanelMatrix<T> a(kWidth, kSamples);
    for (Index t = kSteps; t-- > 0;) {
      const EndMap<T> map(kWidth, t, t + 1 == kSteps);
      const PanelMatrix<T>& x = steps[static_cast<std::size_t>(t)];
      PanelMatrix<T> dx = matrix<T>(kWidth, 9);
      for_panels<T>(context, nullptr, [&](const MapCall<T>& call) {
        const Index j = call.samples.begin;
        map.apply(call, x.panel(j), a.columns(call.samples), sum<T>(t + 1 < kSteps));
        map.apply_transposed(call, x.panel(j), dx.columns(call.samples), sum<T>(false));
      });
      CHECK(wrong(dx, kWidth, [&](Index i, Index j) {
              const Index end = given ? lengths[static_cast<std::size_t>(j)] : kSteps;
              return end == t + 1 ? *x.at(i, j) : T(0);
            }) == 0);
    }
    CHECK(wrong(a, kWidth, [&](Index i, Index j) {
            const Index end = given ? lengths[static_cast<std::size_t>(j)] : kSteps;
            return *steps[static_cast<std::size_t>(end - 1)].at(i, j);
          }) == 0);
  }
}
