// Checks of values that Python makes before it calls the core.
#include <Eigen/Core>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/base/parallel.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/kernels/tuning.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/optim/update_rules.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

py::object resolve(const std::string& family, const py::object& value, const std::string& where) {
  if (family == "activation") return py::cast(choose<Activation>("activation", value, where));
  if (family == "loss") return py::cast(choose<Loss>("loss", value, where));
  if (family == "init") return py::cast(choose<Initializer>("init", value, where));
  if (family == "optimizer") return py::cast(choose<Rule>("optimizer", value, where));
  throw py::value_error("resolve: family='" + family +
                        "', expected one of: 'activation', 'loss', 'init', 'optimizer'");
}

// Flat index of the first nan or inf, -1 if all entries are finite.
template <class T>
Index first_non_finite(const Array<T>& array) {
  const T* x = array.data();
  const Index n = array.size();
  const py::gil_scoped_release release;
  for (Index begin = 0; begin < n; begin += kScanRangeElements) {
    const Index end = std::min(n, begin + kScanRangeElements);
    if (all_finite(end - begin, x + begin)) continue;
    for (Index i = begin; i < end; ++i) {
      if (!std::isfinite(x[i])) return i;
    }
  }
  return -1;
}

Index check_classes(const Array<std::int64_t>& classes, Index n) {
  return first_outside(classes.data(), classes.size(), n);
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
  m.def("config", &config, "What the core was built with.");
}

}  // namespace fastmlp::bindings
