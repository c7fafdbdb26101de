#include "fastmlp/base/buffer.hpp"

namespace fastmlp {

void* allocate_zeros(std::size_t bytes) {
  void* block = std::calloc(1, bytes);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace fastmlp
