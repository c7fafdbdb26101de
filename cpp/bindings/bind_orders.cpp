// Orders of samples as NumPy's RandomState.shuffle makes them, for scikit-learn's estimators.
#include <algorithm>
#include <cstdint>

#include "bindings.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

// What the capsule of a bit generator points to, as numpy/random/bitgen.h declares it.
struct BitGenerator {
  void* state;
  std::uint64_t (*next_uint64)(void*);
  std::uint32_t (*next_uint32)(void*);
  double (*next_double)(void*);
  std::uint64_t (*next_raw)(void*);
};

// Exchanges x[i], for i from n - 1 down to 1, with x[j] for j uniform in 0..i: words of as many
// bits as i has, until one is no larger. A word that is larger exchanges x[i] with itself, because
// a branch that nobody can predict would take longer than all the rest.
void shuffle(const BitGenerator& bits, std::int64_t* x, Index n) {
  Index mask = 1;
  while (mask < n - 1) mask = 2 * mask + 1;
  for (Index i = n - 1; i > 0;) {
    mask >>= i <= mask >> 1;
    const Index word = static_cast<Index>(bits.next_uint32(bits.state)) & mask;
    const Index accepted = word <= i;
    std::swap(x[i], x[i + accepted * (word - i)]);
    i -= accepted;
  }
}

Array<std::int64_t> shuffled_orders(const py::object& bit_generator,
                                    const Array<std::int64_t>& order, Index n_orders) {
  constexpr Index kMostIndices = Index{1} << 32;  // those beyond would need words of 64 bits
  require(order.ndim() == 1 && order.size() <= kMostIndices && n_orders >= 0,
          "shuffled_orders: order has shape " + shape_text(order) +
              ", n_orders=" + std::to_string(n_orders) + ", expected (n,) and a number >= 0");
  const auto& bits =
      *static_cast<const BitGenerator*>(PyCapsule_GetPointer(bit_generator.ptr(), "BitGenerator"));
  if (PyErr_Occurred()) throw py::error_already_set();
  const Index n = order.size();
  Array<std::int64_t> orders({n_orders, n});
  std::int64_t* rows = orders.mutable_data();
  if (n_orders > 0) std::copy_n(order.data(), n, rows);
  const GilRelease released;
  for (Index row = 0; row < n_orders; ++row, rows += n) {
    if (row > 0) std::copy_n(rows - n, n, rows);
    shuffle(bits, rows, n);
  }
  return orders;
}

}  // namespace

void bind_orders(py::module_& m) {
  m.def(
      "shuffled_orders", &shuffled_orders, py::arg("bit_generator"), py::arg("order").noconvert(),
      py::arg("n_orders"),
      "Orders ``(n_orders, n)``, each shuffled from the one before it, the first from `order`.\n\n"
      "With the numbers, and so the state after them, of ``RandomState.shuffle``. The capsule is "
      "that of a bit generator which no other thread uses meanwhile.");
}

}  // namespace fastmlp::bindings
