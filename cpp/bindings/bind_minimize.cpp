#include <Eigen/Core>
#include <chrono>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/line_search.hpp"
#include "fastmlp/optim/minimize.hpp"
#include "fastmlp/optim/optimizers.hpp"
#include "fastmlp/optim/residual_objective.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

// fun(w) -> (value, gradient) and hvp(w, v) -> H(w) v, unless it is None, called on the caller's
// thread in its own floating-point mode.
template <class T>
class PythonObjective final : public Objective<T> {
 public:
  PythonObjective(py::function fun, py::object hvp, Index size)
      : fun_(std::move(fun)), hvp_(std::move(hvp)), size_(size) {}

  Index size() const override { return size_; }
  double value(const T* w) override { return call(w).first; }
  double value_and_gradient(const T* w, T* g) override {
    const auto [value, gradient] = call(w);
    std::copy_n(gradient.data(), size_, g);
    return value;
  }
  void hessian_product(const T* w, const T* v, T* hv) override {
    if (hvp_.is_none()) return Objective<T>::hessian_product(w, v, hv);
    const FlushSubnormals::Pause pause;
    const py::object returned = call_function(hvp_, Array<T>(size_, w), Array<T>(size_, v));
    std::copy_n(vector(returned, "hvp returned a product").data(), size_, hv);
  }

 private:
  Array<T> vector(const py::object& returned, const char* what) const {
    using Converted = py::array_t<T, py::array::c_style | py::array::forcecast>;
    Converted array = call_python([&] { return Converted::ensure(returned); });
    if (!array) throw py::error_already_set();
    require(array.size() == size_, std::string("minimize: ") + what + " of shape " +
                                       shape_text(array) + ", expected (" + std::to_string(size_) +
                                       ",)");
    return Array<T>(array.reshape({size_}));
  }
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
    return {py::float_(pair[0]), vector(pair[1], "fun returned a gradient")};
  }

  py::function fun_;
  py::object hvp_;
  Index size_;
};

// residuals(w) -> (m,) and jacobian(w) -> (m, size), called on the caller's thread.
template <class T>
class PythonResiduals final : public ResidualObjective<T> {
 public:
  PythonResiduals(py::function residuals, py::function jacobian, Index size)
      : residuals_(std::move(residuals)), jacobian_(std::move(jacobian)), size_(size) {}

  Index size() const override { return size_; }
  double value(const T* w) override { return half_squares(at(w)); }
  double value_and_gradient(const T* w, T* g) override {
    const Array<T> r = at(w), j = jacobian_at(w, r.size());
    for (Index k = 0; k < size_; ++k) {
      double sum = 0;
      for (Index i = 0; i < r.size(); ++i) {
        sum += static_cast<double>(j.data()[i * size_ + k]) * static_cast<double>(r.data()[i]);
      }
      g[k] = static_cast<T>(sum);
    }
    return half_squares(r);
  }
  void normal_equations(const T* w, double* normal, double* g) override {
    const Array<T> r = at(w), j = jacobian_at(w, r.size());
    using Rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::MatrixXd dense =
        Eigen::Map<const Rows>(j.data(), r.size(), size_).template cast<double>();
    const Eigen::VectorXd e =
        Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>(r.data(), r.size())
            .template cast<double>();
    Eigen::Map<Eigen::MatrixXd>(normal, size_, size_).noalias() = dense.transpose() * dense;
    Eigen::Map<Eigen::VectorXd>(g, size_).noalias() = dense.transpose() * e;
  }

 private:
  Array<T> at(const T* w) const {
    const FlushSubnormals::Pause pause;
    return call_function(residuals_, Array<T>(size_, w)).template cast<Array<T>>();
  }
  Array<T> jacobian_at(const T* w, Index rows) const {
    const FlushSubnormals::Pause pause;
    auto j = call_function(jacobian_, Array<T>(size_, w)).template cast<Array<T>>();
    require(rows_of(j, size_, "jacobian").rows == rows,
            "least_squares: jacobian has " + std::to_string(j.shape(0)) + " rows, expected " +
                std::to_string(rows) + ", as residuals has");
    return j;
  }
  static double half_squares(const Array<T>& r) {
    const T* values = r.data();
    return 0.5 * sum_in_double(r.size(), [=](Index i) {
             return static_cast<double>(values[i]) * static_cast<double>(values[i]);
           });
  }

  py::function residuals_, jacobian_;
  Index size_;
};

// The end of a minimisation, besides that of the optimizer.
struct Limits {
  Index steps;
  std::optional<double> max_seconds;
  bool record_path;
  py::object callback;  // of the start and each iterate; True ends the run as converged
};

