#include "bowl.hpp"
#include "fastmlp/optim/first_order.hpp"
#include "members.hpp"
#include "state_snapshot.hpp"

using namespace fastmlp;

namespace {

// What every rule has.
UpdateRuleOptions& common(Rule& rule) {
  return std::visit([](UpdateRuleOptions& r) -> UpdateRuleOptions& { return r; }, rule);
}

// Entry 0 of the bowl's parameters after each of `steps` steps from w = 3.
std::vector<double> path(const Rule& rule, int steps) {
  Bowl<double> bowl(5000);
  FirstOrder<double> optimizer(rule, bowl.size());
  std::vector<double> w(5000, 3.0), result;
  ThreadTeam team;
  for (int t = 0; t < steps; ++t) {
    optimizer.step(bowl, w.data(), team);
    for (std::size_t i = 0; i < w.size(); i += 3)
      REQUIRE(w[i] == w[0]);  // the same function of the same numbers
    result.push_back(w[0]);
  }
  CHECK(optimizer.steps() == steps);
  return result;
}

// w after one step of plain SGD at rate 1, which shows the gradient as the rule saw it: w - g.
std::vector<double> seen_gradient(std::optional<double> clip_norm,
                                  std::optional<ClipRange> clip_value,
                                  const std::vector<ParameterGroup>& penalties,
                                  std::vector<double> g, const std::vector<double>& w,
                                  double* value = nullptr) {
  SGD rule = sgd(1.0);
  rule.clip_norm = clip_norm, rule.clip_value = clip_value;
  FirstOrder<double> optimizer(rule, static_cast<Index>(w.size()), penalties);
  std::vector<double> moved = w;
  ThreadTeam team;
  const double result = optimizer.apply(moved.data(), g.data(), team);
  if (value) *value = result;
  for (std::size_t i = 0; i < w.size(); ++i) moved[i] = w[i] - moved[i];
  return moved;
}

}  // namespace

TEST_CASE("SGD: w <- w - lr g, with momentum and Nesterov momentum") {
  for (const bool nesterov : {false, true}) {
    for (const double momentum : {0.0, 0.9}) {
      const std::vector<double> got = path(sgd(0.1, momentum, nesterov), 20);
      double w = 3, v = 0;
      for (const double value : got) {
        const double g = w - 1;
        v = momentum * v - 0.1 * g;
        w += nesterov ? momentum * v - 0.1 * g : v;
        REQUIRE(value == doctest::Approx(w).epsilon(1e-14));
      }
    }
  }
}

