// The rate of fused multiply-adds in registers, an upper bound of every product.
#pragma once

#include <chrono>

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

using Clock = std::chrono::steady_clock;

inline double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Operations of enough independent chains to hide the latency of a multiply-add, and few enough to
// stay in registers.
template <typename T>
double fma_flops(int repeats) {
  typedef T Vector __attribute__((vector_size(vector_bytes)));
  constexpr int chains = 12, lanes = vector_bytes / sizeof(T);
  const T factor = T(0.999), term = T(0.001);
  Vector x[chains];
  for (int chain = 0; chain < chains; ++chain) x[chain] = Vector{} + T(chain + 2);
  for (int i = 0; i < repeats; ++i) {
    for (int chain = 0; chain < chains; ++chain) x[chain] = x[chain] * factor + term;
  }
  volatile T sink = 0;
  for (const Vector& v : x) sink = sink + v[0];
  return 2.0 * chains * lanes * repeats;
}

// GFLOP/s of the calling thread.
template <typename T>
double fma_gflops(int repeats) {
  const auto start = Clock::now();
  const double flops = fma_flops<T>(repeats);
  return flops / nanoseconds_since(start);
}
