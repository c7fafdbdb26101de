// Dense matrices of the size of w times w, for methods of small problems.
#pragma once

#include <string>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/vector_math.hpp"

namespace fastmlp {

// Refuses `count` matrices (size, size) of such numbers that exceed the machine's memory, with the
// numbers and with the method to use `otherwise`.
void check_dense_matrices(const std::string& where, Index count, Index size, Index number_bytes,
                          const std::string& otherwise);

// f(i) for all rows i of a matrix with n columns, by the team.
template <class F>
void for_rows(ThreadTeam& team, Index n, F&& f) {
  constexpr Index kEntries = 8192;  // of a range of rows: so many are worth a thread's while
  const Index rows = std::max<Index>(1, kEntries / n);
  team.parallel_for_uninterrupted(ceil_div(n, rows), [&](Index k, int) {
    const Range range = tile(k, rows, n);
    for (Index i = range.begin; i < range.end; ++i) f(i);
  });
}

}  // namespace fastmlp
