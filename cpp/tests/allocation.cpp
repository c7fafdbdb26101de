#include "allocation.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

// Counts an allocation, which may have to fail.
bool is_granted(std::size_t bytes) {
  if (allocation::counted) ++allocation::count;
  if (allocation::until_failure >= 0 && allocation::until_failure-- == 0) return false;
  if (bytes > allocation::kMaxBytes) return false;
  allocation::bytes += bytes;
  return true;
}

void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
  if (!is_granted(bytes)) return nullptr;
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
}

void* allocate_or_throw(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
  void* memory = allocate(bytes, alignment);
  if (!memory) throw std::bad_alloc();
  return memory;
}

// Not inlined, because compilers warn if memory of operator new is passed to free.
[[gnu::noinline]] void release(void* memory) { std::free(memory); }

std::size_t bytes_of(std::align_val_t alignment) {
  return std::max(static_cast<std::size_t>(alignment), sizeof(void*));
}

}  // namespace

// Instead of the calls of calloc in this program, by the linker's --wrap.
extern "C" void* __real_calloc(std::size_t count, std::size_t bytes);
extern "C" void* __wrap_calloc(std::size_t count, std::size_t bytes) {
  return is_granted(count * bytes) ? __real_calloc(count, bytes) : nullptr;
}

void* operator new(std::size_t n) { return allocate_or_throw(n); }
void* operator new[](std::size_t n) { return allocate_or_throw(n); }
void* operator new(std::size_t n, std::align_val_t a) { return allocate_or_throw(n, bytes_of(a)); }
void* operator new[](std::size_t n, std::align_val_t a) {
  return allocate_or_throw(n, bytes_of(a));
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(n, bytes_of(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(n, bytes_of(a));
}
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { release(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { release(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { release(p); }
