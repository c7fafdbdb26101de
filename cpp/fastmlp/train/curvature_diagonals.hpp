// Diagonals of curvature matrices of a network's loss on the selected batch, from gradients of
// single samples instead of products with all unit vectors.
//
// The loss by the pre-activations of a node has a curvature matrix C = S diag(±1) Sᵀ for each
// sample: of loss and output activation at the last node, of phi'' ∘ dL/dh at the others. A column
// t of S passes backwards like a delta, so diag(H) = sum over nodes, columns and samples of ±
// g(t)², g(t) being the gradient that t leads to (cf. Martens, Sutskever & Swersky 2012). This is
// exact where each slot is used once, because pre-activations are then linear in its weights.
#pragma once

#include <vector>

#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

enum class Diagonal { squared_gradients, gauss_newton, hessian, curvature_propagation };

template <class T>
class CurvatureDiagonals {
 public:
  explicit CurvatureDiagonals(NetworkObjective<T>& objective) : f_(objective) {}

  // out (size) at w. squared_gradients is sum_i w_i g_i² / sum_i w_i, the empirical Fisher
  // information; curvature_propagation the average of `draws` unbiased estimates of the Hessian's.
  void compute(Diagonal kind, const T* w, std::uint64_t seed, Index draws, double* out);
  // Whether `hessian` is exact: no slot is used twice.
  static bool is_exact(const Plan<T>& plan);

 private:
  struct Group;  // the work of one thread on some tiles

  NetworkObjective<T>& f_;
  Linearization<T> linearization_;
  Index samples_ = 0;  // capacity
};

extern template class CurvatureDiagonals<float>;
extern template class CurvatureDiagonals<double>;

}  // namespace fastmlp
