// Training data in the caller's memory, and the order of its samples in an epoch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "fastmlp/kernels/random.hpp"
#include "fastmlp/kernels/sample_rows.hpp"

namespace fastmlp {

[[noreturn]] inline void throw_class(std::int64_t index, Index sample, Index n) {
  throw std::invalid_argument("y[" + std::to_string(sample) + "]=" + std::to_string(index) +
                              ", expected class indices 0 to " + std::to_string(n - 1) +
                              "; y must not change while it is read");
}

// n samples: x (n, n_in), and as targets either y (n, n_out) or, for a softmax output, the index of
// each sample's class, or of each group's, (n, groups). Targets, or groups, are terms of the loss:
// L_i = sum_k terms_ik L_ik, where terms of 0 are left out, such as those without a target.
template <class T>
struct Dataset {
  SampleRows<T> x;
  MatrixView<const T> y;
  const std::int64_t* classes = nullptr;
  Index groups = 1;
  const T* weights = nullptr;             // n of them, or nullptr: 1 each
  const std::int64_t* lengths = nullptr;  // steps of each sample's sequence, or nullptr: all
  MatrixView<const T> terms{};            // factors (n, n_terms) of a sample's losses, or none: 1

  // The same arrays.
  bool operator==(const Dataset& other) const {
    return x == other.x && y.data == other.y.data && classes == other.classes &&
           groups == other.groups && weights == other.weights && lengths == other.lengths &&
           terms.data == other.terms.data;
  }
  Index size() const { return x.rows; }
  // Class i, of a sample or of a group of one, in [0, n). It is checked where it is used, and read
  // once, because the caller's memory may change at any time.
  Index class_of(Index i, Index n) const {
    const std::int64_t index = __atomic_load_n(classes + i, __ATOMIC_RELAXED);
    if (index < 0 || index >= n) throw_class(index, i, n);
    return static_cast<Index>(index);
  }
  double weight(Index i) const { return weights ? static_cast<double>(weights[i]) : 1.0; }
  double mean_weight() const {
    if (!weights || size() == 0) return 1;
    return std::accumulate(weights, weights + size(), 0.0) / static_cast<double>(size());
  }
  // Of these samples.
  double mean_weight(const std::vector<Index>& samples) const {
    if (!weights) return 1;
    double sum = 0;
    for (const Index i : samples) sum += weight(i);
    return sum / static_cast<double>(samples.size());
  }
};

// The divisor of sum w_i L_i over a batch of B samples: B times the mean weight of the data set, so
// that weights act in small batches too, or the batch's own sum of weights.
enum class Weighting { set, batch };
// What the l2 of penalties is: the coefficient, or the numerator of one whose denominator is the
// batch's sum of weights.
enum class L2Scale { constant, batch_weight };

// Selection of the samples of a batch: those of the indices, or consecutive ones from `first` on.
struct RowSelection {
  const Index* indices = nullptr;
  Index first = 0;

  Index operator[](Index i) const { return indices ? indices[i] : first + i; }
};

// The order of the samples in an epoch: ascending, a random permutation (Fisher & Yates) of (seed,
// epoch), or any given indices.
class EpochOrder {
 public:
  // Indices of samples, in any order and any number of times.
  void take(std::vector<Index> indices) {
    indices_ = std::move(indices);
    consecutive_ = false;
  }
  // Of samples that are these rows of a larger set.
  void choose(const std::vector<Index>& rows) {
    for (Index& i : indices_) i = rows[static_cast<std::size_t>(i)];
    consecutive_ = false;
  }
  void shuffle_rows(Index n, bool shuffle, std::uint64_t seed, std::uint32_t epoch) {
    indices_.resize(static_cast<std::size_t>(n));
    std::iota(indices_.begin(), indices_.end(), Index{0});
    consecutive_ = !shuffle;
    if (!shuffle) return;
    const SampleKey key{seed, 0, stream_of(Stream::shuffle), epoch};
    constexpr Index kDraws = kSampleLanes * kWords / 2;  // of 64 bits, from words made together
    SampleWords words;
    for (Index i = n - 1, draw = 0; i > 0; --i, ++draw) {
      if (draw % kDraws == 0) random_words(key, static_cast<std::uint32_t>(draw / kDraws), words);
      const Index pair = draw / kSampleLanes % (kWords / 2), lane = draw % kSampleLanes;
      const std::uint64_t high = words[2 * pair + 1][lane], low = words[2 * pair][lane];
      std::swap(indices_[static_cast<std::size_t>(i)],
                indices_[static_cast<std::size_t>(uniform_index(i + 1, high << 32 | low))]);
    }
  }
  const std::vector<Index>& indices() const { return indices_; }
  Index size() const { return static_cast<Index>(indices_.size()); }
  bool is_consecutive() const { return consecutive_; }
  RowSelection batch(Index begin) const {
    return consecutive_ ? RowSelection{nullptr, begin} : RowSelection{indices_.data() + begin};
  }

 private:
  std::vector<Index> indices_;
  bool consecutive_ = true;
};

}  // namespace fastmlp
