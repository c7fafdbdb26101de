#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "member_array.hpp"

namespace fastmlp::bindings {
namespace {

// The rates of steps k, an array of any shape, or of a single one.
template <class T>
py::object rates(const Schedule& schedule, const std::string& where, const Array<T>& k) {
  Array<double> rates(std::vector<py::ssize_t>(k.shape(), k.shape() + k.ndim()));
  double* const to = rates.mutable_data();
  for (Index i = 0; i < k.size(); ++i) {
    const auto step = static_cast<double>(k.data()[i]);
    if (!kNonNegative.contains(step)) {
      const std::string name = k.ndim() == 0 ? "k" : "k.flat[" + std::to_string(i) + "]";
      throw_invalid(where, name, number_text(step), "a finite number >= 0");
    }
    to[i] = std::visit([=](const auto& member) { return member.at(step); }, schedule);
  }
  return k.ndim() == 0 ? py::object(py::float_(to[0])) : rates;
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

template <class Member>
std::string rate_example() {
  const auto at = [](double k) { return text_of(py::float_(Member{}.at(k))); };
  return std::string(">>> fm.") + Member::class_name + "()(10)\n" + at(10) + "\n>>> fm.SGD(fm." +
         Member::class_name + "()).learning_rate([0, 10]).tolist()\n[" + at(0) + ", " + at(10) +
         "]";
}

// The state vectors of a rule with its defaults.
template <class Member>
std::string rule_cost() {
  std::string names;
  for (const StateSpec& spec : Member{}.state(1e-3)) {
    names += (names.empty() ? "" : ", ") + std::string(spec.name);
  }
  return "a step passes once over the parameters, their gradient and the state, which with "
         "the defaults is " +
         (names.empty() ? "none" : names);
}

template <class Member>
std::string rule_example() {
  return std::string(">>> fm.minimize(lambda w: (w @ w, 2 * w), [1.0], fm.") + Member::class_name +
         "(0.01), steps=5).value < 1.0\nTrue";
}

}  // namespace

void bind_schedules(py::module_& m) {
  py::dict family;
  const py::object call = make_rates_method();
  for_each_member<Schedule>([&](const auto& schedule) {
    using Member = std::decay_t<decltype(schedule)>;
    auto cls = bind_member<Member>(
        m, family, [] { return MemberText{"a few operations per step", rate_example<Member>()}; });
    cls.attr("__call__") = call;
  });
  m.attr("schedules") = family;
}

void bind_line_searches(py::module_& m) {
  py::dict family;
  for_each_member<LineSearch>([&](const auto& search) {
    using Member = std::decay_t<decltype(search)>;
    bind_member<Member>(m, family, [] {
      const std::string name = Member::class_name;
      return MemberText{"a value and a gradient for each length tried",
                        ">>> fm.LBFGS(line_search=fm." + name + "(c1=0.01)).line_search.c1\n0.01"};
    });
  });
  m.attr("line_searches") = family;
}

void bind_methods(py::module_& m) {
  py::dict family;
  for_each_member<Method>([&](const auto& method) {
    using Member = std::decay_t<decltype(method)>;
    constexpr bool kNeedsResiduals = std::is_same_v<Member, LevenbergMarquardt>;
    auto cls = bind_member<Member>(m, family, [] {
      const std::string function = kNeedsResiduals
                                       ? "least_squares(lambda w: w - 1, [3.0], optimizer="
                                       : "minimize(lambda w: (w @ w, 2 * w), [3.0], ";
      const std::string call = ">>> fm." + function + "fm." + Member::class_name + "()).value";
      return MemberText{Member::cost, call + " < 1e-9\nTrue"};
    });
    cls.attr("evaluation_offset") = 0.0;
    cls.attr("needs_residuals") = kNeedsResiduals;
  });
  m.attr("methods") = family;
}

void bind_optimizers(py::module_& m) {
  py::dict averages, family;
  bind_member<Polyak>(m, averages, [] {
    return MemberText{"one more vector of the size of the parameters, in the pass of the rule",
                      ">>> fm.Adam(average=fm.Polyak(beta=0.99)).average.beta\n0.99"};
  });
  m.attr("averages") = averages;
  for_each_member<Rule>([&](const auto& rule) {
    using Member = std::decay_t<decltype(rule)>;
    auto cls = bind_member<Member>(
        m, family, [] { return MemberText{rule_cost<Member>(), rule_example<Member>()}; });
    cls.attr("uses_initial_rate_only") = Member::uses_initial_rate_only;
    cls.def_property_readonly(
        "evaluation_offset", [](const Member& self) { return self.evaluation_offset(); },
        "The gradient is wanted at w + evaluation_offset v.");
  });
  m.attr("optimizers") = family;
}

}  // namespace fastmlp::bindings
