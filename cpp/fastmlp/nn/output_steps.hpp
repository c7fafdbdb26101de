// Outputs of each step of a sequence as outputs of their own, because samples end at steps of their
// own.
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
    for (Index j = 0; j < samples; ++j) counted[j] = steps.lengths[j] > t ? scale[j] : T(0);
    const auto part = [&](const auto& view) {
      const Index rows = view.rows / steps.count;
      return view.part(t * rows, rows);
    };
    f(t, part, counted);
  }
}

}  // namespace fastmlp
