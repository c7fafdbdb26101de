// JᵀJ and Jᵀ r of a network's residuals on the selected batch, for Levenberg-Marquardt.
#pragma once

#include <vector>

#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

template <class T>
class NormalEquations {
 public:
  explicit NormalEquations(NetworkObjective<T>& objective) : f_(objective) {}

  // The lower triangle of JᵀJ, row-major, and g = Jᵀ r at w, by the trained parameters. Cost: a
  // forward pass, a backward pass for each output, and size² / 2 operations for each residual.
  void compute(const T* w, double* normal, double* g);

 private:
  void fill_rows(const T* w, Range chunk, Range samples);
  void add_rows(Index rows, bool first, double* normal, double* g);

  NetworkObjective<T>& f_;
  // Some rows of J and of r, in double because JᵀJ squares the condition of J.
  std::vector<double> jacobian_, residuals_;
  std::vector<Buffer<T>> gradients_;  // of a sample, one for each thread
};

extern template class NormalEquations<float>;
extern template class NormalEquations<double>;

}  // namespace fastmlp
