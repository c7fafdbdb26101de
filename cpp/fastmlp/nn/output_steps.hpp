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

// Sets what belongs to steps after the end of a sequence to 0.
template <class T>
void clear_ended(const OutputSteps& steps, const MatrixView<T>& view) {
  const Index rows = view.rows / steps.count;
  for (Index t = 0; steps.lengths && t < steps.count; ++t) {
    clear_ended<T>(steps.lengths, t, view.part(t * rows, rows));
  }
}

}  // namespace fastmlp
