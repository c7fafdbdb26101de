// Products of the Hessian and of Gauss and Newton's matrix with vectors, for a network's loss on
// the selected batch. A point costs one gradient, a product at it about two.
#pragma once

#include "fastmlp/nn/r_passes.hpp"
#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

template <class T>
class CurvatureProducts {
 public:
  explicit CurvatureProducts(NetworkObjective<T>& objective) : f_(objective) {}

  // Keeps the linearisation at w for the products that follow; false where the batch has several
  // chunks, each of which is linearised again for every product.
  bool set_point(const T* w);
  void drop_point() { point_ = nullptr; }
  // out = C v for the curvature matrix C at w. out must not overlap w or v.
  void product(Curvature curvature, const T* w, const T* v, T* out);

 private:
  void add_product(const Tangent<T>& tangent, Range chunk, bool first, T* out);

  NetworkObjective<T>& f_;
  Index samples_ = 0;  // capacity
  Linearization<T> linearization_;
  TangentWorkspace<T> direction_;
  const T* point_ = nullptr;  // of the linearisation that is kept
  std::uint64_t version_ = 0;
};

extern template class CurvatureProducts<float>;
extern template class CurvatureProducts<double>;

}  // namespace fastmlp
