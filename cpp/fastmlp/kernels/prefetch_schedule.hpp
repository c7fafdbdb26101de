// Memory operations that a GEMM issues between micro-kernels on behalf of later work. A core tracks
// only about twenty outstanding misses, so they are spread out a few lines at a time.
#pragma once

#include "fastmlp/kernels/tuning.hpp"

namespace fastmlp {

// Cache lines, `step` elements apart, that are written next and were read by other cores. Requests
// exclusive ownership early (read for ownership): storing to a line that another core holds stalls,
// and stores retire in order. The first element of each line is read and written back, so no other
// thread may write it before the product is done.
template <class T>
struct OwnershipPrefetch {
  T* data = nullptr;
  Index lines = 0;
  Index step = kLine<T>;
};

// Rows that are read next from memory: those of `indices`, or the first ones.
template <class T>
struct NextBatchPrefetch {
  const T* data = nullptr;
  Index stride = 0;  // between rows
  Index lines = 0;   // per row
  Index rows = 0;
  const Index* indices = nullptr;
};

// Prefetch schedule of one product.
template <class T>
class PrefetchSchedule {
 public:
  OwnershipPrefetch<T> ownership;
  NextBatchPrefetch<T> next_batch;

  // Number of issue points. Only the first call counts, so a GEMM in parts keeps the total of the
  // outer call.
  void set_slots(Index slots) {
    if (slots_ == 0) slots_ = slots;
  }
  // Issues the operations of the next slot. Ownership comes last, because later stores wait for its
  // stores. Not inlined, because micro-kernels need all registers.
  [[gnu::noinline]] void issue_next() {
    ++slot_;
    prefetch_rows(slot_ * next_batch.rows * next_batch.lines / slots_);
    const Index end = slot_ * ownership.lines / slots_, begin = owned_lines_;
    owned_lines_ = end;
    for (Index i = begin; i < end; ++i) {
      volatile T* const line = ownership.data + i * ownership.step;
      *line = *line;
    }
  }

  // Lines issued so far.
  Index owned_lines() const { return owned_lines_; }
  Index prefetched_lines() const { return prefetched_lines_; }

 private:
  // Prefetches the lines up to `end` of the next batch.
  void prefetch_rows(Index end) {
    const auto [data, stride, lines, rows, indices] = next_batch;
    Index row = row_, line = line_;
    for (Index i = prefetched_lines_; i < end; ++i) {
      const Index index = indices ? indices[row] : row;
      __builtin_prefetch(data + index * stride + line * kLine<T>, 0, 2);
      if (++line == lines) {
        line = 0;
        ++row;
      }
    }
    prefetched_lines_ = end;
    row_ = row;
    line_ = line;
  }

  Index slots_ = 0, slot_ = 0, owned_lines_ = 0, prefetched_lines_ = 0;
  Index row_ = 0, line_ = 0;  // the next to prefetch
};

}  // namespace fastmlp
