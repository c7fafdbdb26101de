// Checks of values that Python makes before it calls the core.
#include <Eigen/Core>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/kernels/bf16.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/kernels/tuning.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/optim/dense_matrix.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

py::object resolve(const std::string& family, const py::object& value, const std::string& where) {
  const auto chosen = [&](const char* parameter,
                          std::initializer_list<const std::type_info*> families) {
    const Choice choice = choose_member(families, parameter, value, where);
    return make_object(*choice.member, choice.data);
  };
  if (family == "activation") return chosen("activation", {&typeid(Activation)});
  if (family == "loss") return chosen("loss", {&typeid(Loss)});
  if (family == "init") return chosen("init", {&typeid(Initializer)});
  if (family == "optimizer") return chosen("optimizer", {&typeid(Rule), &typeid(Method)});
  if (family == "line_search") return chosen("method", {&typeid(LineSearch)});
  throw py::value_error("resolve: family='" + family + "', expected one of: 'activation', " +
                        "'loss', 'init', 'optimizer', 'line_search'");
}

// Flat index of the first nan or inf, -1 if all entries are finite.
template <class T>
Index first_non_finite(const Array<T>& array) {
  const MemoryLease lease(array);
  const T* x = array.data();
  const Index n = array.size();
  Index found = -1;
  run_alone([&](ThreadTeam& team) {
    for (Index begin = 0; begin < n && found < 0; begin += kScanRangeElements) {
      const Index end = std::min(n, begin + kScanRangeElements);
      team.poll_interrupt(kScanRangeElements);
      if (all_finite(end - begin, x + begin)) continue;
      const T* first = std::find_if(x + begin, x + end, [](T v) { return !std::isfinite(v); });
      if (first != x + end) found = first - x;
    }
  });
  return found;
}

Index check_classes(const Array<std::int64_t>& classes, Index n) {
  const std::int64_t *begin = classes.data(), *end = begin + classes.size();
  const auto is_outside = [=](std::int64_t c) { return c < 0 || c >= n; };
  const std::int64_t* found = std::find_if(begin, end, is_outside);
  return found == end ? -1 : found - begin;
}

py::dict config() {
  py::dict config;
#if defined(__clang__)
  config["compiler"] = "Clang " __clang_version__;
#else
  config["compiler"] = "GCC " __VERSION__;
#endif
  config["eigen"] = std::to_string(EIGEN_WORLD_VERSION) + "." +
                    std::to_string(EIGEN_MAJOR_VERSION) + "." + std::to_string(EIGEN_MINOR_VERSION);
  const int openmp = openmp_version();
  config["openmp"] = openmp > 0 ? py::object(py::int_(openmp)) : py::none();
  config["vector_bytes"] = kVectorBytes;
  const char* const units[] = {nullptr, "vdpbf16ps", "AMX tiles"};
  config["bf16"] = units[static_cast<int>(bf16_unit())];
  return config;
}

}  // namespace

void bind_checks(py::module_& m) {
  m.def("resolve", &resolve, py::arg("family"), py::arg("value"), py::arg("where"),
        "The member of a family given as an instance or by its key.");
  m.def("default_loss", &default_loss, py::arg("output"),
        "The default loss of an output activation.");
  m.def("first_non_finite", &first_non_finite<float>, py::arg("array").noconvert(),
        "Flat index of the first nan or inf, -1 where there is none.");
  m.def("first_non_finite", &first_non_finite<double>, py::arg("array").noconvert());
  m.def("check_classes", &check_classes, py::arg("classes").noconvert(), py::arg("n"),
        "Index of the first class that is not in [0, n), -1 where there is none.");
  m.def("check_dense_matrices", &check_dense_matrices, py::arg("where"), py::arg("count"),
        py::arg("size"), py::arg("number_bytes"), py::arg("otherwise"),
        "Raises if so many square matrices exceed the memory of this machine.");
  m.def("config", &config, "What the core was built with.");
}

}  // namespace fastmlp::bindings
