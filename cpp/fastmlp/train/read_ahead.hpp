// Reads the samples of coming batches from their files while others compute.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "fastmlp/train/dataset.hpp"

namespace fastmlp {

// A thread that goes through the samples of an epoch, at most kReadAheadBytes before those in use,
// and reads a byte of each page, so that whoever needs them finds them in memory and mapped. When
// it has had to wait for the disk, it asks the system for the rows of the next half of these bytes,
// which the disk can then read side by side. What is already in use is passed over.
class ReadAhead {
 public:
  // No thread for samples that are not stored, or too few for one.
  ReadAhead(const StoredRows& rows, const EpochOrder& order);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The samples before this position of the epoch are in use.
  void advance(Index position);

 private:
  // The next sample to read, in use or at most a window further; the size at the end.
  Index wait_for(Index sample);
  void run();

  const StoredRows rows_;
  const EpochOrder& order_;
  Index window_ = 1;  // samples
  std::mutex mutex_;
  std::condition_variable advanced_;
  Index position_ = 0;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace fastmlp
