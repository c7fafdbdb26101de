#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/update_rules.hpp"

namespace fastmlp::bindings {

void bind_optimizers(py::module_& m) {
  py::dict family;
  for_each_member<Rule>(
      [&](const auto& rule) { bind_member<std::decay_t<decltype(rule)>>(m, family); });
  m.attr("optimizers") = family;
}

}  // namespace fastmlp::bindings
