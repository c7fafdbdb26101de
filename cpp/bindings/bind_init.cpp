#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/init.hpp"
#include "numpy.hpp"

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
template <class Member>
py::array draw(const Member& init, const py::object& inputs, const py::object& outputs,
               const py::object& seed) {
  constexpr std::uint64_t kMax = std::numeric_limits<Index>::max();
  const char* where = Member::class_name;
  const auto n_in = static_cast<Index>(integer(inputs, "n_in", where, 1, kMax));
  const auto n_out = static_cast<Index>(integer(outputs, "n_out", where, 1, kMax));
  const auto bits = integer(seed, "seed", where, 0, std::numeric_limits<std::uint64_t>::max());
  checked_product(checked_product(n_in, n_out, where), sizeof(double), where);
  Array<double> weights({n_out, n_in});
  Rng rng(bits, Stream::initialization, 0);
  init.fill(n_in, n_out, rng, weights.mutable_data());
  return py::array(weights.attr("T"));
}

}  // namespace

void bind_initializers(py::module_& m) {
  py::dict family;
  for_each_member<Initializer>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    bind_member<Member>(m, family).def("__call__", &draw<Member>, py::arg("n_in"), py::arg("n_out"),
                                       py::arg("seed") = 0,
                                       "Weights of a layer, (n_in, n_out), drawn from the seed.");
  });
  m.attr("initializers") = family;
}

}  // namespace fastmlp::bindings
