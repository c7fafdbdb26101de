// An owned row-major matrix whose rows are padded to whole packs, so that kernels need no ragged ends.
#pragma once

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/kernels/simd.hpp"

namespace fastmlp {

template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(Index rows, Index cols)
      : buffer_(rows * padded<T>(cols)), rows_(rows), cols_(cols), stride_(padded<T>(cols)) {}

  Block<T> block() { return {buffer_.data(), rows_, cols_, stride_}; }
  Block<const T> block() const { return {buffer_.data(), rows_, cols_, stride_}; }
  Block<T> part(Range rows) { return block().part(rows); }
  Block<const T> part(Range rows) const { return block().part(rows); }

 private:
  Buffer<T> buffer_;
  Index rows_ = 0;
  Index cols_ = 0;
  Index stride_ = 0;
};

}  // namespace fastmlp