template <class T>
py::tuple minimize_objective(Objective<T>& objective, const Array<T>& w0,
                             const AnyOptimizer& optimizer, const Limits& limits) {
  using SteadyClock = std::chrono::steady_clock;
  const Index size = w0.size();
  Array<T> w(size);
  std::copy_n(w0.data(), size, w.mutable_data());
  const auto native = make_optimizer<T>(optimizer, size);
  ThreadTeam team;
  std::vector<T> path;
  const auto start = SteadyClock::now();
  if (limits.max_seconds) native->set_deadline(deadline_after(start, *limits.max_seconds));
  const auto observe = [&](const T* iterate) {
    if (limits.record_path) path.insert(path.end(), iterate, iterate + size);
    check_signals();
    if (!limits.callback.is_none() &&
        call_function(limits.callback, Array<T>(size, iterate)).is(py::bool_(true))) {
      return Status::converged;
    }
    const std::chrono::duration<double> elapsed = SteadyClock::now() - start;
    const bool expired = limits.max_seconds && elapsed.count() >= *limits.max_seconds;
    return expired ? Status::max_seconds : Status::running;
  };
  const MinimizeResult result =
      minimize<T>(objective, w.mutable_data(), *native, limits.steps, team, observe);
  py::object recorded = py::none();
  if (limits.record_path) {
    recorded = Array<T>({static_cast<Index>(path.size()) / size, size}, path.data());
  }
  return py::make_tuple(w, result.value, text(result.status), result.steps, result.evaluations,
                        recorded);
}

template <class T>
py::tuple minimize_function(py::function fun, const Array<T>& w0, const AnyOptimizer& optimizer,
                            Index steps, const py::object& hvp, std::optional<double> max_seconds,
                            bool record_path, const py::object& callback) {
  const FlushSubnormals flush;
  PythonObjective<T> objective(std::move(fun), hvp, w0.size());
  return minimize_objective<T>(objective, w0, optimizer,
                               {steps, max_seconds, record_path, callback});
}

// The search of a family along d from w: length, point, value, gradient, result and evaluations.
template <class T>
py::tuple search_line(py::function fun, const Array<T>& w0, const Array<T>& d,
                      const LineSearch& method, double first) {
  const FlushSubnormals flush;
  const Index n = w0.size();
  PythonObjective<T> f(std::move(fun), py::none(), n);
  Array<T> w(n), g(n);
  std::copy_n(w0.data(), n, w.mutable_data());
  ThreadTeam team;
  const double value = f.value_and_gradient(w0.data(), g.mutable_data());
  const Array<T> start(n, g.data());
  const double slope = dot(team, n, g.data(), d.data());
  if (!(slope < 0)) return py::make_tuple(0.0, w, value, g, "not_descent", 1);
  Line<T> line(f, w0.data(), d.data(), {0, value, slope}, w.mutable_data(), g.mutable_data(), team);
  const LineSearchResult result =
      std::visit([&](const auto& search) { return search.search(line, first); }, method);
  const Index calls = 1 + line.evaluations();
  if (result == LineSearchResult::failed) {
    return py::make_tuple(0.0, Array<T>(n, w0.data()), value, start, "failed", calls);
  }
  const char* const word = result == LineSearchResult::found ? "found" : "decrease";
  return py::make_tuple(line.last().t, w, line.last().value, g, word, calls);
}

template <class T>
py::tuple least_squares(py::function residuals, const Array<T>& w0, py::function jacobian,
                        const AnyOptimizer& optimizer, Index steps,
                        std::optional<double> max_seconds, bool record_path) {
  const FlushSubnormals flush;
  PythonResiduals<T> objective(std::move(residuals), std::move(jacobian), w0.size());
  return minimize_objective<T>(objective, w0, optimizer,
                               {steps, max_seconds, record_path, py::none()});
}

}  // namespace

void bind_minimize(py::module_& float32, py::module_& float64) {
  const auto bind = [](py::module_& m, auto function) {
    m.def("minimize", function, py::arg("fun"), py::arg("w0").noconvert(), py::arg("optimizer"),
          py::arg("steps"), py::arg("hvp"), py::arg("max_seconds"), py::arg("record_path"),
          py::arg("callback"));
  };
  bind(float32, &minimize_function<float>);
  bind(float64, &minimize_function<double>);
  const auto bind_line = [](py::module_& m, auto function) {
    m.def("line_search", function, py::arg("fun"), py::arg("w0").noconvert(),
          py::arg("direction").noconvert(), py::arg("method"), py::arg("first_step"));
  };
  bind_line(float32, &search_line<float>);
  bind_line(float64, &search_line<double>);
  const auto bind_squares = [](py::module_& m, auto function) {
    m.def("least_squares", function, py::arg("residuals"), py::arg("w0").noconvert(),
          py::arg("jacobian"), py::arg("optimizer"), py::arg("steps"), py::arg("max_seconds"),
          py::arg("record_path"));
  };
  bind_squares(float32, &least_squares<float>);
  bind_squares(float64, &least_squares<double>);
}

}  // namespace fastmlp::bindings
