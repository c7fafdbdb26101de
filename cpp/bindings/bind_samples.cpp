#include <pybind11/stl.h>

#include "bindings.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {
namespace {

template <class T>
void bind_sparse_matrix(py::module_& m) {
  using Matrix = SparseMatrix<T>;
  bind_resource<Matrix>(m, "SparseMatrix", "Samples in compressed sparse rows, read in place.")
      .def(py::init<const Array<T>&, const py::array&, const py::array&, Index>(),
           py::arg("data").noconvert(), py::arg("indices").noconvert(),
           py::arg("indptr").noconvert(), py::arg("n_columns"))
      .def("__len__", [](const Matrix& self) { return self.rows().rows; })
      .def_property_readonly(
          "shape",
          [](const Matrix& self) { return py::make_tuple(self.rows().rows, self.rows().cols); })
      .def_property_readonly("arrays", &Matrix::arrays, "data, indices, indptr");
}

template <class T>
void bind_stored_samples(py::module_& m) {
  using Samples = StoredSamples<T>;
  bind_resource<Samples>(m, "StoredSamples", "Samples as files have them, converted when read.")
      .def(py::init<std::vector<py::array>, Index>(), py::arg("arrays"), py::arg("n_columns"))
      .def("__len__", [](const Samples& self) { return self.rows().rows; })
      .def_property_readonly(
          "shape",
          [](const Samples& self) { return py::make_tuple(self.rows().rows, self.rows().cols); })
      .def_property_readonly("arrays", &Samples::arrays)
      .def("first_not_finite", &Samples::first_not_finite, "The flat index, or -1.")
      .def("take", &Samples::take, py::arg("indices").noconvert(), "A copy of these rows.");
}

}  // namespace

void bind_samples(py::module_& float32, py::module_& float64) {
  bind_sparse_matrix<float>(float32);
  bind_sparse_matrix<double>(float64);
  bind_stored_samples<float>(float32);
  bind_stored_samples<double>(float64);
}

}  // namespace fastmlp::bindings
