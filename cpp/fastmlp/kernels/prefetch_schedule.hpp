// What a product does between its register blocks for the work that comes after it: memory that is
// far away is on its way meanwhile, a few cache lines at a time, for processors keep no more in
// mind.
#pragma once

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// Elements of a cache line.
template <class T>
constexpr Index kLine = 64 / sizeof(T);

// Lines that are written to next and that other cores have read, `step` elements apart. They are
// taken back: to write a line that others have takes long, and stores wait for each other. The
// first element of each is read and written, so nobody else may write it before the product is
// done.
template <class T>
struct OwnershipPrefetch {
  T* data = nullptr;
  Index lines = 0;
  Index step = kLine<T>;
};

// Rows that are read next, from memory: those of these numbers, or the first ones.
template <class T>
struct NextBatchPrefetch {
  const T* data = nullptr;
  Index stride = 0;  // from row to row
  Index lines = 0;   // of a row
  Index rows = 0;
  const Index* numbers = nullptr;
};

// The errands of one product.
template <class T>
class PrefetchSchedule {
 public:
  OwnershipPrefetch<T> claim;
  NextBatchPrefetch<T> upcoming;

  // They are run in so many shares; where a product is made in parts, the whole speaks first.
  void divide(Index shares) {
    if (shares_ == 0) shares_ = shares;
  }
  // The next share. Claims come last, with few stores behind them, for these wait. Not inlined:
  // products have no register to spare.
  [[gnu::noinline]] void issue_next() {
    ++share_;
    ask(share_ * upcoming.rows * upcoming.lines / shares_);
    const Index end = share_ * claim.lines / shares_, begin = claimed_;
    claimed_ = end;
    for (Index i = begin; i < end; ++i) {
      volatile T* const line = claim.data + i * claim.step;
      *line = *line;
    }
  }

  // How many lines have been claimed and asked for.
  Index claimed() const { return claimed_; }
  Index asked() const { return asked_; }

 private:
  // All lines before the end that have not been asked for.
  void ask(Index end) {
    const auto [data, stride, lines, rows, numbers] = upcoming;
    Index row = row_, line = line_;
    for (Index i = asked_; i < end; ++i) {
      const Index number = numbers ? numbers[row] : row;
      __builtin_prefetch(data + number * stride + line * kLine<T>, 0, 2);
      if (++line == lines) {
        line = 0;
        ++row;
      }
    }
    asked_ = end;
    row_ = row;
    line_ = line;
  }

  Index shares_ = 0, share_ = 0, claimed_ = 0, asked_ = 0;
  Index row_ = 0, line_ = 0;  // the next to ask for
};

}  // namespace fastmlp
