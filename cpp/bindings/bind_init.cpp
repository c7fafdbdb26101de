#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/init.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

// W as Python sees it: (n_in, n_out), the transpose of what the core keeps.
template <class Member>
py::array draw(const Member& init, Index n_in, Index n_out, std::uint64_t seed) {
  require(n_in > 0 && n_out > 0, std::string(Member::title) + ": n_in=" + std::to_string(n_in) +
                                     ", n_out=" + std::to_string(n_out) + ", expected at least 1");
  checked_product(n_in, n_out, Member::title);
  Array<double> weights({n_out, n_in});
  Rng rng(seed, Purpose::initialization, 0);
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
