#include "fastmlp/train/read_ahead.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <system_error>

#include "fastmlp/kernels/tuning.hpp"

namespace fastmlp {
namespace {

// A page that takes longer came from a disk.
constexpr std::chrono::microseconds kDiskWait{20};

Index page_bytes() {
  static const auto bytes = static_cast<Index>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Of memory that is no file's it is refused.
void advise(const char* begin, Index bytes, int advice) {
  const auto address = static_cast<Index>(reinterpret_cast<std::uintptr_t>(begin));
  const Index before = address % page_bytes();  // advice is for whole pages
  madvise(const_cast<char*>(begin - before), static_cast<std::size_t>(before + bytes), advice);
}

void advise(const StoredRows& rows, int advice) {
  for (Index p = 0; p < rows.n_parts; ++p) {
    const Index end = p + 1 < rows.n_parts ? rows.parts[p + 1].first : rows.rows;
    const char *first = rows.parts[p].data, *last = rows.row(end - 1);
    const auto [low, high] = std::minmax(first, last);
    advise(low, high - low + rows.row_bytes, advice);
  }
}

void touch(const char* begin, Index bytes) {
  for (Index k = 0; k < bytes; k += page_bytes()) {
    static_cast<void>(*static_cast<const volatile char*>(begin + k));
  }
  static_cast<void>(*static_cast<const volatile char*>(begin + bytes - 1));
}

}  // namespace

ReadAhead::ReadAhead(const StoredRows& rows, const EpochOrder& order) : rows_(rows), order_(order) {
  if (rows.rows * rows.row_bytes < 2 * kReadAheadBytes) return;
  window_ = std::max<Index>(2, kReadAheadBytes / rows.row_bytes);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // no thread: each row is read when it is needed
    return;
  }
  if (!order.is_consecutive()) advise(rows_, MADV_RANDOM);  // else 128 kB are read for each row
}

ReadAhead::~ReadAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  advanced_.notify_one();
  thread_.join();
  if (!order_.is_consecutive()) advise(rows_, MADV_NORMAL);
}

void ReadAhead::advance(Index position) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    position_ = position;
  }
  advanced_.notify_one();
}

Index ReadAhead::wait_for(Index sample) {
  std::unique_lock lock(mutex_);
  advanced_.wait(lock, [&] { return ended_ || sample < position_ + window_; });
  return ended_ ? order_.size() : std::max(sample, position_);
}

void ReadAhead::run() {
  using Clock = std::chrono::steady_clock;
  const RowSelection samples = order_.batch(0);
  const Index n = order_.size();
  for (Index asked = 0, i = wait_for(0); i < n; i = wait_for(i + 1)) {
    const auto start = Clock::now();
    touch(rows_.row(samples[i]), rows_.row_bytes);
    if (Clock::now() - start < kDiskWait) continue;
    for (asked = std::max(asked, i + 1); asked < std::min(n, i + window_ / 2); ++asked) {
      advise(rows_.row(samples[asked]), rows_.row_bytes, MADV_WILLNEED);
    }
  }
}

}  // namespace fastmlp
