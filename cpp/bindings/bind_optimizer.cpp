#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "member_array.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

constexpr double kOperationsPerRate = 100;

double rate_at(const Schedule& schedule, double k) {
  return std::visit([=](const auto& member) { return double(member.at(k)); }, schedule);
}

// The rates of steps k, an array of any shape, or of a single one.
template <class T>
py::object rates(const Schedule& schedule, const std::string& where, const Array<T>& k) {
  Array<double> rates(std::vector<py::ssize_t>(k.shape(), k.shape() + k.ndim()));
  double* const to = rates.mutable_data();
  const T* const from = k.data();
  const Index n = k.size();
  const bool single = k.ndim() == 0;
  const MemoryLease lease(k);
  run_alone([&](ThreadTeam& team) {
    for (Index i = 0; i < n; ++i) {
      const auto step = static_cast<double>(from[i]);
      if (!kNonNegative.contains(step)) {
        const std::string name = single ? "k" : "k.flat[" + std::to_string(i) + "]";
        throw_invalid(where, name, number_text(step), "a finite number >= 0");
      }
      to[i] = rate_at(schedule, step);
      team.poll_interrupt(kOperationsPerRate);
    }
  });
  return single ? py::object(py::float_(to[0])) : rates;
}

// Both forms in the stubs, in the format of pybind11.
std::string call_signature() {
  return std::string("__call__(*args, **kwargs)\nOverloaded function.\n\n") +
         "1. __call__(self, k: float) -> float\n\nThe learning rate of step, or epoch, " +
         "k = 0, 1, …\n\n2. __call__(self, k: " +
         "numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> " +
         "numpy.typing.NDArray[numpy.float64]";
}

py::object make_rates_method() {
  py::list names;
  names.append("k");
  return make_method(
      "__call__", names, call_signature(), "The rates of an array of steps, in its shape.",
      [names](const py::object& self, const std::string& where, const py::dict& given) {
        require_all(where, names, given);
        const Schedule schedule = choose<Schedule>("self", self, where);
        return for_dtype(where.c_str(), "k", given["k"],
                         [&](const auto& k) { return rates(schedule, where, k); });
      });
}

MemberText schedule_text(const MemberClass& member) {
  const auto at = [schedule = standard<Schedule>(member)](double k) {
    return text_of(py::float_(rate_at(schedule, k)));
  };
  const std::string name = member.name;
  return {"a few operations per step", ">>> fm." + name + "()(10)\n" + at(10) + "\n>>> fm.SGD(fm." +
                                           name + "()).learning_rate([0, 10]).tolist()\n[" + at(0) +
                                           ", " + at(10) + "]"};
}

MemberText search_text(const MemberClass& member) {
  const std::string name = member.name;
  return {"a value and a gradient for each length tried",
          ">>> fm.LBFGS(line_search=fm." + name + "(c1=0.01)).line_search.c1\n0.01"};
}

bool needs_residuals(const MemberClass& method) {
  return *method.type == typeid(LevenbergMarquardt);
}

MemberText method_text(const MemberClass& member) {
  const std::string function = needs_residuals(member)
                                   ? "least_squares(lambda w: w - 1, [3.0], optimizer="
                                   : "minimize(lambda w: (w @ w, 2 * w), [3.0], ";
  const auto cost = [](const auto& method) { return std::string(method.cost); };
  return {std::visit(cost, standard<Method>(member)),
          ">>> fm." + function + "fm." + member.name + "()).value < 1e-9\nTrue"};
}

void add_method_traits(const MemberClass& member, py::dict& attributes) {
  attributes["evaluation_offset"] = 0.0;
  attributes["needs_residuals"] = needs_residuals(member);
}

MemberText average_text(const MemberClass&) {
  return {"one more vector of the size of the parameters, in the pass of the rule",
          ">>> fm.Adam(average=fm.Polyak(beta=0.99)).average.beta\n0.99"};
}

// The cost names the state vectors of a rule with its defaults.
MemberText rule_text(const MemberClass& member) {
  const auto state = [](const auto& rule) { return std::vector<StateSpec>(rule.state(1e-3)); };
  std::string names;
  for (const StateSpec& spec : std::visit(state, standard<Rule>(member))) {
    names += (names.empty() ? "" : ", ") + std::string(spec.name);
  }
  return {
      "a step passes once over the parameters, their gradient and the state, which with "
      "the defaults is " +
          (names.empty() ? "none" : names),
      std::string(">>> fm.minimize(lambda w: (w @ w, 2 * w), [1.0], fm.") + member.name +
          "(0.01), steps=5).value < 1.0\nTrue"};
}

void add_rule_traits(const MemberClass& member, py::dict& attributes) {
  const auto initial_only = [](const auto& rule) { return bool(rule.uses_initial_rate_only); };
  attributes["uses_initial_rate_only"] = std::visit(initial_only, standard<Rule>(member));
}

py::object evaluation_offset(const py::object& self) {
  const auto offset = [](const auto& rule) { return double(rule.evaluation_offset()); };
  return py::float_(std::visit(offset, choose<Rule>("self", self, "Rule")));
}

}  // namespace

void bind_schedules(py::module_& m) {
  Family family{"schedules", &schedule_text, {}, nullptr, {}};
  family.attributes["__call__"] = make_rates_method();
  bind_family<Schedule>(m, family);
}

void bind_line_searches(py::module_& m) {
  bind_family<LineSearch>(m, {"line_searches", &search_text, {}, nullptr, {}});
}

void bind_methods(py::module_& m) {
  bind_family<Method>(m, {"methods", &method_text, {}, &add_method_traits, {}});
}

void bind_optimizers(py::module_& m) {
  bind_family<Average>(m, {"averages", &average_text, {}, nullptr, {}});
  Family family{"optimizers", &rule_text, {}, &add_rule_traits, {}};
  family.attributes["evaluation_offset"] =
      make_property("evaluation_offset(self) -> float",
                    "The gradient is wanted at w + evaluation_offset v.", &evaluation_offset);
  bind_family<Rule>(m, family);
}

}  // namespace fastmlp::bindings
