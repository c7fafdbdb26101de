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
  const SampleArray<T> in(a, !couples_units(phi));
  Array<T> out = array_like(a);
  T* const to = out.mutable_data();
  for_samples(in, [&](Range samples) {
    Matrix<T> h = in.columns(samples);
    activate<T>(phi, h.view(), h.view());
    write_samples<T>(h.view(), samples.begin, to);
  });
  return out;
}

// phi'(a), element by element.
template <class T>
py::array derivative(const Activation& phi, const Array<T>& a) {
  const SampleArray<T> in(a, true);
  Array<T> out = array_like(a);
  T* const to = out.mutable_data();
  for_samples(in, [&](Range samples) {
    Matrix<T> input = in.columns(samples);
    Matrix<T> output(in.rows(), samples.size()), ones(in.rows(), samples.size());
    const MatrixView<T> g = ones.view();
    for (Index i = 0; i < g.rows; ++i) std::fill_n(g.row(i), g.cols, T(1));
    activate<T>(phi, input.view(), output.view());
    differentiate<T>(phi, input.view(), output.view(), g);
    write_samples<T>(g, samples.begin, to);
  });
  return out;
}

// J (..., k, k) of softmax: row j is J e_j, because J is symmetric.
template <class T>
py::array softmax_jacobian(const Activation& softmax, const Array<T>& a) {
  const SampleArray<T> in(a);
  const Index k = in.rows();
  std::vector<py::ssize_t> shape(a.shape(), a.shape() + a.ndim());
  shape.push_back(k);
  Array<T> jacobian(shape);
  T* const to = jacobian.mutable_data();
  for_samples(in, [&](Range samples) {
    Matrix<T> output = in.columns(samples), unit(k, samples.size());
    const MatrixView<T> h = output.view(), g = unit.view();
    activate<T>(softmax, h, h);
    for (Index j = 0; j < k; ++j) {
      for (Index i = 0; i < k; ++i) std::fill_n(g.row(i), g.cols, T(i == j));
      differentiate<T>(softmax, h, h, g);
      transpose(k, g.cols, g.data, g.stride, to + (samples.begin * k + j) * k, k * k);
    }
  });
  return jacobian;
}

// A method of one array a, which returns one.
template <class F>
py::object make_array_method(const char* name, const char* doc, const F& f) {
  py::list names;
  names.append("a");
  const std::string signature =
      std::string(name) + "(self, a: numpy.typing.ArrayLike) -> " + kFloatArray;
  return make_method(
      name, names, signature, doc,
      [names, f](const py::object& self, const std::string& where, const py::dict& given) {
        require_all(where, names, given);
        const Activation phi = choose<Activation>("self", self, where);
        return for_dtype(where.c_str(), "a", given["a"], [&](const auto& a) { return f(phi, a); });
      });
}

constexpr auto kActivationCost =
    "one pass over a, and one over a gradient; in a layer the former is part of the product";

constexpr auto kCostOfCalls =
    "a call of Python per layer and tile of 8 to 32 samples, some microseconds each, in which no "
    "other thread computes one";

// phi of three numbers, as this build computes it.
MemberText activation_text(const MemberClass& member) {
  if (*member.key == '\0') return {kCostOfCalls, ""};
  py::list numbers;
  for (const double a : {-1.0, 0.0, 2.0}) numbers.append(a);
  const py::array values = value<double>(standard<Activation>(member), Array<double>(numbers));
  return {kActivationCost, std::string(">>> fm.") + member.name + "()(" + text_of(numbers) +
                               ").round(4).tolist()\n" + rounded_text(values)};
}

void add_activation_traits(const MemberClass& member, py::dict& attributes) {
  const auto traits = [](const auto& phi) { return ActivationTraits(phi.traits); };
  const ActivationTraits found = std::visit(traits, standard<Activation>(member));
  attributes["couples_units"] = found.couples_units;
  attributes["predicts_classes"] = found.predicts_classes;
}

}  // namespace

void bind_activations(py::module_& m) {
  Family family{"activations", &activation_text, {}, &add_activation_traits, {}};
  family.attributes["__call__"] =
      make_array_method("__call__", "phi(a), in the shape of a.",
                        [](const Activation& phi, const auto& a) { return value(phi, a); });
  family.attributes["derivative"] = make_array_method(
      "derivative", "phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).",
      [](const Activation& phi, const auto& a) {
        return couples_units(phi) ? softmax_jacobian(phi, a) : derivative(phi, a);
      });
  family.attributes["has_zero_derivative"] = make_property(
      "has_zero_derivative(self) -> bool", "No gradient passes backwards.",
      [](const py::object& self) {
        const auto zero = [](const auto& phi) { return has_zero_derivative(phi); };
        return py::bool_(std::visit(zero, choose<Activation>("self", self, "Activation")));
      });
  bind_family<Activation>(m, family);
}

}  // namespace fastmlp::bindings
