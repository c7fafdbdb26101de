#include "fastmlp/kernels/tuning.hpp"

#include <unistd.h>

namespace fastmlp {

Index l2_bytes() {
  static const Index bytes = [] {
#ifdef _SC_LEVEL2_CACHE_SIZE
    const long known = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (known > 0) return static_cast<Index>(known);
#endif
    return Index{1} << 20;
  }();
  return bytes;
}

}  // namespace fastmlp
