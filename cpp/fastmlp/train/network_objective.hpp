// The loss of a network on a batch, as a function of its parameters: the seam between nn and optim.
//
// A pass has two phases. Phase 1 takes tiles of samples through forward, loss and backward;
// phase 2 takes parts of the parameters, sums their gradient over the whole batch in a fixed order
// and hands it to a consumer while it is in cache. Sums do not depend on where tiles are cut, and
// parts are fixed by shapes, so nothing depends on the team. Batches of more than kChunkRows
// samples are accumulated block by block.
#pragma once

#include "fastmlp/nn/network.hpp"
#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/optim/objective.hpp"
#include "fastmlp/train/batch.hpp"

namespace fastmlp {

template <class T>
class NetworkObjective final : public Objective<T> {
 public:
  NetworkObjective(const Network<T>& network, Loss loss);

  // The batch that the next calls are about: n samples of the data, which must stay where they are.
  void select(const Dataset<T>& data, RowSelection rows, Index n);
  // Which n samples of the same data are selected next, if that is known: they are asked for where
  // the data are too large to be in a cache.
  void expect(RowSelection rows, Index n) { batch_.expect(rows, n); }
  // Who computes from now on; what was kept of the parameters is forgotten, for somebody may have
  // changed them.
  void set_team(ThreadTeam& team);
  // Whether, and by which draws, layers of noise act from now on.
  void set_pass(PassContext pass) {
    pass.team = team_;
    pass_ = pass;
    ++version_;
  }
  // How many samples are selected.
  Index samples() const { return batch_.size(); }
  // The sum of the selected samples' weights; the loss is divided by it.
  double weight() const { return batch_.weight(); }

  Index size() const override { return network_.size(); }
  double value(const T* w) override;
  double value_and_gradient(const T*, T* g) override {
    packed_ = false;
    return sum_gradient(nullptr, g);
  }
  double value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) override;
  std::uint64_t version() const override { return version_; }

  // Outputs (n, n_out) of X; then, for the same rows, the flat gradient of sum(outputs *
  // output_gradient).
  void forward(MatrixView<const T> x, MatrixView<T> out);
  void backward(MatrixView<const T> output_gradient, T* g);

 private:
  using Part = typename Network<T>::Part;
  struct Assignment {
    Index part;
    Range share;  // of the parameters, counted in this order
  };

  void assign_parts();
  void reserve(Index n);
  void pack();
  Index tile_columns(Index n) const;
  double forward_backward(Range block, bool backward);
  void part_gradient(const Part& part, Index n, T* g,
                     PrefetchSchedule<T>* prefetch = nullptr) const;
  bool schedule_prefetch(const Part& part, Range share, T* written,
                         PrefetchSchedule<T>& prefetch) const;
  double sum_gradient(T* written, T* g);
  void add_gradient(Index n, bool first, T* written, T* g);
  void gradient_and_update(T* w, GradientConsumer<T>& consumer);
  Index parts() const { return static_cast<Index>(network_.parts().size()); }

  const Network<T>& network_;
  OutputLoss output_loss_;
  ThreadTeam* team_ = nullptr;

  PassContext pass_{};
  Batch<T> batch_;

  Workspace<T> workspace_;
  Buffer<T> values_;                       // the loss of each sample
  std::vector<Buffer<T>> part_gradients_;  // one per member of the team
  std::vector<Assignment> assignments_;    // all parts, in the order in which the team takes them
  Buffer<T> gradient_;                     // the whole, where a batch has several blocks
  bool packed_ = false;                    // the last pass packed what it updated
  std::uint64_t packed_version_ = 0;       // of the consumer then
  std::uint64_t version_ = 0;
};

// Samples that the workspace holds at once.
constexpr Index kChunkRows = 1024;

extern template class NetworkObjective<float>;
extern template class NetworkObjective<double>;

}  // namespace fastmlp
