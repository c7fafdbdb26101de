#include "bindings.hpp"
#include "family.hpp"

namespace fastmlp::bindings {
namespace {

MemberText layer_text(const MemberClass&) {
  return {"that of its products with a batch, see docs/performance.md; a value, it has no memory",
          ""};
}

void add_layer_traits(const MemberClass& member, py::dict& attributes) {
  const std::shared_ptr<void> layer = member.make();
  visit_layer(*static_cast<const LayerBase*>(layer.get()), [&](const auto& found) {
    const LayerTraits traits = found.traits;
    attributes["has_parameters"] = traits.has_parameters;
    attributes["can_be_output"] = traits.can_be_output;
  });
}

}  // namespace

void bind_layers(py::module_& m) {
  py::dict attributes;
  attributes["__doc__"] = "A layer of a network, as a value.";
  const py::object base = make_class(m, "Layer", py::type::of<Value>(), attributes);
  m.attr("Layer") = base;
  bind_family<Layer, LayerBase>(m, {"layers", &layer_text, {}, &add_layer_traits, base});
}

}  // namespace fastmlp::bindings
