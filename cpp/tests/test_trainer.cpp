#include <chrono>
#include <thread>

#include "fastmlp/train/trainer.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

constexpr double kForever = kInfinity<double>;

constexpr int kRules = 6;

Rule rule_of(int which) {
  SGD momentum;
  momentum.momentum = 0.9;
  Adam clipped;
  clipped.clip_norm = 0.1;
  SGD look_ahead = momentum;
  look_ahead.nesterov = std::string("lecture");
  AdamW averaged;
  averaged.average = Polyak{};
  const Rule all[kRules] = {SGD{}, momentum, Adam{}, clipped, look_ahead, averaged};
  return all[which];
}

template <class T>
struct Training {
  explicit Training(TrainerOptions options,
                    std::vector<LayerSpec> specs = {dense(70, ReLU{}), dense(10, Softmax{})})
      : network(64, specs, 3), trainer(network, std::move(options)) {}
  std::vector<T> w() const { return parameters(network); }

  Network<T> network;
  Trainer<T> trainer;
};

TrainerOptions options(Index batch_size = 32, Rule rule = Adam{}) {
  TrainerOptions result;
  result.loss = CrossEntropy{};
  result.rule = std::move(rule);
  result.batch_size = batch_size;
  result.seed = 7;
  return result;
}

// Parameters and losses after `epochs` epochs by a team of `threads`.
template <class T>
std::pair<std::vector<T>, std::vector<double>> fit(const TrainerOptions& options,
                                                   const Data<T>& data, int epochs,
                                                   int threads = 1) {
  Training<T> training(options);
  std::vector<double> losses;
  with_team(threads, {}, [&](Team& team) {
    for (int e = 0; e < epochs; ++e)
      losses.push_back(training.trainer.epoch(data, kForever, team).loss);
  });
  return {training.w(), losses};
}

struct Interrupt {};

}  // namespace

