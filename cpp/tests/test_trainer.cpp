#include "descent.hpp"
#include "state_snapshot.hpp"
#include "training.hpp"

using namespace fastmlp;

TEST_CASE("an epoch makes a step for each batch, the last one short, and lowers the loss") {
  const Samples<float> samples(100, 64, 10);
  for (const Index batch_size : {1, 32, 100, 1000}) {
    Training<float> training(options(batch_size));
    ThreadTeam team;
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
  ThreadTeam team;
  for (int e = 0; e < 2; ++e) {
    whole.trainer.epoch(samples.data, kForever, team);
    const EpochOrder& order = by_hand.trainer.order(50);
    for (Index begin = 0; begin < 50; begin += 16) {
      const Index n = std::min<Index>(16, 50 - begin);
      std::vector<T> x, y;
      for (Index i = 0; i < n; ++i) {
        const Index row = order.batch(begin)[i];
        x.insert(x.end(), samples.data.x.row(row), samples.data.x.row(row) + 64);
        y.insert(y.end(), samples.data.y.row(row), samples.data.y.row(row) + 10);
      }
      by_hand.trainer.step({rows_of(x, 64), rows_of(y, 10)}, team);
    }
    by_hand.trainer.set_epoch_number(by_hand.trainer.epoch_number() + 1);
    CHECK(same_bits(by_hand.w(), whole.w()));
  }
}

TEST_CASE("forward, a gradient from outside and apply are a step") {
  TrainingOptions plain = options(20, SGD{});
  plain.loss = SquaredError{};
  const std::vector<LayerReference> specs{dense(70, SiLU{}), dense(10, Tanh{})};
  const Samples<double> samples(20, 64, 10);
  Training<double> step(plain, specs), by_hand(plain, specs);
  ThreadTeam team;
  step.trainer.step(samples.data, team);

  std::vector<double> out(200), g(static_cast<std::size_t>(by_hand.network.size()));
  by_hand.trainer.forward(samples.data.x, {out.data(), 20, 10, 10}, team);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (out[i] - samples.y[i]) / 20;
  by_hand.trainer.backward(rows_of(out, 10), g.data(), team);
  by_hand.trainer.apply(g.data(), 1, team);
  CHECK(relative_difference(by_hand.w(), step.w()) < 1e-14);
  CHECK(by_hand.trainer.optimizer().steps() == 1);
}

TEST_CASE("training that starts at a later epoch continues in its order") {
  const Samples<float> samples(40, 64, 10);
  Training<float> whole(options(8, SGD{}));
  TrainingOptions later = options(8, SGD{});
  later.first_epoch = 2;
  Training<float> rest(later);
  ThreadTeam team;
  for (int e = 0; e < 4; ++e) {
    if (e == 2) std::copy_n(whole.network.w(), whole.network.size(), rest.network.w());
    whole.trainer.epoch(samples.data, kForever, team);
    if (e >= 2) rest.trainer.epoch(samples.data, kForever, team);
  }
  CHECK(same_bits(rest.w(), whole.w()));
}

TEST_CASE("parameters that are changed between calls are used") {
  const Samples<float> samples(32, 64, 10);
  Training<float> training(options()), fresh(options());
  ThreadTeam team;
  training.trainer.step(samples.data, team);
  std::copy_n(fresh.network.w(), fresh.network.size(), training.network.w());
  CHECK(training.trainer.step(samples.data, team) == fresh.trainer.step(samples.data, team));
}

TEST_CASE("samples of weight 0 train nothing; a batch of them makes no step") {
  const Samples<float> samples(64, 64, 10);
  Dataset<float> data = samples.data;
  std::vector<float> weights(64, 0.0f);
  data.weights = weights.data();
  Training<float> training(options());
  const std::vector<float> before = training.w();
  ThreadTeam team;
  const EpochResult result = training.trainer.epoch(data, kForever, team);
  CHECK(result.steps == 0);
  CHECK(result.loss == 0);
  CHECK(training.trainer.step(data, team) == 0);
  CHECK(same_bits(training.w(), before));
}

TEST_CASE("an epoch ends at the first loss that is not finite, with the parameters before it") {
  Samples<float> samples(96, 64, 10);
  TrainingOptions plain = options();
  plain.shuffle = false;
  Training<float> stopped(plain), reference(plain);
  ThreadTeam team;
  Dataset<float> first = samples.data;
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
  ThreadTeam team;
  const EpochResult result = training.trainer.epoch(samples.data, 0.0, team);
  CHECK(result.status == Status::max_seconds);
  CHECK(result.steps == 0);
  CHECK(same_bits(training.w(), before));
}

TEST_CASE(
    "penalties apply to weights, to biases only with regularize_biases; max_norm only to weights") {
  const Network<double> network(3,
                                {penalized(dense(4, Tanh{}), 0.25, 0.5, 3), dropout(0.5),
                                 dense(2, Identity{}, Zeros{}, false)},
                                0);
  for (const bool biases : {false, true}) {
    const std::vector<ParameterGroup> groups = make_groups(network.plan(), 0.0625, 0.125, biases);
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
    CHECK(groups[2].l1 == 0.0625);
    CHECK(groups[2].l2 == 0.125);
  }
}

TEST_CASE_TEMPLATE("the network holds the average until training continues, from the iterate", T,
                   float, double) {
  const Samples<T> samples(40, 64, 10);
  SGD averaged;
  averaged.average = Polyak{"uniform"};
  Training<T> averaging(options(8, averaged)), plain(options(8, SGD{}));
  ThreadTeam team;
  for (int e = 0; e < 3; ++e) {
    averaging.trainer.epoch(samples.data, kForever, team);
    plain.trainer.epoch(samples.data, kForever, team);
    CHECK(same_bits(averaging.w(), plain.w()));
    averaging.trainer.swap_in_average();
    averaging.trainer.swap_in_average();  // twice is once
    CHECK(same_bits(averaging.network.w(), averaging.trainer.optimizer().average(),
                    averaging.network.size()));
    CHECK_FALSE(same_bits(averaging.w(), plain.w()));
  }
  averaging.trainer.swap_out_average();
  CHECK(same_bits(averaging.w(), plain.w()));
}

TEST_CASE("a batch size below 1 is refused") {
  CHECK_THROWS_AS(Training<float>{options(0)}, std::invalid_argument);
}

TEST_CASE_TEMPLATE("a trainer drives any optimizer", T, float, double) {
  const Samples<T> samples(40, 64, 10);
  TrainingOptions plain = options(40);
  plain.shuffle = false;
  Network<T> network(64, {dense(20, Tanh{}), dense(10, Softmax{})}, 3);
  Trainer<T> trainer(network, plain, std::make_unique<ArmijoDescent<T>>(network.size()));
  ThreadTeam team;
  Snapshot<T> last_good;
  trainer.set_tuned(true);
  std::vector<double> losses;
  while (losses.size() < 20) {
    const EpochResult last = trainer.epochs(samples.data, 5, kForever, last_good, losses, team);
    losses.push_back(last.loss);
    CHECK(last.status == Status::running);
    CHECK(last.steps == 1);
  }
  for (std::size_t i = 1; i < losses.size(); ++i) CHECK(losses[i] < losses[i - 1]);
  CHECK(trainer.optimizer().steps() == static_cast<Index>(losses.size()));
  CHECK(trainer.epoch_number() == trainer.optimizer().steps());
  CHECK(trainer.step(samples.data, team) < losses.back());

  const State state = state_of<T>(trainer);
  CHECK(state.at("optimizer.steps")[0] == static_cast<double>(trainer.optimizer().steps()));
  CHECK(state.at("optimizer.length")[0] > 0);
  CHECK(state.count("trainer.iterate") == 0);
  std::vector<T> g(static_cast<std::size_t>(network.size()));
  const std::vector<T> before = parameters(network);
  CHECK_THROWS_AS(trainer.apply(g.data(), 1, team), std::invalid_argument);
  CHECK(same_bits(parameters(network), before));
}

TEST_CASE("an epoch ends with the status of a step that ends the run") {
  const Samples<double> samples(8, 2, 1);
  TrainingOptions plain = options(8);
  plain.loss = SquaredError{};
  Network<double> network(2, {dense(1, Identity{})}, 3);
  Trainer<double> trainer(network, plain, std::make_unique<ArmijoDescent<double>>(network.size()));
  ThreadTeam team;
  EpochResult result;
  while (result.status == Status::running && trainer.epoch_number() < 1000) {
    result = trainer.epoch(samples.data, kForever, team);
  }
  CHECK(result.status == Status::converged);
  CHECK(result.steps == 0);
}

TEST_CASE_TEMPLATE("training continues bit for bit from the state that was visited", T, float,
                   double) {
  const Samples<T> samples(50, 64, 10), fewer(9, 64, 10);
  const std::vector<LayerReference> layers{dropout(0.3), dense(20, Tanh{}), dense(10, Softmax{})};
  for (int rule = 0; rule < kRules; ++rule) {
    for (const bool average : {false, true}) {
      CAPTURE(rule);
      Training<T> whole(options(16, rule_of(rule)), layers);
      ThreadTeam team;
      for (int e = 0; e < 2; ++e) whole.trainer.epoch(samples.data, kForever, team);
      whole.trainer.step(fewer.data, team);
      if (average) whole.trainer.swap_in_average();
      Training<T> continued(options(16, rule_of(rule)), layers);
      std::copy_n(whole.network.w(), whole.network.size(), continued.network.w());
      StateRestorer<T> restorer(state_of<T>(whole.trainer));
      continued.trainer.visit_state(restorer);
      CHECK(state_of<T>(continued.trainer) == state_of<T>(whole.trainer));
      for (Training<T>* training : {&whole, &continued}) {
        training->trainer.step(fewer.data, team);
        training->trainer.epoch(samples.data, kForever, team);
      }
      CHECK(same_bits(continued.w(), whole.w()));
      CHECK(state_of<T>(continued.trainer) == state_of<T>(whole.trainer));
    }
  }
}

TEST_CASE_TEMPLATE("a run that goes back to a snapshot repeats its steps", T, float, double) {
  const Samples<T> samples(50, 64, 10), fewer(9, 64, 10);
  for (int rule = 0; rule < kRules; ++rule) {
    for (const bool average : {false, true}) {
      CAPTURE(rule);
      Training<T> training(options(16, rule_of(rule)), {dense(20, Tanh{}), dense(10, Softmax{})});
      Trainer<T>& trainer = training.trainer;
      ThreadTeam team;
      trainer.epoch(samples.data, kForever, team);
      if (average) trainer.swap_in_average();
      Snapshot<T> snapshot;
      trainer.keep(snapshot);
      const std::vector<T> w = parameters(training.network);
      State kept = state_of<T>(trainer);
      std::vector<std::vector<T>> ends;
      for (int repeat = 0; repeat < 2; ++repeat) {
        for (int step = 0; step < 3; ++step) trainer.step(fewer.data, team);
        ends.push_back(training.w());
        trainer.epoch(samples.data, kForever, team);
        trainer.go_back(snapshot);
        CHECK(same_bits(parameters(training.network), w));
        State now = state_of<T>(trainer);
        for (State* state : {&now, &kept}) {  // the positions of random numbers go on
          state->erase("trainer.epoch");
          state->erase("trainer.samples_seen");
        }
        CHECK(now == kept);
      }
      CHECK(same_bits(ends[0], ends[1]));
    }
  }
}

TEST_CASE("a snapshot that was never taken is refused") {
  Training<float> training(options(8));
  Snapshot<float> empty;
  const std::vector<float> w = training.w();
  CHECK_THROWS_AS(training.trainer.go_back(empty), std::invalid_argument);
  CHECK(same_bits(training.w(), w));
}
