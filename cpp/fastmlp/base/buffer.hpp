// Owned, aligned, zero-initialised memory, and strided views of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <type_traits>

#include "fastmlp/base/types.hpp"

namespace fastmlp {

// A block of zeros of the system, for `std::free`; std::bad_alloc where there is none. A large one
// takes memory page by page as it is written, so workspaces that are never used cost none.
void* allocate_zeros(std::size_t bytes);

// `size` elements, aligned to a cache line and followed by two vector registers of zeros, because
// kernels read and write whole registers.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Index size)
      : block_(allocate_zeros(bytes(size))), data_(static_cast<T*>(aligned(block_))), size_(size) {}
  Buffer(const Buffer& other) : Buffer(other.size_) {
    std::copy(other.data_, other.data_ + other.size_, data_);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { std::free(block_); }  // NOLINT(clang-analyzer-unix.Malloc): swapped, not shared

  // Throws std::bad_alloc if the memory cannot be allocated; touches none of it.
  static void check_available(Index size) { ::operator delete(::operator new(bytes(size))); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  Index size() const { return size_; }
  T& operator[](Index i) { return data_[i]; }
  const T& operator[](Index i) const { return data_[i]; }

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr Index kOverrun = 3 * 64 / sizeof(T);  // one for the alignment

  static std::size_t bytes(Index size) {
    constexpr Index kMax = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(T));
    if (size < 0 || size > kMax - kOverrun) throw std::bad_alloc();
    return static_cast<std::size_t>(size + kOverrun) * sizeof(T);
  }
  // The first place in a block that is aligned.
  static void* aligned(void* block) {
    const auto place = reinterpret_cast<std::uintptr_t>(block);
    return static_cast<char*>(block) + (kAlignment - place % kAlignment) % kAlignment;
  }
  void swap(Buffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  void* block_ = nullptr;
  T* data_ = nullptr;
  Index size_ = 0;
};

// A row-major matrix (rows, cols) in memory of another owner; row i starts at data + i * stride.
template <class T>
struct MatrixView {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  T* row(Index i) const { return data + i * stride; }
  // So many rows from one on.
  MatrixView part(Index first, Index count) const { return {row(first), count, cols, stride}; }
  operator MatrixView<const T>() const { return {data, rows, cols, stride}; }
};

// to <- from, of equal shape.
template <class T>
void copy(MatrixView<T> from, MatrixView<std::remove_const_t<T>> to) {
  for (Index i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

}  // namespace fastmlp