TEST_CASE("Adam: the three places of eps, and amsgrad") {
  for (const std::string mode : {"outside", "hat", "inside"}) {
    for (const bool amsgrad : {false, true}) {
      CAPTURE(mode);
      const std::vector<double> got = path(adam(0.1, mode, amsgrad), 50);
      double w = 3, m = 0, v = 0, v_max = 0;
      for (std::size_t t = 1; t <= got.size(); ++t) {
        const double g = w - 1, c1 = 1 - std::pow(0.9, t), c2 = 1 - std::pow(0.999, t);
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        v_max = std::max(v_max, v);
        const double second = (amsgrad ? v_max : v) / c2;
        const double root = mode == "inside" ? std::sqrt(second + 1e-2)
                            : mode == "hat"  ? std::sqrt(second) + 1e-2 / std::sqrt(c2)
                                             : std::sqrt(second) + 1e-2;
        w -= 0.1 * (m / c1) / root;
        REQUIRE(got[t - 1] == doctest::Approx(w).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE(
    "the order is penalties, clipping by value, clipping by norm; a short gradient is unchanged") {
  const std::vector<double> w{2, -2, 0, 1}, g{3, 4, 0, -10};
  CHECK(seen_gradient({}, {}, {}, g, w) == g);
  CHECK(seen_gradient(100.0, {}, {}, g, w) == g);
  CHECK(seen_gradient({}, ClipRange{-2, 3.5}, {}, g, w) == std::vector<double>{3, 3.5, 0, -2});

  const ParameterGroup first{{0, 3}, false, 0.5, 0.25};
  double value = 0;
  CHECK(seen_gradient({}, {}, {first}, g, w, &value) ==
        std::vector<double>{3 + 0.5 + 0.5, 4 - 0.5 - 0.5, 0, -10});
  CHECK(value == 0.5 * 4 + 0.25 / 2 * 8);

  const std::vector<double> clipped = seen_gradient(2.5, ClipRange{-3, 4}, {first}, g, w);
  const double norm = std::sqrt(16 + 9 + 9);  // (4, 3, 0, -3)
  const double expected[] = {4, 3, 0, -3};
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(clipped[i] == doctest::Approx(expected[i] * 2.5 / norm));

  CHECK(seen_gradient(1.0, {}, {}, {0, 0, 0, 0}, w) == std::vector<double>{0, 0, 0, 0});
}

TEST_CASE_TEMPLATE("a step by parts and by the whole gradient is the same, for any team", T, float,
                   double) {
  const auto check = [](auto rule) {
    rule.clip_value = {-0.5, 0.4};
    rule.average = Polyak{};
    const auto run = [&](int threads, bool clip) {
      rule.clip_norm = clip ? std::optional<double>(1e30) : std::nullopt;
      Bowl<T> bowl(10000);
      FirstOrder<T> optimizer(rule, bowl.size(),
                              {{{0, 5000}, false, 0.1, 0.2}, {{5000, 9000}, false, 0, 0, 0.7, 10}});
      std::vector<T> w = uniform<T>(bowl.size(), 1);
      std::vector<double> values;
      with_team(threads, {}, [&](ThreadTeam& team) {
        for (int t = 0; t < 5; ++t) values.push_back(optimizer.step(bowl, w.data(), team).value);
      });
      w.insert(w.end(), optimizer.average(), optimizer.average() + bowl.size());
      return std::pair(w, values);
    };
    const auto [w, values] = run(1, true);
    CHECK(same_bits(run(1, false).first, w));
    for (const int threads : {2, 3}) {
      const auto [w_team, values_team] = run(threads, true);
      CHECK(same_bits(w_team, w));
      CHECK(values_team == values);
    }
  };
  check(sgd(0.01, 0.5));
  check(AdamW{});
}

TEST_CASE("a value that is not finite changes nothing: neither w, nor state, nor counter") {
  for (Rule rule : members<Rule>()) {
    for (const bool clip : {false, true}) {
      CAPTURE(key(rule));
      if (clip) common(rule).clip_norm = 1.0;
      Bowl<double> bowl(10);
      bowl.finite_evaluations = 3;
      FirstOrder<double> optimizer(rule, bowl.size());
      std::vector<double> w(10, 3.0);
      ThreadTeam team;
      for (int t = 0; t < 3; ++t) optimizer.step(bowl, w.data(), team);
      const std::vector<double> before = w;
      const State state = state_of<double>(optimizer);
      const StepResult result = optimizer.step(bowl, w.data(), team);
      CHECK(std::isnan(result.value));
      CHECK(result.status == Status::not_finite);
      CHECK(result.step_size == 0);
      CHECK(same_bits(w, before));
      CHECK(state_of<double>(optimizer) == state);
      CHECK(optimizer.steps() == 3);
    }
  }
}

TEST_CASE("a look-ahead is undone where the value there is not finite, and after an exception") {
  struct Broken final : Objective<double> {
    Index size() const override { return 2; }
    double value(const double*) override { return 0; }
    double value_and_gradient(const double* w, double* g) override {
      g[0] = w[0], g[1] = w[1];
      if (++evaluations == 3) throw std::bad_alloc();
      return evaluations == 4 ? kInfinity<double> : 0.5 * (w[0] * w[0] + w[1] * w[1]);
    }
    int evaluations = 0;
  } broken;
  SGD rule = sgd(0.1, 0.9);
  rule.nesterov = std::string("lecture");
  FirstOrder<double> optimizer(rule, 2);
  std::vector<double> w{3, -2};
  ThreadTeam team;
  for (int t = 0; t < 2; ++t) optimizer.step(broken, w.data(), team);
  const std::vector<double> before = w;
  CHECK_THROWS_AS(optimizer.step(broken, w.data(), team), std::bad_alloc);
  CHECK(same_bits(w, before));
  CHECK(std::isinf(optimizer.step(broken, w.data(), team).value));
  CHECK(same_bits(w, before));
  CHECK(optimizer.steps() == 2);
}

TEST_CASE("a gradient whose norm is not finite changes nothing") {
  SGD rule = sgd(0.1, 0.5);
  rule.clip_norm = 1.0;
  FirstOrder<double> optimizer(rule, 3);
  std::vector<double> w{1, 2, 3}, g{1e200, 1e200, kInfinity<double>};
  const std::vector<double> before = w;
  ThreadTeam team;
  CHECK(std::isnan(optimizer.apply(w.data(), g.data(), team)));
  CHECK(same_bits(w, before));
  CHECK(optimizer.steps() == 0);
}

TEST_CASE_TEMPLATE("every rule descends a bowl, with the same bits for any team", T, float,
                   double) {
  for (const Rule& rule : members<Rule>()) {
    CAPTURE(key(rule));
    const auto run = [&](int threads, bool whole_gradient) {
      Rule used = rule;
      if (whole_gradient) common(used).clip_norm = 1e30;
      Bowl<T> bowl(5000);
      FirstOrder<T> optimizer(used, bowl.size());
      std::vector<T> w = uniform<T>(bowl.size(), 1, 2, 3);
      const double start = bowl.value(w.data());
      with_team(threads, {}, [&](ThreadTeam& team) {
        for (int t = 0; t < 100; ++t) optimizer.step(bowl, w.data(), team);
      });
      CHECK(bowl.value(w.data()) < start);
      return w;
    };
    const std::vector<T> w = run(1, false), clipped = run(1, true);
    CHECK(same_bits(run(3, false), w));
    CHECK(same_bits(run(3, true), clipped));
    CHECK(relative_difference(clipped, w) < 1e-5);
  }
}

TEST_CASE("a consumer counts the writes to w outside of consume") {
  Bowl<double> bowl(3);
  std::vector<double> w(3, 3.0), g(3, 1.0);
  ThreadTeam team;
  SGD lecture = sgd(0.1, 0.9);
  lecture.nesterov = std::string("lecture");
  FirstOrder<double> plain(sgd(0.1, 0.9), 3), look_ahead(lecture, 3);
  const std::uint64_t before = plain.version();
  plain.step(bowl, w.data(), team);
  CHECK(plain.version() == before);
  plain.apply(w.data(), g.data(), team);
  CHECK(plain.version() != before);
  const std::uint64_t lecture_before = look_ahead.version();
  look_ahead.step(bowl, w.data(), team);
  CHECK(look_ahead.version() != lecture_before);
}

TEST_CASE("a step reports the value before it, its learning rate, and the norm that it clips") {
  Bowl<double> bowl(3);
  std::vector<double> w(3, 3.0);  // g = (2, 4, 6)
  ThreadTeam team;
  SGD clipped = sgd(0.25);
  clipped.clip_norm = 1.0;
  FirstOrder<double> plain(sgd(0.5), 3), by_norm(clipped, 3);
  const double value = bowl.value(w.data());
  const StepResult first = by_norm.step(bowl, w.data(), team);
  CHECK(first.value == value);
  CHECK(first.gradient_norm == doctest::Approx(std::sqrt(56.0)).epsilon(1e-15));
  CHECK(first.step_size == 0.25);
  CHECK(first.evaluations == 1);
  CHECK(first.status == Status::running);
  const StepResult second = plain.step(bowl, w.data(), team);
  CHECK(std::isnan(second.gradient_norm));
  CHECK(second.step_size == 0.5);
}

TEST_CASE("every state vector, scalar and counter of a rule is visited once, and restored") {
  for (Rule rule : members<Rule>()) {
    CAPTURE(key(rule));
    common(rule).average = Polyak{};
    Bowl<double> bowl(10);
    FirstOrder<double> whole(rule, 10), restored(rule, 10);
    std::vector<double> w(10, 3.0);
    ThreadTeam team;
    for (int t = 0; t < 3; ++t) whole.step(bowl, w.data(), team);
    whole.start_epoch(2);
    whole.scale_learning_rate(0.5);
    const State state = state_of<double>(whole);
    CHECK(state.at(".average").size() == 10);
    CHECK(state.at("schedule.steps")[0] == 3);
    CHECK(state.at("schedule.epoch")[0] == 2);
    CHECK(state.at("schedule.scale")[0] == 0.5);
    CHECK(state.at("schedule.custom_rate")[0] == 0);
    CHECK(state.size() ==
          5 + std::visit([](const auto& r) { return r.state(1.0).size() + r.scalars().size(); },
                         rule));

    StateRestorer<double> restorer(state);
    restored.visit_state(restorer);
    std::vector<double> again = w;
    for (int t = 0; t < 3; ++t) {
      whole.step(bowl, w.data(), team);
      restored.step(bowl, again.data(), team);
    }
    CHECK(same_bits(again, w));
    CHECK(state_of<double>(restored) == state_of<double>(whole));
  }
}
