// Outputs of each step as outputs of their own: of sequences, because samples end at steps of their
// own, and of losses of pairs, whose halves are those of a step.
#pragma once

#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/output_loss.hpp"

namespace fastmlp {

// f(part, counts, scale, inner) for all parts of the outputs that have a loss of their own: the
// steps, or else the targets, of which some are missing. part(view) are its rows, of a target in a
// loss of pairs one from each half; counts(j) says whether sample j has it, and scale is 0 where
// not; `inner` are the parts within.
template <class T, class F>
void for_parts(const OutputSteps& steps, const MatrixView<const T>& y, const T* scale, F&& f) {
  const bool by_steps = steps.count > 1;
  const Index count = by_steps ? steps.count : y.rows;
  for (Index i = 0; i < count; ++i) {
    const auto counts = [&, i](Index j) {
      return by_steps ? steps.counts(i, j) : y.row(i)[j] == y.row(i)[j];
    };
    T counted[kNR<T>] = {};
    for (Index j = 0; j < y.cols; ++j) counted[j] = counts(j) ? scale[j] : T(0);
    const auto part = [&, i](auto view) {
      const Index rows = view.rows / count;
      view.data = view.row(by_steps ? i * rows : i);
      view.rows = rows;
      if (!by_steps) view.stride *= count;
      return view;
    };
    f(part, counts, counted, OutputSteps{1, nullptr, by_steps && steps.missing});
  }
}

// Sets the columns of samples that do not count to 0.
template <class T, class Counts>
void clear_uncounted(const MatrixView<T>& view, Counts&& counts) {
  for (Index i = 0; i < view.rows; ++i) {
    for (Index j = 0; j < view.cols; ++j) {
      if (!counts(j)) view.row(i)[j] = T(0);
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
