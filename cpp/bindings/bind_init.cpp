#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/init.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// Python validates every integer, so that all messages come from one place.
std::uint64_t integer(const py::object& value, const char* name, const char* where,
                      std::uint64_t min, std::uint64_t max) {
  const py::module_ validation = py::module_::import("fastmlp._data.validation");
  const py::object check = validation.attr("error_prefix")(where)(validation.attr("check_int"));
  return check(value, name, py::arg("min") = min, py::arg("max") = max).cast<std::uint64_t>();
}

// W as Python receives it: (n_in, n_out), the transpose of the core's W.
py::array draw(const Initializer& init, const std::string& name, const py::dict& given) {
  constexpr std::uint64_t kMax = std::numeric_limits<Index>::max();
  const char* where = name.c_str();
  const auto n_in = static_cast<Index>(integer(given["n_in"], "n_in", where, 1, kMax));
  const auto n_out = static_cast<Index>(integer(given["n_out"], "n_out", where, 1, kMax));
  const auto bits =
      integer(given["seed"], "seed", where, 0, std::numeric_limits<std::uint64_t>::max());
  checked_product(checked_product(n_in, n_out, where), sizeof(double), where);
  Array<double> weights({n_out, n_in});
  Rng rng(bits, Stream::initialization, 0);
  double* const w = weights.mutable_data();
  run_alone([&](ThreadTeam& team) {
    std::visit([&](const auto& member) { member.fill({n_in, n_out}, rng, w, team); }, init);
  });
  return py::array(weights.attr("T"));
}

py::object make_draw_method() {
  py::list names;
  for (const char* name : {"n_in", "n_out", "seed"}) names.append(name);
  const auto signature =
      std::string("__call__(self, n_in: int, n_out: int, seed: int = 0) -> ") + kFloatArray;
  return make_method(
      "__call__", names, signature, "Weights of a layer, (n_in, n_out), drawn from the seed.",
      [names](const py::object& self, const std::string& where, const py::dict& given) {
        const py::dict complete = given.attr("copy")();
        if (!complete.contains("seed")) complete["seed"] = 0;
        require_all(where, names, complete);
        return draw(choose<Initializer>("self", self, where), where, complete);
      });
}

MemberText initializer_text(const MemberClass& member) {
  const auto cost = *member.type == typeid(Orthogonal)
                        ? "n_in n_out min(n_in, n_out) multiplications, once per layer"
                        : "one pass over the weights, once per layer";
  return {cost, std::string(">>> fm.") + member.name + "()(3, 2, seed=1).shape\n(3, 2)"};
}

}  // namespace

void bind_initializers(py::module_& m) {
  Family family{"initializers", &initializer_text, {}, nullptr, {}};
  family.attributes["__call__"] = make_draw_method();
  bind_family<Initializer>(m, family);
}

}  // namespace fastmlp::bindings
