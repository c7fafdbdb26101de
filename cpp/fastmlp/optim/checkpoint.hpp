// A range of w and of the state vectors, kept to undo an update that leaves numbers that are not
// finite.
#pragma once

#include <optional>
#include <vector>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/half_vector.hpp"

namespace fastmlp {

template <class T>
class Checkpoint {
 public:
  Checkpoint(Range range, T* w, std::vector<Buffer<T>>& state, std::vector<HalfVector>& halves)
      : range_(range), halves_(halves), half_copies_(halves.size()) {
    arrays_.push_back(w);
    for (Buffer<T>& vector : state) arrays_.push_back(vector.data());
    for (const T* array : arrays_) {
      copies_.emplace_back(range.size());
      std::copy_n(array + range.begin, range.size(), copies_.back().data());
    }
    for (std::size_t i = 0; i < halves.size(); ++i) {
      half_copies_[i] = Buffer<T>(range.size());
      halves[i].read(range, half_copies_[i].data());
    }
  }

  bool is_finite() const {
    const auto finite = [&](const T* array) {
      return all_finite(range_.size(), array + range_.begin);
    };
    const auto finite_half = [&](const HalfVector& vector) { return vector.is_finite(range_); };
    return std::all_of(arrays_.begin(), arrays_.end(), finite) &&
           std::all_of(halves_.begin(), halves_.end(), finite_half);
  }
  void restore() const {
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      std::copy_n(copies_[i].data(), range_.size(), arrays_[i] + range_.begin);
    }
    for (std::size_t i = 0; i < halves_.size(); ++i) {
      halves_[i].write(range_, half_copies_[i].data());
    }
  }

 private:
  Range range_;
  std::vector<T*> arrays_;  // w, then the state
  std::vector<Buffer<T>> copies_;
  std::vector<HalfVector>& halves_;  // the state in bfloat16
  std::vector<Buffer<T>> half_copies_;
};

}  // namespace fastmlp
