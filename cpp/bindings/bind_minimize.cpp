#include <chrono>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/optim/minimizer.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

// fun(w) -> (value, gradient), called on the caller's thread in its own floating-point mode.
template <class T>
class PythonObjective final : public Objective<T> {
 public:
  PythonObjective(py::function fun, Index size) : fun_(std::move(fun)), size_(size) {}

  Index size() const override { return size_; }
  double value(const T* w) override { return call(w).first; }
  double value_and_gradient(const T* w, T* g) override {
    const auto [value, gradient] = call(w);
    std::copy_n(gradient.data(), size_, g);
    return value;
  }

 private:
  std::pair<double, Array<T>> call(const T* w) const {
    const FlushSubnormals::Pause pause;
    return read(call_function(fun_, Array<T>(size_, w)));
  }

  std::pair<double, Array<T>> read(const py::object& returned) const {
    if (!py::isinstance<py::tuple>(returned) || py::len(returned) != 2) {
      throw py::type_error("minimize: fun returned " + std::string(py::repr(returned)) +
                           ", expected a tuple (value, gradient)");
    }
    const py::tuple pair = returned;
    using Converted = py::array_t<T, py::array::c_style | py::array::forcecast>;
    Converted gradient = call_python([&] { return Converted::ensure(pair[1]); });
    if (!gradient) throw py::error_already_set();
    require(gradient.size() == size_, "minimize: fun returned a gradient of shape " +
                                          shape_text(gradient) + ", expected (" +
                                          std::to_string(size_) + ",)");
    return {py::float_(pair[0]), Array<T>(gradient.reshape({size_}))};
  }

  py::function fun_;
  Index size_;
};

template <class T>
py::tuple minimize_function(py::function fun, const Array<T>& w0, const Rule& optimizer,
                            Index steps, std::optional<double> max_seconds, bool record_path) {
  using SteadyClock = std::chrono::steady_clock;
  const Index size = w0.size();
  Array<T> w(size);
  std::copy_n(w0.data(), size, w.mutable_data());
  const FlushSubnormals flush;
  PythonObjective<T> objective(std::move(fun), size);
  const auto native = make_optimizer<T>(optimizer, size);
  ThreadTeam team;
  std::vector<T> path;
  const auto start = SteadyClock::now();
  const auto observe = [&](const T* iterate) {
    if (record_path) path.insert(path.end(), iterate, iterate + size);
    check_signals();
    const std::chrono::duration<double> elapsed = SteadyClock::now() - start;
    return max_seconds && elapsed.count() >= *max_seconds ? Status::max_seconds : Status::running;
  };
  const MinimizeResult result =
      minimize<T>(objective, w.mutable_data(), *native, steps, team, observe);
  py::object recorded = py::none();
  if (record_path) {
    recorded = Array<T>({static_cast<Index>(path.size()) / size, size}, path.data());
  }
  return py::make_tuple(w, result.value, text(result.status), result.steps, result.evaluations,
                        recorded);
}

}  // namespace

void bind_minimize(py::module_& float32, py::module_& float64) {
  const auto bind = [](py::module_& m, auto function) {
    m.def("minimize", function, py::arg("fun"), py::arg("w0").noconvert(), py::arg("optimizer"),
          py::arg("steps"), py::arg("max_seconds"), py::arg("record_path"));
  };
  bind(float32, &minimize_function<float>);
  bind(float64, &minimize_function<double>);
}

}  // namespace fastmlp::bindings
