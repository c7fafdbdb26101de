// Treatment of subnormal numbers: flushed to 0 while native code computes, because arithmetic on
// them is a hundred times slower. Decaying moments of Adam become subnormal, and so do weights
// under l2 and saturated outputs.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fastmlp {

// Subnormal operands and results are 0 on this thread for the lifetime of the object.
class FlushSubnormals {
 public:
  FlushSubnormals() {
    constexpr unsigned kFlushToZero = 1u << 15, kDenormalsAreZero = 1u << 6;
    write(before_ | kFlushToZero | kDenormalsAreZero);
    active_ = this;
  }
  ~FlushSubnormals() {
    active_ = outer_;
    write(before_);
  }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

  // The mode before, for code of others that native code calls.
  class Pause {
   public:
    Pause() {
      if (active_) write(active_->before_);
    }
    ~Pause() { write(mode_); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    const unsigned mode_ = read();
  };

 private:
#if defined(__x86_64__)
  static unsigned read() { return _mm_getcsr(); }
  static void write(unsigned mode) { _mm_setcsr(mode); }
#else
  static unsigned read() { return 0; }
  static void write(unsigned) {}
#endif

  static inline thread_local const FlushSubnormals* active_ = nullptr;
  const unsigned before_ = read();
  const FlushSubnormals* const outer_ = active_;
};

}  // namespace fastmlp
