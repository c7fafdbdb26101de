#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/error.hpp"
#include "fastmlp/kernels/matrix.hpp"
#include "testing.hpp"

using namespace fastmlp;

TEST_CASE_TEMPLATE("a buffer and its two registers of padding are aligned to a cache line and zero",
                   T, float, double) {
  for (Index size = 0; size <= 40; ++size) {
    Buffer<T> buffer(size);
    CHECK(buffer.size() == size);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
    const Index padded_size = size + 2 * 64 / static_cast<Index>(sizeof(T));
    for (Index i = 0; i < padded_size; ++i) REQUIRE(buffer.data()[i] == 0);
    for (Index i = 0; i < padded_size; ++i) buffer.data()[i] = 1;
  }
}

TEST_CASE("a copy of a buffer is deep, a move empties its source") {
  Buffer<float> first(3);
  first[0] = 1;
  Buffer<float> copy(first);
  copy[0] = 2;
  CHECK(first[0] == 1);

  const float* memory = first.data();
  Buffer<float> moved(std::move(first));
  CHECK(moved.data() == memory);
  CHECK(first.data() == nullptr);
  CHECK(first.size() == 0);

  copy = moved;
  CHECK(copy[0] == 1);
  CHECK(copy.data() != moved.data());
  copy = Buffer<float>();
  CHECK(copy.data() == nullptr);
}

TEST_CASE_TEMPLATE("a size beyond the address space throws bad_alloc", T, float, double) {
  constexpr Index kMax = std::numeric_limits<Index>::max();
  for (const Index size : {Index(-1), std::numeric_limits<Index>::min(), kMax, kMax - 1,
                           kMax / static_cast<Index>(sizeof(T)), kMax / 2}) {
    CHECK_THROWS_AS(Buffer<T>{size}, std::bad_alloc);
  }
}

TEST_CASE("an overflowing product of sizes throws") {
  CHECK(checked_product(Index(1) << 31, Index(1) << 31, "here") == Index(1) << 62);
  CHECK_THROWS_AS(checked_product(Index(1) << 32, Index(1) << 31, "here"), std::invalid_argument);
}

TEST_CASE_TEMPLATE("rows of a matrix are whole packs, never a multiple of 2 KB apart", T, float,
                   double) {
  for (Index cols = 1; cols <= 3000; ++cols) {
    const Index stride = padded<T>(cols);
    REQUIRE(stride >= cols);
    REQUIRE(stride < cols + 2 * kLanes<T>);
    REQUIRE(stride % kLanes<T> == 0);
    REQUIRE(stride * static_cast<Index>(sizeof(T)) % 2048 != 0);
  }
  Matrix<T> matrix(5, 3);
  CHECK(matrix.view().row(2) == matrix.view().data + 2 * padded<T>(3));
}

TEST_CASE("tiles cover a range once, the last may be shorter") {
  for (Index n = 0; n <= 70; ++n) {
    for (Index size = 1; size <= 40; ++size) {
      Index end = 0;
      for (Index i = 0; i < ceil_div(n, size); ++i) {
        const Range range = tile(i, size, n);
        REQUIRE(range.begin == end);
        REQUIRE(range.size() > 0);
        REQUIRE(range.size() <= size);
        end = range.end;
      }
      REQUIRE(end == n);
    }
  }
}
