// A sum of squares, whose terms are known one by one.
#pragma once

#include "fastmlp/optim/objective.hpp"

namespace fastmlp {

// f(w) = 1/2 |r(w)|²
template <class T>
class ResidualObjective : public Objective<T> {
 public:
  // The lower triangle of JᵀJ, row-major (size, size), and g = Jᵀ r, with J = dr/dw.
  virtual void normal_equations(const T* w, double* normal, double* g) = 0;
};

}  // namespace fastmlp
