// Outputs of each step as outputs of their own: of sequences, because samples end at steps of their
// own, and of losses of pairs, whose halves are those of a step. Within them, terms with weights.
#pragma once

#include "fastmlp/nn/linear_map.hpp"
#include "fastmlp/nn/output_loss.hpp"

namespace fastmlp {

// f(part, factor, scale, inner) for all parts of the outputs that have a loss of their own: the
// steps, or else the terms. part(view) are its rows: those of a step, or of a group of classes, or
// of a target, in a loss of pairs one from each half. factor(j) is its weight in sample j, 0 where
// there is no such term, and scale is multiplied by it; `inner` are the parts within.
template <class T, class F>
void for_parts(const OutputSteps<T>& steps, const MatrixView<const T>& y, const T* scale, F&& f) {
  const bool by_steps = steps.count > 1;
  const MatrixView<const T>& terms = steps.terms;
  const Index count = by_steps ? steps.count : terms.rows;
  const bool consecutive = by_steps || terms.rows < y.rows;
  for (Index i = 0; i < count; ++i) {
    const auto factor = [&, i](Index j) {
      return by_steps ? T(steps.counts(i, j)) : terms.row(i)[j];
    };
    T scaled[kNR<T>] = {};
    for (Index j = 0; j < y.cols; ++j) scaled[j] = factor(j) > 0 ? factor(j) * scale[j] : T(0);
    const auto part = [&, i](auto view) {
      const Index rows = view.rows / count;
      view.data = view.row(consecutive ? i * rows : i);
      view.rows = rows;
      if (!consecutive) view.stride *= count;
      return view;
    };
    f(part, factor, scaled,
      OutputSteps<T>{1, nullptr, by_steps ? part(terms) : MatrixView<const T>{}});
  }
}

// Sets the columns of samples without this part to 0.
template <class T, class Factor>
void clear_absent(const MatrixView<T>& view, Factor&& factor) {
  for (Index i = 0; i < view.rows; ++i) {
    for (Index j = 0; j < view.cols; ++j) {
      if (!(factor(j) > 0)) view.row(i)[j] = T(0);
    }
  }
}

// Sets what belongs to steps after the end of a sequence to 0.
template <class T>
void clear_ended(const OutputSteps<T>& steps, const MatrixView<T>& view) {
  const Index rows = view.rows / steps.count;
  for (Index t = 0; steps.lengths && t < steps.count; ++t) {
    clear_ended<T>(steps.lengths, t, view.part(t * rows, rows));
  }
}

}  // namespace fastmlp
