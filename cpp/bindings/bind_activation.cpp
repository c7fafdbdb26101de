#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/kernels/matrix.hpp"
#include "fastmlp/nn/activation.hpp"
#include "member_array.hpp"

namespace fastmlp::bindings {
namespace {

// phi(a), element by element or along the last axis.
template <class T>
py::array value(const Activation& phi, const Array<T>& a) {
  Matrix<T> in = copy_columns(a);
  activate<T>(phi, in.view(), in.view());
  return copy_array(in, a);
}

// phi'(a), element by element.
template <class T>
py::array derivative(const Activation& phi, const Array<T>& a) {
  Matrix<T> in = copy_columns(a);
  const MatrixView<T> input = in.view();
  Matrix<T> output(input.rows, input.cols), ones(input.rows, input.cols);
  const MatrixView<T> h = output.view(), g = ones.view();
  for (Index i = 0; i < g.rows; ++i) std::fill_n(g.row(i), g.cols, T(1));
  activate<T>(phi, input, h);
  differentiate<T>(phi, input, h, g);
  return copy_array(ones, a);
}

// J (..., k, k) of softmax: row j is J e_j, because J is symmetric.
template <class T>
py::array softmax_jacobian(const Activation& softmax, const Array<T>& a) {
  Matrix<T> in = copy_columns(a);
  const MatrixView<T> h = in.view();
  activate<T>(softmax, h, h);
  Matrix<T> unit(h.rows, h.cols);
  const MatrixView<T> g = unit.view();
  std::vector<py::ssize_t> shape(a.shape(), a.shape() + a.ndim());
  shape.push_back(h.rows);
  Array<T> jacobian(shape);
  for (Index j = 0; j < h.rows; ++j) {
    for (Index i = 0; i < g.rows; ++i) std::fill_n(g.row(i), g.cols, T(i == j));
    differentiate<T>(softmax, h, h, g);
    transpose(g.rows, g.cols, g.data, g.stride, jacobian.mutable_data() + j * h.rows,
              h.rows * h.rows);
  }
  return jacobian;
}

}  // namespace

void bind_activations(py::module_& m) {
  py::dict family;
  for_each_member<Activation>([&](const auto& member) {
    using Member = std::decay_t<decltype(member)>;
    auto cls = bind_member<Member>(m, family);
    cls.attr("couples_units") = Member::traits.couples_units;
    cls.attr("predicts_classes") = Member::traits.predicts_classes;
    cls.def_property_readonly(
        "has_zero_derivative", [](const Member& self) { return has_zero_derivative(self); },
        "No gradient passes backwards.");
    cls.def(
        "__call__",
        [](const Member& self, const py::object& a) {
          return for_dtype(Member::class_name, a, [&](const auto& x) { return value(self, x); });
        },
        py::arg("a"), "phi(a), in the shape of a.");
    cls.def(
        "derivative",
        [](const Member& self, const py::object& a) {
          return for_dtype(Member::class_name, a, [&](const auto& x) {
            if constexpr (std::is_same_v<Member, Softmax>) {
              return softmax_jacobian(self, x);
            } else {
              return derivative(self, x);
            }
          });
        },
        py::arg("a"), "phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).");
  });
  m.attr("activations") = family;
}

}  // namespace fastmlp::bindings
