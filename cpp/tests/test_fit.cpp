// Whole runs of many networks: the bits of each alone, for any number of threads.
#include "fastmlp/train/fit.hpp"
#include "training.hpp"

using namespace fastmlp;

namespace {

constexpr Index kNetworks = 11, kRows = 60;

// Networks of several widths, their settings, and data that all read.
template <class T>
struct Fits {
  explicit Fits(Index epochs) : samples(kRows, 64, 10), data(samples.weighted()) {
    for (Index i = 0; i < kNetworks; ++i) {
      const std::vector<LayerReference> specs{dense(5 + i, ReLU{}), dropout(0.2),
                                              dense(10, Softmax{})};
      networks.push_back(std::make_unique<Network<T>>(64, specs, 3 + i));
      rows.emplace_back();
      for (Index k = 0; k < kRows; ++k) rows.back().push_back((k * k + i) % kRows);
    }
    for (std::size_t i = 0; i < networks.size(); ++i) {
      FitSettings<T> each;
      each.network = networks[i].get();
      each.options = options(7);
      each.optimizer = rule_of(static_cast<int>(i) % kRules);
      each.epochs = epochs;
      each.training = {&data, &rows[i]};
      each.validation = {&data, i % 2 ? &rows[0] : nullptr};
      settings.push_back(each);
    }
    records.resize(networks.size());
  }

  void run(int threads, const InterruptCheck& check = {}) {
    with_team(threads, check,
              [&](ThreadTeam& team) { fit_many<T>(settings, records, kForever, finished, team); });
  }

  Samples<T> samples;
  Dataset<T> data;
  std::vector<std::unique_ptr<Network<T>>> networks;
  std::vector<std::vector<Index>> rows;
  std::vector<FitSettings<T>> settings;
  std::vector<FitRecord> records;
  std::atomic<Index> finished{0};
};

// The same rows of a data set, copied.
template <class T>
struct Copied {
  Copied(const Dataset<T>& data, const std::vector<Index>& rows) {
    for (const Index i : rows) {
      x.insert(x.end(), data.x.row(i), data.x.row(i) + data.x.cols);
      y.insert(y.end(), data.y.row(i), data.y.row(i) + data.y.cols);
      weights.push_back(data.weights[i]);
    }
    copy = {rows_of(x, data.x.cols), rows_of(y, data.y.cols)};
    copy.weights = weights.data();
  }
  std::vector<T> x, y, weights;
  Dataset<T> copy;
};

}  // namespace

TEST_CASE_TEMPLATE("networks side by side have the bits of a trainer of each, on copied rows", T,
                   float, double) {
  constexpr int epochs = 3;
  Fits<T> alone(epochs);
  std::vector<std::vector<double>> losses;
  for (const FitSettings<T>& each : alone.settings) {
    const Copied<T> own(alone.data, *each.training.rows);
    TrainingOptions same;
    static_cast<TrainerOptions&>(same) = each.options;
    same.rule = each.optimizer;
    same.groups = make_groups(each.network->plan(), 0, 0, false);
    Trainer<T> trainer = make_trainer(*each.network, same);
    ThreadTeam team;
    losses.emplace_back();
    for (int e = 0; e < epochs; ++e) {
      losses.back().push_back(trainer.epoch(own.copy, kForever, team).loss);
      trainer.swap_in_average();
    }
  }
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    Fits<T> many(epochs);
    many.run(threads);
    CHECK(many.finished == kNetworks);
    for (std::size_t i = 0; i < many.networks.size(); ++i) {
      CAPTURE(i);
      CHECK(same_bits(parameters(*many.networks[i]), parameters(*alone.networks[i])));
      CHECK(many.records[i].losses == losses[i]);
      CHECK(many.records[i].validation_losses.size() == epochs);
      CHECK(std::string(many.records[i].status) == "max_steps");
      CHECK(many.records[i].epochs == epochs);
      CHECK(many.records[i].updated);
    }
  }
}

TEST_CASE("an interrupt keeps what is done and leaves the rest as it was") {
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    Fits<float> many(1), fresh(1);
    for (int i = 0; i < threads; ++i)
      many.settings[static_cast<std::size_t>(2 * i)].epochs = 1 << 30;
    int checks = 0;
    CHECK_THROWS_AS(many.run(threads,
                             [&] {
                               if (++checks == 3) throw Interrupt();
                             }),
                    Interrupt);
    CHECK(many.finished == 0);  // the longest came first
    for (std::size_t i = 0; i < many.networks.size(); ++i) {
      // Of the longest a late thread may not have begun its own.
      const bool is_long = i % 2 == 0 && i < 2 * static_cast<std::size_t>(threads);
      const bool began = many.records[i].status != nullptr;
      CAPTURE(i);
      CHECK((is_long || !began));
      CHECK(same_bits(parameters(*many.networks[i]), parameters(*fresh.networks[i])) == !began);
      if (began) CHECK(std::string(many.records[i].status) == "interrupted");
    }
  }
}

TEST_CASE("settings that one network cannot have leave all of them as they were") {
  for (const int threads : {1, 3}) {
    Fits<float> many(2), fresh(2);
    many.settings.back().l2 = 1e-60;
    CHECK_THROWS_AS(many.run(threads), std::invalid_argument);
    for (std::size_t i = 0; i < many.networks.size(); ++i) {
      CHECK(many.records[i].status == nullptr);
      CHECK(same_bits(parameters(*many.networks[i]), parameters(*fresh.networks[i])));
    }
  }
}

TEST_CASE("a network that is not finite keeps its last good parameters, and others go on") {
  Fits<double> many(4), fresh(4);
  SGD far;
  far.learning_rate = {1e300};
  many.settings[3].optimizer = Rule(far);
  many.run(2);
  CHECK(std::string(many.records[3].status) == "not_finite");
  CHECK(many.records[3].losses.size() < 4);
  fresh.run(1);
  for (std::size_t i = 0; i < many.networks.size(); ++i) {
    if (i != 3) CHECK(same_bits(parameters(*many.networks[i]), parameters(*fresh.networks[i])));
    for (const double w : parameters(*many.networks[i])) CHECK(std::isfinite(w));
  }
}

TEST_CASE("early stopping ends a run and returns to its best epoch") {
  Fits<double> stopped(50), shorter(50);
  for (FitSettings<double>& each : stopped.settings) {
    each.stopping.patience = 2;
    each.stopping.min_delta = 1e9;  // only the first epoch is an improvement
    each.stopping.on_validation = each.stopping.restore_best = true;
  }
  for (FitSettings<double>& each : shorter.settings) each.epochs = 1;
  stopped.run(2);
  shorter.run(1);
  for (std::size_t i = 0; i < stopped.networks.size(); ++i) {
    CHECK(std::string(stopped.records[i].status) == "stopped");
    CHECK(stopped.records[i].losses.size() == 3);
    CHECK(same_bits(parameters(*stopped.networks[i]), parameters(*shorter.networks[i])));
  }
}
