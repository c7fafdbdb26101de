#include <map>
#include <mutex>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/network.hpp"
#include "fastmlp/optim/lanczos.hpp"
#include "fastmlp/train/curvature_diagonals.hpp"
#include "fastmlp/train/network_objective.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// The loss of a network on samples, as a function around its parameters: a copy of them, which
// keeps the point, or those of the network, for a single call. The caller must not change the
// arrays. Calls from several threads take turns.
template <class T>
class CurvatureHandle {
 public:
  CurvatureHandle(std::shared_ptr<Network<T>> network, const py::object& x,
                  const py::object& targets, const Loss& loss, const py::object& weights,
                  std::optional<std::uint64_t> seed, std::uint32_t epoch, bool keeps,
                  const py::object& lengths)
      : network_(std::move(network)),
        data_(x, targets, weights, lengths, *network_, loss),
        objective_(network_->plan(), loss),
        copy_(keeps ? network_->size() : 0),
        w_(keeps ? copy_.data() : network_->w()) {
    std::copy_n(network_->w(), copy_.size(), copy_.data());
    objective_.set_exact();
    objective_.set_context({nullptr, seed.has_value(), seed.value_or(0), epoch, 0});
    ThreadTeam team;
    objective_.set_team(team);
    objective_.select(data_.data(), {}, data_.data().size());
  }

  // C v for the rows v (k, size), C being the Hessian or Gauss and Newton's matrix.
  Array<T> products(const std::string& kind, const Array<T>& v) {
    const bool exact = kind == "hessian" || kind == "gauss_newton";
    require(exact || kind == "central_difference" || kind == "forward_difference",
            "Curvature: kind='" + kind + "' is not known");
    const MemoryLease lease(v);
    const MatrixView<const T> rows = rows_of(v, network_->size(), "v");
    auto [array, out] = new_rows<T>(rows.rows, network_->size());
    run_with_team(2 * static_cast<double>(rows.rows), [&, out = out](ThreadTeam&) {
      if (exact && !has_point_) has_point_ = objective_.set_point(w_);
      for (Index i = 0; i < rows.rows; ++i) multiply(kind, rows.row(i), out.row(i));
    });
    return array;
  }

  Array<T> gradient() {
    Array<T> gradient(network_->size());
    T* g = gradient.mutable_data();
    run_with_team(1, [&](ThreadTeam&) {
      has_point_ = false;
      objective_.value_and_gradient(w_, g);
    });
    return gradient;
  }

  Array<double> diagonal(const std::string& kind, std::uint64_t seed, Index draws) {
    const std::map<std::string, Diagonal> kinds{
        {"squared_gradients", Diagonal::squared_gradients},
        {"gauss_newton", Diagonal::gauss_newton},
        {"hessian", Diagonal::hessian},
        {"curvature_propagation", Diagonal::curvature_propagation}};
    const auto found = kinds.find(kind);
    require(found != kinds.end(), "Curvature: diagonal='" + kind + "' is not known");
    Array<double> diagonal(network_->size());
    double* out = diagonal.mutable_data();
    run_with_team(static_cast<double>(draws + network_->plan().outputs()), [&](ThreadTeam&) {
      has_point_ = false;
      CurvatureDiagonals<T>(objective_).compute(found->second, w_, seed, draws, out);
    });
    return diagonal;
  }
  bool has_exact_diagonal() const { return CurvatureDiagonals<T>::is_exact(network_->plan()); }

  // Eigenvalues of C in a Krylov space of so many dimensions, ascending.
  Array<double> ritz_values(const std::string& kind, Index dimensions, const Array<double>& start) {
    const Index n = network_->size();
    const Eigen::VectorXd first =
        Eigen::Map<const Eigen::VectorXd>(vector_of(start, n, "start").data(), n);
    Eigen::VectorXd values;
    run_with_team(2 * static_cast<double>(dimensions), [&](ThreadTeam&) {
      Buffer<T> from(n), to(n);
      if (!has_point_) has_point_ = objective_.set_point(w_);
      values = lanczos(Krylov::spectrum, n, dimensions, first, [&](const double* x, double* y) {
                 for (Index i = 0; i < n; ++i) from[i] = static_cast<T>(x[i]);
                 multiply(kind, from.data(), to.data());
                 for (Index i = 0; i < n; ++i) y[i] = static_cast<double>(to[i]);
               }).lambda;
    });
    return Array<double>(values.size(), values.data());
  }

 private:
  template <class F>
  void run_with_team(double gradients, F&& body) {
    run({gradients * step_operations(*network_, data_.data().size())}, [&](ThreadTeam& team) {
      const std::lock_guard<std::mutex> lock(mutex_);
      objective_.set_team(team);
      body(team);
    });
  }
  void multiply(const std::string& kind, const T* v, T* out) {
    if (kind == "hessian") {
      objective_.hessian_product(w_, v, out);
    } else if (kind == "central_difference") {
      has_point_ = false;
      objective_.central_difference(w_, v, out);
    } else if (kind == "forward_difference") {
      has_point_ = false;
      objective_.forward_difference(w_, v, out);
    } else {
      objective_.gauss_newton_product(w_, v, out);
    }
  }

  std::shared_ptr<Network<T>> network_;
  LeasedDataset<T> data_;
  NetworkObjective<T> objective_;
  Buffer<T> copy_;
  const T* w_;
  bool has_point_ = false;  // the objective keeps the linearisation at w
  std::mutex mutex_;
};

template <class T>
void bind_curvature(py::module_& m) {
  using Handle = CurvatureHandle<T>;
  bind_resource<Handle>(m, "Curvature", "Second derivatives of a loss at the present parameters.")
      .def(py::init<std::shared_ptr<Network<T>>, const py::object&, const py::object&, const Loss&,
                    const py::object&, std::optional<std::uint64_t>, std::uint32_t, bool,
                    const py::object&>(),
           py::arg("network"), py::arg("X"), py::arg("targets"), py::arg("loss"),
           py::arg("weights"), py::arg("seed") = py::none(), py::arg("epoch") = 0,
           py::arg("keeps") = true, py::arg("lengths") = py::none(),
           "In training mode of this seed and epoch, or without a seed in evaluation mode; at a "
           "copy of the parameters where it keeps the point.")
      .def("products", &Handle::products, py::arg("kind"), py::arg("v").noconvert(),
           "Each row of v times the Hessian, exactly ('hessian') or by differences of gradients "
           "('central_difference', 'forward_difference'), or the Gauss-Newton matrix "
           "('gauss_newton').")
      .def("gradient", &Handle::gradient)
      .def("diagonal", &Handle::diagonal, py::arg("kind"), py::arg("seed") = 0,
           py::arg("draws") = 1,
           "Of 'hessian', 'gauss_newton', 'squared_gradients' or, by draws, "
           "'curvature_propagation'.")
      .def_property_readonly("has_exact_diagonal", &Handle::has_exact_diagonal,
                             "False where parameters are shared.")
      .def("ritz_values", &Handle::ritz_values, py::arg("kind"), py::arg("dimensions"),
           py::arg("start").noconvert(),
           "Eigenvalues in the Krylov space of a start vector, by Lanczos' method.");
}

}  // namespace

void bind_curvatures(py::module_& float32, py::module_& float64) {
  bind_curvature<float>(float32);
  bind_curvature<double>(float64);
}

}  // namespace fastmlp::bindings
