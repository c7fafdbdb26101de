#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "fastmlp/kernels/tuning.hpp"
#include "fastmlp/train/read_ahead.hpp"
#include "testing.hpp"

using namespace fastmlp;

namespace {

constexpr Index kRowBytes = 8192;

// A mapped file without content or name.
class SparseFile {
 public:
  explicit SparseFile(Index bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    char name[] = "/tmp/fastmlp_rows_XXXXXX";
    descriptor_ = mkstemp(name);
    unlink(name);
    REQUIRE(ftruncate(descriptor_, bytes) == 0);
    data_ = static_cast<char*>(mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, descriptor_, 0));
    part_ = {data_, 0, kRowBytes};
  }
  ~SparseFile() {
    munmap(data_, bytes_);
    close(descriptor_);
  }
  SparseFile(const SparseFile&) = delete;
  SparseFile& operator=(const SparseFile&) = delete;

  StoredRows rows() const { return {&part_, 1, static_cast<Index>(bytes_) / kRowBytes, kRowBytes}; }
  // Whether the first page of a row has been read.
  bool is_read(Index row) const {
    unsigned char resident = 0;
    mincore(data_ + row * kRowBytes, 1, &resident);
    return resident & 1;
  }

 private:
  std::size_t bytes_;
  int descriptor_ = -1;
  char* data_ = nullptr;
  StoredPart part_;
};

EpochOrder order_of(Index n, bool shuffle) {
  EpochOrder order;
  order.shuffle_rows(n, shuffle, 7, 0);
  return order;
}

template <class Condition>
bool comes_true(Condition&& condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace

TEST_CASE("rows within the window are read before they are used, and no others") {
  const Index window = kReadAheadBytes / kRowBytes, n = 8 * window;
  for (const bool shuffle : {false, true}) {
    const SparseFile fresh(8 * kReadAheadBytes);
    const EpochOrder order = order_of(n, shuffle);
    const RowSelection rows = order.batch(0);
    ReadAhead ahead(fresh.rows(), order);
    CHECK(comes_true([&] { return fresh.is_read(rows[window - 1]); }));
    if (!shuffle) CHECK(!fresh.is_read(rows[3 * window]));
    ahead.advance(2 * window);
    CHECK(comes_true([&] { return fresh.is_read(rows[3 * window - 1]); }));
    if (!shuffle) CHECK(!fresh.is_read(rows[5 * window]));
  }
}

TEST_CASE("the thread ends whenever its owner does") {
  const SparseFile file(3 * kReadAheadBytes);
  const EpochOrder order = order_of(file.rows().rows, true);
  for (Index i = 0; i < 50; ++i) {
    ReadAhead ahead(file.rows(), order);
    ahead.advance(i * 100);
    ahead.advance(i % 2 ? order.size() : i * 200);
  }
}

TEST_CASE("few rows, or none that are stored, have no thread") {
  const SparseFile file(kReadAheadBytes);
  const EpochOrder order = order_of(file.rows().rows, false);
  ReadAhead ahead(file.rows(), order), none(StoredRows{}, order);
  ahead.advance(1);
  none.advance(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(!file.is_read(0));
}
