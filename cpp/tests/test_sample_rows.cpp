#include "fastmlp/nn/predict.hpp"
#include "objective_problem.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

// The rows of a dense matrix as CSR, in descending order of columns; zeros are left out.
template <class T, class I>
struct Compressed {
  explicit Compressed(const MatrixView<const T>& dense) : columns_of(dense.cols) {
    for (Index i = 0; i < dense.rows; ++i) {
      for (Index j = dense.cols - 1; j >= 0; --j) {
        if (dense.row(i)[j] == 0) continue;
        values.push_back(dense.row(i)[j]);
        columns.push_back(static_cast<I>(j));
      }
      starts.push_back(static_cast<I>(values.size()));
    }
  }
  SampleRows<T> rows() const {
    return {{values.data(), columns.data(), starts.data(), static_cast<Index>(values.size()),
             sizeof(I) == 8},
            static_cast<Index>(starts.size()) - 1,
            columns_of};
  }

  Index columns_of;
  std::vector<T> values;
  std::vector<I> columns, starts{0};
};

// Samples of which three in four entries are 0.
template <class T>
void make_sparse(Samples<T>& samples) {
  for (std::size_t i = 0; i < samples.x.size(); ++i) {
    if (i % 4 != 1) samples.x[i] = 0;
  }
}

}  // namespace

TEST_CASE_TEMPLATE("sparse samples give the bits of dense ones", T, float, double) {
  constexpr Index n = kChunkSamples + 40, inputs = 37;
  Problem<T> problem(inputs, {dense(9, Tanh{}), dense(3, Softmax{})}, CrossEntropy{}, n, true);
  make_sparse(problem.samples);
  const double value = problem.value();
  const std::vector<T> gradient = problem.gradient();
  const Compressed<T, std::int32_t> narrow(problem.samples.data.x);
  const Compressed<T, std::int64_t> wide(problem.samples.data.x);
  for (const SampleRows<T>& x : {narrow.rows(), wide.rows()}) {
    Dataset<T> data = problem.samples.weighted();
    data.x = x;
    problem.select(data);
    CHECK(problem.value() == value);
    CHECK(same_bits(problem.gradient(), gradient));
    for (const Index rows : {Index(3), n}) {
      const SampleRows<T> some(x.sparse, rows, inputs);
      const SampleRows<T> same{MatrixView<const T>{problem.samples.x.data(), rows, inputs, inputs}};
      std::vector<T> found(static_cast<std::size_t>(rows * 3)), expected(found);
      const T* w = problem.network.w();
      predict<T>(problem.network.plan(), w, some, {found.data(), rows, 3, 3}, problem.team);
      predict<T>(problem.network.plan(), w, same, {expected.data(), rows, 3, 3}, problem.team);
      CHECK(same_bits(found, expected));
    }
  }
}

TEST_CASE("indices beyond a sparse matrix end a pass, and the parameters are as before") {
  Samples<float> samples(50, 64, 10);
  make_sparse(samples);
  Compressed<float, std::int32_t> matrix(samples.data.x);
  Dataset<float> data = samples.data;
  const auto is_refused = [&] {
    data.x = matrix.rows();
    CHECK_THROWS_AS(check_structure(data.x), std::invalid_argument);
    Training<float> training(options(16));
    const std::vector<float> before = training.w();
    ThreadTeam team;
    CHECK_THROWS_AS(training.trainer.step(data, team), std::invalid_argument);
    CHECK(same_bits(training.w(), before));
  };
  data.x = matrix.rows();
  check_structure(data.x);
  for (const std::int32_t column : {64, -1}) {
    const std::int32_t kept = std::exchange(matrix.columns[7], column);
    is_refused();
    matrix.columns[7] = kept;
  }
  for (const std::int32_t start : {-1, 1 << 30}) {
    const std::int32_t kept = std::exchange(matrix.starts[9], start);
    is_refused();
    matrix.starts[9] = kept;
  }
}

TEST_CASE_TEMPLATE("an epoch over given samples is one over copies of them", T, float, double) {
  const Samples<T> samples(50, 64, 10);
  const std::vector<Index> order{3, 3, 49, 0, 17, 20, 8};
  std::vector<T> x, y, weights;
  for (const Index row : order) {
    x.insert(x.end(), samples.data.x.row(row), samples.data.x.row(row) + 64);
    y.insert(y.end(), samples.data.y.row(row), samples.data.y.row(row) + 10);
    weights.push_back(samples.weights[static_cast<std::size_t>(row)]);
  }
  TrainingOptions plain = options(3);
  plain.shuffle = false;
  Training<T> by_order(plain), by_copy(plain);
  ThreadTeam team;
  by_order.trainer.set_order(order);
  const EpochResult found = by_order.trainer.epoch(samples.weighted(), kForever, team);
  const Dataset<T> copies{rows_of(x, 64), rows_of(y, 10), nullptr, 1, weights.data()};
  const EpochResult expected = by_copy.trainer.epoch(copies, kForever, team);
  CHECK(found.loss == expected.loss);
  CHECK(found.samples == 7);
  CHECK(same_bits(by_order.w(), by_copy.w()));
}

TEST_CASE("l2 by the weight of a batch is l2 divided by it") {
  const Samples<double> samples(40, 64, 10);
  TrainingOptions by_batch = options(16), by_hand = options(16);
  by_batch.l2_scale = L2Scale::batch_weight;
  Training<double> reference(by_hand);
  const Index size = reference.network.size();
  double weight = 0;
  for (const double w : samples.weights) weight += w;
  by_batch.groups = {{{0, size}, false, 0.0, 3.0}};
  by_hand.groups = {{{0, size}, false, 0.0, 3.0 / weight}};
  Training<double> scaled(by_batch), divided(by_hand);
  ThreadTeam team;
  const double value = scaled.trainer.step(samples.weighted(), team);
  CHECK(value == doctest::Approx(divided.trainer.step(samples.weighted(), team)).epsilon(1e-14));
  CHECK(relative_difference(scaled.w(), divided.w()) < 1e-12);
  CHECK(scaled.trainer.penalties(weight) ==
        doctest::Approx(divided.trainer.penalties(1)).epsilon(1e-12));
}
