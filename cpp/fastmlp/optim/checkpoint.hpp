// A range of w and of the state vectors, kept to undo an update that leaves numbers that are not
// finite.
#pragma once

#include <optional>
#include <vector>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {

template <class T>
class Checkpoint {
 public:
  Checkpoint(Range range, T* w, std::vector<Buffer<T>>& state) : range_(range) {
    arrays_.push_back(w);
    for (Buffer<T>& vector : state) arrays_.push_back(vector.data());
    for (const T* array : arrays_) {
      copies_.emplace_back(range.size());
      std::copy_n(array + range.begin, range.size(), copies_.back().data());
    }
  }

  bool is_finite() const {
    return std::all_of(arrays_.begin(), arrays_.end(), [&](const T* array) {
      return all_finite(range_.size(), array + range_.begin);
    });
  }
  void restore() const {
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      std::copy_n(copies_[i].data(), range_.size(), arrays_[i] + range_.begin);
    }
  }

 private:
  Range range_;
  std::vector<T*> arrays_;  // w, then the state
  std::vector<Buffer<T>> copies_;
};

}  // namespace fastmlp
