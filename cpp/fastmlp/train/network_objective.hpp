// The loss of a network on a batch, as a function of its parameters: the seam between nn and optim.
//
// A pass has two phases. Phase 1 takes tiles of rows (samples) through forward, loss and backward; phase 2 takes parts of
// the parameters, sums their gradient over the whole batch in a fixed order and hands it to a sink while it is in cache.
// Tiles and parts are fixed by shapes, so nothing depends on who computes them. Batches of more than kBlockRows rows are
// accumulated block by block.
#pragma once

#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/output.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/train/batches.hpp"

namespace fastmlp {

template <class T>
class NetworkObjective final : public Objective<T> {
 public:
  NetworkObjective(const Network<T>& network, Loss loss);

  // The batch that the next calls are about: n rows of data, `rows[0..n)`, or the first n where rows is nullptr.
  void select(const Data<T>& data, const Index* rows, Index n);
  // The sum of the selected samples' weights; the loss is divided by it.
  double weight() const { return weight_; }
  void set_watch(Watch watch) { watch_ = std::move(watch); }

  Index size() const override { return network_.size(); }
  double value(const T* w) override;
  double value_and_grad(const T* w, T* g) override;
  Index parts() const override { return static_cast<Index>(parts_.size()); }
  double value_and_visit(const T* w, Sink<T>& sink) override;

  // Outputs (n, n_out) of X; then, for the same rows, the flat gradient of sum(outputs * output_gradient).
  void forward(Block<const T> x, Block<T> out);
  void backward(Block<const T> output_gradient, T* g);

 private:
  struct Part {
    Index layer;
    Index index;
    Range range;
  };

  void reserve(Index rows);
  void gather(Range rows);
  double phase1(Range block, bool backward);
  void phase2(Index rows, Sink<T>& sink);

  const Network<T>& network_;
  Output output_;
  std::vector<Part> parts_;
  Watch watch_;

  Data<T> data_;
  const Index* rows_ = nullptr;
  Index n_ = 0;
  double weight_ = 0;

  Workspace<T> workspace_;
  Matrix<T> x_, y_;
  Buffer<T> values_, scale_;  // per row: its loss; its weight over the batch's
  Buffer<T> part_gradient_, gradient_;
};

// Rows that the workspace holds at once.
constexpr Index kBlockRows = 1024;

extern template class NetworkObjective<float>;
extern template class NetworkObjective<double>;

}  // namespace fastmlp
