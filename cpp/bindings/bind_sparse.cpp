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

}  // namespace

void bind_sparse_matrices(py::module_& float32, py::module_& float64) {
  bind_sparse_matrix<float>(float32);
  bind_sparse_matrix<double>(float64);
}

}  // namespace fastmlp::bindings
