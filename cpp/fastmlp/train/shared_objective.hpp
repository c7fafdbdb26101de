// The loss of batches whose samples several processes hold, each some of them: for data-parallel
// training. Each process computes the terms of its samples, and what any of them uses is the sum
// over all, so that all make the same steps and take the same decisions.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "fastmlp/optim/deadline.hpp"
#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

// The part of a data set that this process holds.
template <class T>
struct Shard {
  std::vector<Index> rows;  // of each sample of the set the row here, or kElsewhere
  bool weighted = false;    // some process has weights
  // Adds up n numbers over all processes, in place: the first of a buffer that others may keep, or
  // of an array.
  std::function<void(const std::shared_ptr<Buffer<T>>&, Index)> sum;
  std::function<void(double*, Index)> sum_double;

  static constexpr Index kElsewhere = -1;
  Index size() const { return static_cast<Index>(rows.size()); }
};

// A batch, of all processes.
struct BatchTotals {
  Index samples = 0;
  double weight = 0, divisor = 0;
};

template <class T>
class SharedObjective final : public ResidualObjective<T> {
 public:
  SharedObjective(NetworkObjective<T>& f, Shard<T> shard);

  // Begins an epoch of batches of so many of the n samples; data are those that are here. The loss
  // of a batch is divided by its sum of weights, or by its size times the mean weight of all.
  void start_epoch(const Dataset<T>& data, const EpochOrder& order, Index batch_size,
                   bool by_batch);
  // The batch of the next calls, number k of the epoch, by numbers of the whole set.
  BatchTotals select(RowSelection rows, Index n, Index k);
  // Of the samples of the batch that are here: their positions in it.
  const Index* offsets() const { return offsets_.data(); }
  Index samples() const { return shard_.size(); }
  Index mistakes() const { return mistakes_; }
  void set_deadline(Deadline deadline) { deadline_ = deadline, late_ = false; }
  void invalidate_data() { same_data_ = false; }

  Index size() const override { return f_.size(); }
  double value(const T* w) override;
  double value_and_gradient(const T* w, T* g) override;
  double value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) override;
  void hessian_product(const T* w, const T* v, T* hv) override;
  bool gauss_newton_product(const T* w, const T* v, T* gv) override;
  bool squared_gradients(const T* w, double* out) override;
  bool set_point(const T* w) override { return n_here_ == 0 || f_.set_point(w); }
  std::uint64_t version() const override { return version_; }
  void normal_equations(const T* w, double* normal, double* g) override;
  // Whether the deadline had passed for any process at the last evaluation.
  bool expired(Deadline) const override { return late_; }

 private:
  bool is_late() const { return std::chrono::steady_clock::now() >= deadline_; }
  double summed(double value, Index size);
  void sum_product(T* product);

  NetworkObjective<T>& f_;
  Shard<T> shard_;
  Buffer<Index> local_, offsets_;  // of the samples of the batch that are here
  Index n_here_ = 0;
  double mean_weight_ = 1;
  bool by_batch_ = false;
  std::vector<double> weights_;        // of the batches, where samples have weights
  std::shared_ptr<Buffer<T>> buffer_;  // gradient and what else is summed
  Index mistakes_ = 0;
  Deadline deadline_ = Deadline::max();
  bool late_ = false, same_data_ = false;
  std::uint64_t version_ = 0;
};

extern template class SharedObjective<float>;
extern template class SharedObjective<double>;

}  // namespace fastmlp
