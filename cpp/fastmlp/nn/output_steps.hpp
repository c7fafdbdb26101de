// Outputs of each step as outputs of their own: of sequences, because samples end at steps of their
// own, and of losses of pairs, whose halves are those of a step.
#pragma once

#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/output_loss.hpp"

namespace fastmlp {

// f(t, part, scale) for all steps: part(view) are the rows of step t, and scale is 0 for samples
// that have ended.
template <class T, class F>
void for_steps(const OutputSteps& steps, Index samples, const T* scale, F&& f) {
  for (Index t = 0; t < steps.count; ++t) {
    T counted[kNR<T>] = {};
    for (Index j = 0; j < samples; ++j) counted[j] = steps.counts(t, j) ? scale[j] : T(0);
    const auto part = [&](const auto& view) {
      const Index rows = view.rows / steps.count;
      return view.part(t * rows, rows);
    };
    f(t, part, counted);
  }
}

// f(part, is_there, scale) for all targets: part(view) are the rows of target i, of a loss of pairs
// one from each half; is_there(j) says whether sample j has it, and scale is 0 where not.
template <class T, class F>
void for_targets(const MatrixView<const T>& y, const T* scale, F&& f) {
  for (Index i = 0; i < y.rows; ++i) {
    const auto is_there = [&, i](Index j) { return y.row(i)[j] == y.row(i)[j]; };
    T counted[kNR<T>] = {};
    for (Index j = 0; j < y.cols; ++j) counted[j] = is_there(j) ? scale[j] : T(0);
    const auto part = [&](auto view) {
      view.data = view.row(i);
      view.rows /= y.rows;
      view.stride *= y.rows;
      return view;
    };
    f(part, is_there, counted);
  }
}

// Sets the columns of samples without a target to 0.
template <class T, class IsThere>
void clear_missing(const MatrixView<T>& view, IsThere&& is_there) {
  for (Index i = 0; i < view.rows; ++i) {
    for (Index j = 0; j < view.cols; ++j) {
      if (!is_there(j)) view.row(i)[j] = T(0);
    }
  }
}

// Sets what belongs to steps after the end of a sequence to 0.
template <class T>
void clear_ended(const OutputSteps& steps, const MatrixView<T>& view) {
  const Index rows = view.rows / steps.count;
  for (Index t = 0; steps.lengths && t < steps.count; ++t) {
    clear_ended<T>(steps.lengths, t, view.part(t * rows, rows));
  }
}

}  // namespace fastmlp
