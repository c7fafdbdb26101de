// The part of a data set that a process holds, with a function in Python that adds up over all.
#pragma once

#include "fastmlp/train/shared_objective.hpp"
#include "gil.hpp"
#include "numpy.hpp"

namespace fastmlp::bindings {

// Calls the function with an array which keeps the buffer.
template <class T>
std::function<void(const std::shared_ptr<Buffer<T>>&, Index)> sum_in_place(const py::object& sum) {
  using Owner = std::shared_ptr<Buffer<T>>;
  return [sum](const Owner& buffer, Index n) {
    const GilAcquire gil;
    const py::capsule owner(new Owner(buffer),
                            [](void* kept) { delete static_cast<Owner*>(kept); });
    call_function(sum, Array<T>(n, buffer->data(), owner));
  };
}

// Calls it with copies, so that nothing in Python has the memory of the core.
inline std::function<void(double*, Index)> sum_of_copies(const py::object& sum) {
  return [sum](double* values, Index n) {
    const GilAcquire gil;
    const Array<double> array(n, values);
    call_function(sum, array);
    std::copy_n(vector_of(array, n, "sum").data(), n, values);
  };
}

// These rows of n are here, in this order.
template <class T>
Shard<T> shard_of(Index n, const std::vector<Index>& rows, bool weighted, const py::object& sum) {
  Shard<T> shard{std::vector<Index>(static_cast<std::size_t>(n), Shard<T>::kElsewhere), weighted,
                 sum_in_place<T>(sum), sum_of_copies(sum)};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    shard.rows[static_cast<std::size_t>(rows[i])] = static_cast<Index>(i);
  }
  return shard;
}

}  // namespace fastmlp::bindings
