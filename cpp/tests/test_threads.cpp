// Training is reproducible, for any number of threads.
#include "fastmlp/nn/predict.hpp"
#include "fastmlp/train/step_schedule.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

// Parameters and losses after `epochs` epochs by a team of `threads`.
template <class T>
std::pair<std::vector<T>, std::vector<double>> fit(const TrainingOptions& options,
                                                   const Dataset<T>& data, int epochs,
                                                   int threads = 1) {
  Training<T> training(options);
  std::vector<double> losses;
  with_team(threads, {}, [&](ThreadTeam& team) {
    for (int e = 0; e < epochs; ++e)
      losses.push_back(training.trainer.epoch(data, kForever, team).loss);
  });
  return {training.w(), losses};
}

}  // namespace

TEST_CASE_TEMPLATE("every run gives the same bits, with any number of threads", T, float, double) {
  const Samples<T> samples(101, 64, 10);
  for (const Index batch_size : {1, 7, 8, 32, 101}) {
    for (int rule = 0; rule < kRules; ++rule) {
      CAPTURE(batch_size);
      CAPTURE(rule);
      const auto [w, losses] = fit<T>(options(batch_size, rule_of(rule)), samples.weighted(), 2);
      for (const int threads : {1, 2, 3}) {
        const auto [w_again, losses_again] =
            fit<T>(options(batch_size, rule_of(rule)), samples.weighted(), 2, threads);
        CHECK(same_bits(w_again, w));
        CHECK(losses_again == losses);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a batch of several chunks gives the same bits for any number of threads", T,
                   float, double) {
  const Samples<T> samples(2500, 64, 10);
  const auto [w, losses] = fit<T>(options(2500), samples.data, 2);
  for (const int threads : {2, 3})
    CHECK(same_bits(fit<T>(options(2500), samples.data, 2, threads).first, w));
}

TEST_CASE_TEMPLATE(
    "data larger than the cache give the same bits, shuffled or not, with batches of weight 0", T,
    float, double) {
  constexpr Index n = 1700, batch_size = 300;
  Samples<T> samples(n, 2 * l2_bytes() / n / static_cast<Index>(sizeof(T)), 10);
  std::fill_n(samples.weights.begin() + batch_size, batch_size, T(0));
  for (const bool shuffle : {false, true}) {
    const auto run = [&](int threads) {
      TrainingOptions shuffled = options(batch_size);
      shuffled.shuffle = shuffle;
      Network<T> network(samples.data.x.cols, {dense(12, ReLU{}), dense(10, Softmax{})}, 1);
      Trainer<T> trainer = make_trainer(network, shuffled);
      with_team(threads, {}, [&](ThreadTeam& team) {
        for (int e = 0; e < 2; ++e) trainer.epoch(samples.weighted(), kForever, team);
      });
      return parameters(network);
    };
    const std::vector<T> w = run(1);
    for (const int threads : {1, 2, 3}) CHECK(same_bits(run(threads), w));
  }
}

// Without biases the parts of consecutive layers are adjacent.
TEST_CASE_TEMPLATE("layers of several parts give the same bits for any number of threads", T, float,
                   double) {
  constexpr Index wide = 4096 / static_cast<Index>(sizeof(T));
  const Samples<T> samples(40, 300, 10);
  const auto run = [&](int threads) {
    Network<T> network(300,
                       {dense(131, ReLU{}, GlorotUniform{}, false),
                        dense(wide, Tanh{}, GlorotUniform{}, false), dense(10, Softmax{})},
                       1);
    Trainer<T> trainer = make_trainer(network, options(16));
    with_team(threads, {}, [&](ThreadTeam& team) { trainer.epoch(samples.data, kForever, team); });
    return parameters(network);
  };
  const std::vector<T> w = run(1);
  for (const int threads : {2, 3, 4, 8}) CHECK(same_bits(run(threads), w));
}

TEST_CASE_TEMPLATE("noise gives the same bits for any number of threads, and is off in prediction",
                   T, float, double) {
  const Samples<T> samples(70, 64, 10);
  const std::vector<LayerReference> noisy{gaussian_noise(0.3), dense(70, ReLU{}), dropout(0.5),
                                          dense(10, Softmax{})};
  const auto run = [&](int threads, Index batch_size) {
    Training<T> training(options(batch_size), noisy);
    with_team(threads, {}, [&](ThreadTeam& team) {
      for (int e = 0; e < 2; ++e) training.trainer.epoch(samples.data, kForever, team);
    });
    return training.w();
  };
  for (const Index batch_size : {24, 32}) {
    const std::vector<T> w = run(1, batch_size);
    for (const int threads : {1, 2, 3}) CHECK(same_bits(run(threads, batch_size), w));
  }

  const Network<T> network(64, noisy, 3),
      silent(64, {gaussian_noise(0), dense(70, ReLU{}), dropout(0), dense(10, Softmax{})}, 3);
  ThreadTeam team;
  std::vector<T> out(700), silent_out(700);
  predict<T>(network.plan(), network.w(), samples.data.x, {out.data(), 70, 10, 10}, team);
  predict<T>(silent.plan(), silent.w(), samples.data.x, {silent_out.data(), 70, 10, 10}, team);
  CHECK(same_bits(out, silent_out));
}

namespace {

// The largest share of n items that are given out in order, relative to an equal one.
template <class F>
double imbalance(Index n, int threads, F&& size) {
  double largest = 0, total = 0;
  for (Index t = 0; t < threads; ++t) {
    double share = 0;
    for (Index i = t * n / threads; i < (t + 1) * n / threads; ++i) {
      share += static_cast<double>(size(i));
    }
    largest = std::max(largest, share);
    total += share;
  }
  return largest * threads / total;
}

}  // namespace

TEST_CASE("steps of usual networks have tiles and parts for 4, 8 and 16 threads") {
  struct Case {
    Index inputs;
    std::vector<Index> widths;
    Index batch;
  };
  for (const Case& net : {Case{784, {128, 10}, 128}, Case{100, {256, 256, 1}, 256},
                          Case{1024, {2048, 2048, 10}, 512}}) {
    std::vector<LayerReference> layers;
    for (const Index width : net.widths) layers.push_back(dense(width, ReLU{}));
    const Network<float> network(net.inputs, layers, std::nullopt);
    StepSchedule<float> schedule(network.plan());
    for (const int threads : {4, 8, 16}) {
      CAPTURE(net.inputs);
      CAPTURE(threads);
      const ThreadTeam team({}, threads);  // which starts no thread
      schedule.set_team(team);
      const Index width = schedule.tile_columns(net.batch);
      const Index lines = ceil_div(net.batch, kNarrowTileColumns<float>);  // no tile is narrower
      CHECK(ceil_div(net.batch, width) >= std::min<Index>(lines, threads));
      CHECK(imbalance(ceil_div(net.batch, width), std::min<int>(threads, static_cast<int>(lines)),
                      [&](Index i) { return tile(i, width, net.batch).size(); }) == 1);
      const auto& parts = schedule.assignments();
      CHECK(imbalance(static_cast<Index>(parts.size()), threads, [&](Index i) {
              return parts[static_cast<std::size_t>(i)].order.size();
            }) < 1.5);
    }
  }
}
