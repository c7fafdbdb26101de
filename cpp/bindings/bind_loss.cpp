#include <pybind11/eval.h>

#include "bindings.hpp"
#include "family.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "member_array.hpp"

namespace fastmlp::bindings {
namespace {

using LossArrays = std::pair<py::array, py::array>;  // values and gradient

// The loss at outputs o and targets y of one shape, (n, n_out) or (n,).
template <class T>
LossArrays evaluate_loss(const char* where, const Loss& loss, Array<T> o, Array<T> y) {
  require(o.ndim() == 1 || o.ndim() == 2, std::string(where) + ": outputs have shape " +
                                              shape_text(o) + ", expected (n, n_out) or (n,)");
  const Index n = o.shape(0), outputs = o.ndim() == 2 ? o.shape(1) : 1;
  const Index columns = target_columns(loss, outputs);
  require(outputs % (2 / target_columns(loss, 2)) == 0,  // per target
          std::string(where) + ": outputs have shape " + shape_text(o) +
              ", expected an even number of columns, means and log variances");
  const bool fits = y.size() == n * columns && y.ndim() <= 2 && y.ndim() > 0 && y.shape(0) == n;
  require(fits, std::string(where) + ": y has shape " + shape_text(y) + ", expected (" +
                    std::to_string(n) + ", " + std::to_string(columns) + ")");
  const SampleArray<T> out(Array<T>(o.reshape({n, outputs})));
  const SampleArray<T> target(Array<T>(y.reshape({n, columns})));
  Array<T> values(n), gradient = array_like(o);
  T *const value = values.mutable_data(), *const g = gradient.mutable_data();
  std::fill_n(value, n, T(0));  // stays where there are no outputs
  for_samples(out, [&](Range samples) {
    Matrix<T> a = out.columns(samples), t = target.columns(samples);
    smooth_targets(loss, t.view().rows, t.view());
    Matrix<T> by_output(outputs, samples.size());
    MatrixView<T> delta = by_output.view();
    const std::vector<T> ones(static_cast<std::size_t>(samples.size()), T(1));
    loss_and_delta<T>({Identity{}, loss}, a.view(), t.view(), a.view(), value + samples.begin,
                      ones.data(), &delta);
    write_samples<T>(delta, samples.begin, g);
  });
  return {values, gradient};
}

LossArrays evaluate_any(const char* where, const Loss& loss, const py::object& o,
                        const py::object& y) {
  LossArrays result;
  for_dtype(where, "o", o, [&](const auto& outputs) {
    using Given = std::decay_t<decltype(outputs)>;
    using T = typename Given::value_type;
    return for_dtype(where, "y", y, [&](const auto& targets) {
      const py::str name("y");
      const Array<T> converted(read_array(where, "convert", targets, py::dtype::of<T>(), name));
      result = evaluate_loss<T>(where, loss, outputs, converted);
      return result.first;
    });
  });
  return result;
}

// A method of outputs o and targets y, which returns an array.
py::object make_loss_method(const char* name, const char* doc,
                            py::array (*part)(const LossArrays&)) {
  py::list names;
  names.append("o");
  names.append("y");
  const std::string signature = std::string(name) +
                                "(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> " +
                                kFloatArray;
  return make_method(
      name, names, signature, doc,
      [names, part](const py::object& self, const std::string& where, const py::dict& given) {
        require_all(where, names, given);
        const Loss loss = choose<Loss>("self", self, where);
        return part(evaluate_any(where.c_str(), loss, given["o"], given["y"]));
      });
}

constexpr auto kLossCost = "one pass over o and y, for values and gradient together";

// The loss of one sample, as this build computes it.
MemberText loss_text(const MemberClass& member) {
  const auto loss = standard<Loss>(member);
  const bool halved = target_columns(loss, 2) == 1;
  const py::object o = py::eval("[[0.25, 0.5]]"), y = py::eval(halved ? "[[1.0]]" : "[[0.0, 1.0]]");
  const auto values = evaluate_loss<double>("", loss, o, y).first;
  return {kLossCost, std::string(">>> fm.") + member.name + "()(" + text_of(o) + ", " + text_of(y) +
                         ").round(4).tolist()\n" + rounded_text(values)};
}

void add_loss_traits(const MemberClass& member, py::dict& attributes) {
  const auto traits = [](const auto& loss) { return LossTraits(loss.traits); };
  const LossTraits found = std::visit(traits, standard<Loss>(member));
  attributes["target_range"] = py::make_tuple(found.min_target, found.max_target);
  attributes["labels_pm1"] = found.labels_pm1;
  attributes["reads_preactivation"] = found.reads_preactivation;
  attributes["outputs_per_target"] = found.outputs_per_target;
}

}  // namespace

void bind_losses(py::module_& m) {
  Family family{"losses", &loss_text, {}, &add_loss_traits, {}};
  family.attributes["__call__"] = make_loss_method(
      "__call__", "L of each sample, (n,): summed over outputs, not averaged over samples.",
      [](const LossArrays& result) { return result.first; });
  family.attributes["gradient"] =
      make_loss_method("gradient", "dL/do of each sample, in the shape of o, without 1/n.",
                       [](const LossArrays& result) { return result.second; });
  bind_family<Loss>(m, family);
}

}  // namespace fastmlp::bindings