TEST_CASE_TEMPLATE("two runs give the same bits, and so do any number of threads", T, float,
                   double) {
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

TEST_CASE_TEMPLATE("a batch of several blocks gives the same bits for any number of threads", T,
                   float, double) {
  const Samples<T> samples(2500, 64, 10);
  const auto [w, losses] = fit<T>(options(2500), samples.data, 2);
  for (const int threads : {2, 3})
    CHECK(same_bits(fit<T>(options(2500), samples.data, 2, threads).first, w));
}

// Without biases the parts of one layer end where those of the next begin.
TEST_CASE_TEMPLATE("layers of several parts give the same bits for any number of threads", T, float,
                   double) {
  constexpr Index wide = 4096 / static_cast<Index>(sizeof(T));
  const Samples<T> samples(40, 300, 10);
  const auto run = [&](int threads) {
    Network<T> network(300,
                       {DenseSpec{131, ReLU{}, false, GlorotUniform{}},
                        DenseSpec{wide, Tanh{}, false, GlorotUniform{}}, dense(10, Softmax{})},
                       1);
    Trainer<T> trainer(network, options(16));
    with_team(threads, {}, [&](Team& team) { trainer.epoch(samples.data, kForever, team); });
    return parameters(network);
  };
  const std::vector<T> w = run(1);
  for (const int threads : {2, 3, 4, 8}) CHECK(same_bits(run(threads), w));
}

TEST_CASE("an epoch makes a step for each batch, the last one short, and lowers the loss") {
  const Samples<float> samples(100, 64, 10);
  for (const Index batch_size : {1, 32, 100, 1000}) {
    Training<float> training(options(batch_size));
    Team team;
    const EpochResult first = training.trainer.epoch(samples.data, kForever, team);
    CHECK(first.steps == ceil_div(100, batch_size));
    CHECK(first.status == Status::running);
    CHECK(training.trainer.optimizer().steps() == first.steps);
    CHECK(training.trainer.epoch_number() == 1);
    EpochResult last;
    for (int e = 0; e < 5; ++e) last = training.trainer.epoch(samples.data, kForever, team);
    CHECK(last.loss < first.loss);
  }
}

TEST_CASE_TEMPLATE("steps over an epoch's order are the epoch, bit for bit", T, float, double) {
  const Samples<T> samples(50, 64, 10);
  Training<T> whole(options(16)), by_hand(options(16));
  Team team;
  for (int e = 0; e < 2; ++e) {
    whole.trainer.epoch(samples.data, kForever, team);
    const Order& order = by_hand.trainer.order(50);
    for (Index begin = 0; begin < 50; begin += 16) {
      const Index n = std::min<Index>(16, 50 - begin);
      std::vector<T> x, y;
      for (Index i = 0; i < n; ++i) {
        const Index row = order.batch(begin)[i];
        x.insert(x.end(), samples.data.x.row(row), samples.data.x.row(row) + 64);
        y.insert(y.end(), samples.data.y.row(row), samples.data.y.row(row) + 10);
      }
      by_hand.trainer.step({rows_of(x, 64), rows_of(y, 10), nullptr, nullptr}, team);
    }
    by_hand.trainer.set_epoch_number(by_hand.trainer.epoch_number() + 1);
    CHECK(same_bits(by_hand.w(), whole.w()));
  }
}

TEST_CASE("forward, a gradient from outside and apply are a step") {
  TrainerOptions plain = options(20, SGD{});
  plain.loss = SquaredError{};
  const std::vector<LayerSpec> specs{dense(70, SiLU{}), dense(10, Tanh{})};
  const Samples<double> samples(20, 64, 10);
  Training<double> step(plain, specs), by_hand(plain, specs);
  Team team;
  step.trainer.step(samples.data, team);

  std::vector<double> out(200), g(static_cast<std::size_t>(by_hand.network.size()));
  by_hand.trainer.forward(samples.data.x, {out.data(), 20, 10, 10}, team);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (out[i] - samples.y[i]) / 20;
  by_hand.trainer.backward(rows_of(out, 10), g.data(), team);
  by_hand.trainer.apply(g.data(), team);
  CHECK(relative_difference(by_hand.w(), step.w()) < 1e-14);
  CHECK(by_hand.trainer.optimizer().steps() == 1);
}

TEST_CASE("training that starts at a later epoch goes on in its order") {
  const Samples<float> samples(40, 64, 10);
  Training<float> whole(options(8, SGD{}));
  TrainerOptions later = options(8, SGD{});
  later.first_epoch = 2;
  Training<float> rest(later);
  Team team;
  for (int e = 0; e < 4; ++e) {
    if (e == 2) std::copy_n(whole.network.w(), whole.network.size(), rest.network.w());
    whole.trainer.epoch(samples.data, kForever, team);
    if (e >= 2) rest.trainer.epoch(samples.data, kForever, team);
  }
  CHECK(same_bits(rest.w(), whole.w()));
}

TEST_CASE("parameters that somebody else changes between calls are seen") {
  const Samples<float> samples(32, 64, 10);
  Training<float> training(options()), fresh(options());
  Team team;
  training.trainer.step(samples.data, team);
  std::copy_n(fresh.network.w(), fresh.network.size(), training.network.w());
  CHECK(training.trainer.step(samples.data, team) == fresh.trainer.step(samples.data, team));
}

TEST_CASE("samples of weight 0 train nothing; a batch of them makes no step") {
  const Samples<float> samples(64, 64, 10);
  Data<float> data = samples.data;
  std::vector<float> weights(64, 0.0f);
  data.weights = weights.data();
  Training<float> training(options());
  const std::vector<float> before = training.w();
  Team team;
  const EpochResult result = training.trainer.epoch(data, kForever, team);
  CHECK(result.steps == 0);
  CHECK(result.loss == 0);
  CHECK(training.trainer.step(data, team) == 0);
  CHECK(same_bits(training.w(), before));
}

TEST_CASE("an epoch ends at the first loss that is not finite, with the parameters before it") {
  Samples<float> samples(96, 64, 10);
  TrainerOptions plain = options();
  plain.shuffle = false;
  Training<float> stopped(plain), reference(plain);
  Team team;
  Data<float> first = samples.data;
  first.x.rows = 64;
  reference.trainer.epoch(first, kForever, team);
  samples.x[64 * 64] = kNan<float>;  // sample 64 opens the third batch
  const EpochResult result = stopped.trainer.epoch(samples.data, kForever, team);
  CHECK(result.status == Status::not_finite);
  CHECK(result.steps == 2);
  CHECK(std::isnan(result.loss));
  CHECK(same_bits(stopped.w(), reference.w()));
  CHECK(stopped.trainer.epoch_number() == 0);
}

TEST_CASE("an epoch ends when its time is over") {
  const Samples<float> samples(96, 64, 10);
  Training<float> training(options());
  const std::vector<float> before = training.w();
  Team team;
  const EpochResult result = training.trainer.epoch(samples.data, 0.0, team);
  CHECK(result.status == Status::max_seconds);
  CHECK(result.steps == 0);
  CHECK(same_bits(training.w(), before));
}

TEST_CASE_TEMPLATE("an interrupt in the middle of a step leaves the parameters before it", T, float,
                   double) {
  const Samples<T> samples(1500, 64,
                           10);  // 32 tiles of the first block: the check comes at the second
  for (int rule = 0; rule < kRules; ++rule) {
    Training<T> training(options(1500, rule_of(rule))), reference(options(1500, rule_of(rule)));
    Team calm;
    for (int t = 0; t < 2; ++t) {
      training.trainer.step(samples.data, calm);
      reference.trainer.step(samples.data, calm);
    }
    Team interrupted([] { throw Interrupt(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(25));  // the check is due
    CHECK_THROWS_AS(training.trainer.step(samples.data, interrupted), Interrupt);
    CHECK(same_bits(training.w(), reference.w()));
    CHECK(training.trainer.optimizer().steps() == 2);
    // Training goes on as if nothing had been.
    training.trainer.step(samples.data, calm);
    reference.trainer.step(samples.data, calm);
    CHECK(same_bits(training.w(), reference.w()));
  }
}

TEST_CASE("an interrupt at any time leaves the last complete step") {
  const Samples<float> samples(128, 64, 10);
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    Training<float> training(options()), reference(options());
    int looks = 0;
    const Check check = [&] {
      if (++looks == 3) throw Interrupt();
    };
    const auto forever = [&](Team& team) {
      for (;;) training.trainer.step(samples.data, team);
    };
    CHECK_THROWS_AS(with_team(threads, check, forever), Interrupt);
    Team team;
    for (Index t = training.trainer.optimizer().steps(); t > 0; --t)
      reference.trainer.step(samples.data, team);
    CHECK(same_bits(training.w(), reference.w()));
  }
}

TEST_CASE(
    "penalties fall on weights, on biases only where asked; rows are shortened in weights alone") {
  const Network<double> network(
      3, {dense(4, Tanh{}), DropoutSpec{0.5}, DenseSpec{2, Identity{}, false, Zeros{}}}, 0);
  for (const bool biases : {false, true}) {
    const std::vector<ParameterGroup> groups =
        make_groups(network, {{0.25, 0.5, 3}, {0, 0.125}}, biases);
    REQUIRE(groups.size() == 3);
    CHECK(groups[0].range.begin == 0);
    CHECK(groups[0].range.end == 12);
    CHECK(groups[0].l1 == 0.25);
    CHECK(groups[0].l2 == 0.5);
    CHECK(groups[0].max_norm == 3);
    CHECK(groups[0].row == 3);
    CHECK(groups[1].range.end == 16);
    CHECK(groups[1].bias);
    CHECK(groups[1].l1 == (biases ? 0.25 : 0));
    CHECK(groups[1].max_norm == 0);
    CHECK(groups[2].range.end == 24);
    CHECK(groups[2].l2 == 0.125);
  }
}

TEST_CASE_TEMPLATE("the average is shown until training goes on, which it does from the iterate", T,
                   float, double) {
  const Samples<T> samples(40, 64, 10);
  SGD averaged;
  averaged.average = Polyak{"uniform"};
  Training<T> shown(options(8, averaged)), plain(options(8, SGD{}));
  Team team;
  for (int e = 0; e < 3; ++e) {
    shown.trainer.epoch(samples.data, kForever, team);
    plain.trainer.epoch(samples.data, kForever, team);
    CHECK(same_bits(shown.w(), plain.w()));
    shown.trainer.show_average();
    shown.trainer.show_average();  // twice is once
    CHECK(same_bits(shown.network.w(), shown.trainer.optimizer().average(), shown.network.size()));
    CHECK_FALSE(same_bits(shown.w(), plain.w()));
  }
  shown.trainer.show_iterate();
  CHECK(same_bits(shown.w(), plain.w()));
}

TEST_CASE_TEMPLATE(
    "noise is fresh at each presentation, gone in prediction, and the same for any team", T, float,
    double) {
  const Samples<T> samples(70, 64, 10);
  const std::vector<LayerSpec> noisy{GaussianNoiseSpec{0.3}, dense(70, ReLU{}), DropoutSpec{0.5},
                                     dense(10, Softmax{})};
  const auto run = [&](int threads) {
    Training<T> training(options(32), noisy);
    with_team(threads, {}, [&](Team& team) {
      for (int e = 0; e < 2; ++e) training.trainer.epoch(samples.data, kForever, team);
    });
    return training.w();
  };
  const std::vector<T> w = run(1);
  for (const int threads : {1, 2, 3}) CHECK(same_bits(run(threads), w));

  const Network<T> network(64, noisy, 3),
      silent(64, {GaussianNoiseSpec{0}, dense(70, ReLU{}), DropoutSpec{0}, dense(10, Softmax{})},
             3);
  Team team;
  std::vector<T> out(700), silent_out(700);
  network.predict(samples.data.x, {out.data(), 70, 10, 10}, team);
  silent.predict(samples.data.x, {silent_out.data(), 70, 10, 10}, team);
  CHECK(same_bits(out, silent_out));
}

TEST_CASE("a batch size below 1 is refused") {
  CHECK_THROWS_AS(Training<float>{options(0)}, std::invalid_argument);
}
