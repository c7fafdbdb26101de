#include "bindings.hpp"
#include "family.hpp"

namespace fastmlp::bindings {

constexpr auto kCost =
    "that of its products with a batch, see docs/performance.md; a value, it has no memory";

void bind_layers(py::module_& m) {
  bind_resource<LayerBase, std::shared_ptr<LayerBase>>(m, "Layer",
                                                       "A layer of a network, as a value.");
  py::dict family;
  for_each_member<Layer>([&](const auto& layer) {
    using Member = std::decay_t<decltype(layer)>;
    const auto cls = bind_member<Member, LayerBase, std::shared_ptr<Member>>(
        m, family, [] { return MemberText{kCost, ""}; });
    cls.attr("has_parameters") = Member::traits.has_parameters;
    cls.attr("can_be_output") = Member::traits.can_be_output;
  });
  m.attr("layers") = family;
}

}  // namespace fastmlp::bindings
