// Scalar draws from Philox 4x32-10: draw i of a stream is a function of (seed, stream, stream
// index, i). Uniform and normal draws are defined here because those of the standard library
// differ between platforms.
#pragma once

#include "fastmlp/kernels/box_muller.hpp"
#include "fastmlp/kernels/philox.hpp"

namespace fastmlp {

// Streams of different uses never overlap.
enum class Stream : std::uint32_t {
  initialization = 1,
  shuffle = 2,
  dropout = 3,
  noise = 4,
  signs = 5
};

// Index in [0, n) from 64 random bits: the high word of n * bits (Lemire 2019), whose bias of at
// most n / 2⁶⁴ is not measurable.
inline Index uniform_index(Index n, std::uint64_t bits) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<Index>(static_cast<Wide>(bits) * static_cast<Wide>(n) >> 64);
}

class Rng {
 public:
  Rng(std::uint64_t seed, Stream stream, std::uint32_t stream_index)
      : seed_(seed), stream_(static_cast<std::uint32_t>(stream)), stream_index_(stream_index) {}

  std::uint64_t next() {
    if (used_ == 2) refill();
    return draws_[used_++];
  }

  // In [0, 1), 53 random bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  // N(0, 1), the first of a pair. Nothing of libm decides its bits.
  double normal() {
    using P = Pack<double>;
    const double u = 1.0 - uniform(), v = uniform();
    P first, second;
    box_muller(constant<P>(u), constant<P>(v), first, second);
    return first[0];
  }

 private:
  void refill() {
    std::uint64_t x[kCounterWords] = {counter_, counter_ >> 32, stream_, stream_index_};
    philox<10>(seed_, x);
    draws_[0] = x[1] << 32 | static_cast<std::uint32_t>(x[0]);
    draws_[1] = x[3] << 32 | static_cast<std::uint32_t>(x[2]);
    used_ = 0;
    ++counter_;
  }

  std::uint64_t seed_;
  std::uint32_t stream_, stream_index_;
  std::uint64_t counter_ = 0;
  std::uint64_t draws_[2] = {};
  int used_ = 2;
};

}  // namespace fastmlp
