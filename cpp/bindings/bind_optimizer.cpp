#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp::bindings {

void bind_schedules(py::module_& m) {
  py::dict family;
  for_each_member<Schedule>([&](const auto& schedule) {
    using Member = std::decay_t<decltype(schedule)>;
    bind_member<Member>(m, family).def(
        "__call__", [](const Member& self, double k) { return self.at(k); }, py::arg("k"),
        "The learning rate of step, or epoch, k = 0, 1, …");
  });
  m.attr("schedules") = family;
}

void bind_optimizers(py::module_& m) {
  py::dict averages, family;
  bind_member<Polyak>(m, averages);
  m.attr("averages") = averages;
  for_each_member<Rule>([&](const auto& rule) {
    using Member = std::decay_t<decltype(rule)>;
    auto cls = bind_member<Member>(m, family);
    cls.attr("uses_initial_rate_only") = Member::uses_initial_rate_only;
    cls.def_property_readonly(
        "evaluation_offset", [](const Member& self) { return self.evaluation_offset(); },
        "The gradient is wanted at w + evaluation_offset v.");
  });
  m.attr("optimizers") = family;
}

}  // namespace fastmlp::bindings
