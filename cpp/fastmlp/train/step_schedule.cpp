#include "fastmlp/train/step_schedule.hpp"

#include <algorithm>

namespace fastmlp {

template <class T>
StepSchedule<T>::StepSchedule(const Plan<T>& plan) : plan_(plan) {
  Index layer = kNone, size = 0;
  for (const Slot& slot : plan.slots()) {
    size = slot.layer == layer ? size + slot.range.size() : slot.range.size();
    layer = slot.layer;
    largest_layer_ = std::max(largest_layer_, size);
  }
}

// A layer that stays with one thread moves less memory between cores. If one layer has more than
// 1 / threads of the parameters, the parts of every layer are divided among all threads instead, so
// that the load is balanced.
template <class T>
void StepSchedule<T>::set_team(const ThreadTeam& team) {
  team_ = &team;
  const Index threads = team.size();
  const auto& parts = plan_.parts();
  const auto n = static_cast<Index>(parts.size());
  assignments_.clear();
  const auto assign = [&](Range range) {
    for (Index i = range.begin; i < range.end; ++i) {
      const Index begin = assignments_.empty() ? 0 : assignments_.back().order.end;
      const Index size = parts[static_cast<std::size_t>(i)].range.size();
      assignments_.push_back({i, {begin, begin + size}});
    }
  };
  if (largest_layer_ * threads <= plan_.size()) return assign({0, n});
  const auto layer_of = [&](Index i) { return parts[static_cast<std::size_t>(i)].layer; };
  for (Index t = 0; t < threads; ++t) {
    for (Index first = 0, end = 0; first < n; first = end) {
      while (end < n && layer_of(end) == layer_of(first)) ++end;
      assign({first + t * (end - first) / threads, first + (t + 1) * (end - first) / threads});
    }
  }
}

// Narrow tiles are used if all threads finish earlier with them.
template <class T>
Index StepSchedule<T>::tile_columns(Index n) const {
  if (!team_->is_parallel()) return kTileColumns<T>;
  const Index threads = team_->size();
  const auto longest = [&](Index width) {  // largest number of samples of a thread
    const Index tiles = ceil_div(n, width);
    Index max = 0;
    for (Index t = 0; t < threads; ++t) {
      const Index begin = t * tiles / threads, end = (t + 1) * tiles / threads;
      max = std::max(max, std::min(n, end * width) - begin * width);
    }
    return max;
  };
  return longest(kNarrowTileColumns<T>) < longest(kTileColumns<T>) ? kNarrowTileColumns<T>
                                                                   : kTileColumns<T>;
}

// Only for data that do not fit in a second-level cache.
template <class T>
void StepSchedule<T>::set_next_batch(const Dataset<T>& data, RowSelection rows, Index n) {
  const Index bytes = data.x.rows * data.x.stride * static_cast<Index>(sizeof(T));
  if (bytes <= l2_bytes()) return;
  next_x_ = static_cast<const MatrixView<const T>&>(data.x);
  next_ = rows;
  next_n_ = n;
}

// Consecutive rows are one contiguous range of memory.
template <class T>
void StepSchedule<T>::schedule_next_batch(Range order, NextBatchPrefetch<T>& next) const {
  const Range rows{order.begin * next_n_ / plan_.size(), order.end * next_n_ / plan_.size()};
  if (next_.indices) {
    next.data = next_x_.data;
    next.indices = next_.indices + rows.begin;
    next.stride = next_x_.stride;
    next.rows = rows.size();
    next.lines = ceil_div(next_x_.cols, kLine<T>);
  } else {
    next.data = next_x_.row(next_.first + rows.begin);
    next.rows = 1;
    next.lines = ceil_div(rows.size() * next_x_.stride, kLine<T>);
  }
}

template <class T>
bool StepSchedule<T>::schedule(Index node, Range samples, PrefetchSchedule<T>& schedule) const {
  if (!team_->is_parallel()) return false;
  const MatrixView<T> delta = workspace_->node(node).delta.columns(samples);
  const bool narrow = delta.cols <= kLine<T> && delta.stride > kLine<T>;
  schedule.ownership = narrow
                           ? OwnershipPrefetch<T>{delta.data, delta.rows, delta.stride}
                           : OwnershipPrefetch<T>{delta.data, delta.rows * delta.stride / kLine<T>};
  return true;
}

template <class T>
bool StepSchedule<T>::schedule(const GradientPart& part, Range order, T* updated,
                               PrefetchSchedule<T>& schedule) const {
  const bool owns = updated && team_->is_parallel() && !part.packed;
  if (owns) {
    schedule.ownership.data = updated + part.range.begin;
    schedule.ownership.lines = ceil_div(part.range.size(), kLine<T>);
  }
  const bool reads = next_n_ > 0;
  if (reads) schedule_next_batch(order, schedule.next_batch);
  return owns || reads;
}

template <class T>
void StepSchedule<T>::prefetch_delta(const GradientPart& part, Index n) const {
  if (!team_->is_parallel()) return;
  for (const GradientBlock& block : part.blocks) {
    if (block.bias || plan_.slot(block.slot).reuse.by_terms) continue;
    for (const Index use : block.uses) {
      const Term<T>& term = plan_.terms()[static_cast<std::size_t>(use)];
      if (term.transposed != TransposedFactor::x) continue;
      const PanelMatrix<T>& delta = workspace_->node(term.output).delta;
      for (Index j = 0; j < n; j += kLanes<T>) {
        for (Index i = block.rows.begin; i < block.rows.end; ++i) {
          __builtin_prefetch(delta.at(i, j));
        }
      }
    }
  }
}

template class StepSchedule<float>;
template class StepSchedule<double>;

}  // namespace fastmlp
