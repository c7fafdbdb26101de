#include "bowl.hpp"
#include "descent.hpp"
#include "fastmlp/optim/minimize.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("SGD and Adam find the minimum of a bowl", T, float, double) {
  for (const Rule& rule : {Rule{sgd(0.3)}, Rule{sgd(0.1, 0.5)}, Rule{sgd(0.1, 0.5, true)},
                           Rule{adam(0.1, "outside", false)}, Rule{adam(0.1, "inside", true)}}) {
    Bowl<T> bowl(7);
    ThreadTeam team;
    const auto optimizer = make_optimizer<T>(rule, bowl.size());
    std::vector<T> w(7, T(3));
    const MinimizeResult result = minimize<T>(bowl, w.data(), *optimizer, 500, team,
                                              [](const T*) { return Status::running; });
    CHECK(result.status == Status::max_steps);
    CHECK(result.steps == 500);
    CHECK(result.evaluations == 501);
    CHECK(result.value < 1e-4);
  }
}

TEST_CASE("minimize undoes an iterate whose value is not finite") {
  Bowl<double> bowl(3);
  bowl.finite_evaluations = 4;
  ThreadTeam team;
  const auto optimizer = make_optimizer<double>(sgd(0.1), bowl.size());
  std::vector<double> w(3, 3.0), last(3);
  const MinimizeResult result =
      minimize<double>(bowl, w.data(), *optimizer, 100, team, [&](const double* iterate) {
        std::copy_n(iterate, 3, last.data());
        return Status::running;
      });
  CHECK(result.status == Status::not_finite);
  CHECK(result.steps == 3);
  CHECK(result.evaluations == 5);
  CHECK(w == last);
  Bowl<double> same(3);
  CHECK(same.value(w.data()) == result.value);
}

TEST_CASE("minimize ends with the status that observe returns") {
  Bowl<double> bowl(3);
  ThreadTeam team;
  const auto optimizer = make_optimizer<double>(sgd(0.1), bowl.size());
  std::vector<double> w(3, 3.0);
  int seen = 0;
  const MinimizeResult result = minimize<double>(
      bowl, w.data(), *optimizer, 100, team,
      [&](const double*) { return ++seen == 3 ? Status::max_seconds : Status::running; });
  CHECK(result.status == Status::max_seconds);
  CHECK(result.steps == 3);
  CHECK(result.value == bowl.value(w.data()));
}

TEST_CASE_TEMPLATE("minimize drives any optimizer, and ends with the status of its step", T, float,
                   double) {
  Bowl<T> bowl(7);
  ArmijoDescent<T> descent(7);
  std::vector<T> w = uniform<T>(7, 1, 2, 3);
  ThreadTeam team;
  std::vector<double> values;
  const MinimizeResult result =
      minimize<T>(bowl, w.data(), descent, 1000, team, [&](const T* iterate) {
        values.push_back(Bowl<T>(7).value(iterate));
        return Status::running;
      });
  CHECK(result.status == Status::converged);
  CHECK(result.steps == descent.steps());
  CHECK(result.steps < 200);
  CHECK(result.evaluations == bowl.evaluations);
  CHECK(result.evaluations > 2 * result.steps);
  CHECK(static_cast<Index>(values.size()) == result.steps + 1);
  for (std::size_t i = 1; i < values.size(); ++i) CHECK(values[i] < values[i - 1]);
  CHECK(result.value == values.back());
  CHECK(result.value < 1e-10);
}

TEST_CASE("an optimizer without a learning rate refuses calls that need one") {
  ArmijoDescent<double> descent(2);
  std::vector<double> w(2), g(2, 1.0);
  ThreadTeam team;
  CHECK_THROWS_AS(descent.learning_rate(), std::invalid_argument);
  CHECK_THROWS_AS(descent.scale_learning_rate(0.5), std::invalid_argument);
  CHECK_THROWS_AS(descent.apply(w.data(), g.data(), team), std::invalid_argument);
  CHECK(w == std::vector<double>(2));
  CHECK(descent.average() == nullptr);
  CHECK_FALSE(descent.has_custom_schedule());
}
