// Outputs of a plan, and their derivatives by the inputs, in evaluation mode unless said.
#pragma once

#include "fastmlp/kernels/sample_rows.hpp"
#include "fastmlp/nn/passes.hpp"

namespace fastmlp {

// Outputs (n, n_out) of X (n, n_in), of sequences of these lengths where they are not all whole: 0
// for the steps after their end.
template <class T>
void predict(const Plan<T>& plan, const T* w, const SampleRows<T>& x, const MatrixView<T>& out,
             ThreadTeam& team, const std::int64_t* lengths = nullptr);

// Mean and standard deviation (n, n_out) of the outputs over some passes with dropout and noise on,
// where the divisor of the variance is passes - 1.
template <class T>
void predict_samples(const Plan<T>& plan, const T* w, const SampleRows<T>& x, Index passes,
                     std::uint64_t seed, const MatrixView<T>& mean, const MatrixView<T>& deviation,
                     ThreadTeam& team, const std::int64_t* lengths = nullptr);

// out[l] (n, features) = the outputs of layer l of the list; the last are those of `predict`.
template <class T>
void activations(const Plan<T>& plan, const T* w, const SampleRows<T>& x,
                 const std::vector<MatrixView<T>>& out, ThreadTeam& team,
                 const std::int64_t* lengths = nullptr);

// Outputs from `state` (n, sum of the states' rows) before the first step, which becomes that
// after the last one.
template <class T>
void predict_from(const Plan<T>& plan, const T* w, const SampleRows<T>& x,
                  const MatrixView<T>& state, const MatrixView<T>& out, ThreadTeam& team);

// J (n, n_out, n_in): the derivative of each output by each input.
template <class T>
void jacobian(const Plan<T>& plan, const T* w, const SampleRows<T>& x, T* out, ThreadTeam& team);

// out (n, n_out, size) = d output / d w for the rows of X (n, n_in)
template <class T>
void parameter_jacobian(const Plan<T>& plan, const T* w, const SampleRows<T>& x, T* out,
                        ThreadTeam& team);

}  // namespace fastmlp
