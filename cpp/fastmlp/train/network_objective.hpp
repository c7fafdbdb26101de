// The loss of a network on a batch, as a function of its parameters: the seam between nn and optim.
//
// A pass has two phases. Phase 1 takes tiles of samples through forward, loss and backward;
// phase 2 takes parts of the parameters, sums their gradient over the whole batch in a fixed order
// and hands it to a sink while it is in cache. Tiles and parts are fixed by shapes, so nothing
// depends on which member of the team computes them. Batches of more than kBlockRows samples
// are accumulated block by block.
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

  // The batch that the next calls are about: n samples of the data, which must stay where they are.
  void select(const Data<T>& data, Rows rows, Index n);
  // Who computes from now on; what was kept of the parameters is forgotten, for somebody may have
  // changed them.
  void set_team(Team& team);
  // Whether, and by which draws, layers of noise act from now on.
  void set_pass(Pass pass) {
    pass.team = team_;
    pass_ = pass;
  }
  // How many samples are selected.
  Index samples() const { return n_; }
  // The sum of the selected samples' weights; the loss is divided by it.
  double weight() const { return weight_; }

  Index size() const override { return network_.size(); }
  double value(const T* w) override;
  double value_and_grad(const T* w, T* g) override;
  Index parts() const override { return static_cast<Index>(network_.parts().size()); }
  double value_and_visit(T* w, Sink<T>& sink) override;
  void moved() override { packed_ = false; }

  // Outputs (n, n_out) of X; then, for the same rows, the flat gradient of sum(outputs *
  // output_gradient).
  void forward(Block<const T> x, Block<T> out);
  void backward(Block<const T> output_gradient, T* g);

 private:
  using Part = typename Network<T>::Part;

  void deal_parts();
  void reserve(Index n);
  void pack();
  bool reads_in_place(Range block) const;
  void gather(Index block_begin, Range samples);
  void gather_targets(const Index* from, Range samples);
  Index tile_columns(Index n) const;
  double phase1(Range block, bool backward);
  void part_gradient(const Part& part, Index n, T* g, T* w = nullptr) const;
  void add_gradient(Index n, bool first, T* g);
  void visit_parts(T* w, Sink<T>& sink);

  const Network<T>& network_;
  Output output_;
  Team* team_ = nullptr;

  Data<T> data_;
  Rows rows_;
  Pass pass_{};
  Index n_ = 0;
  double weight_ = 0;

  Workspace<T> workspace_;
  PanelMatrix<T> x_, y_;                   // (n_in, n) and (n_targets, n)
  PanelMatrix<T> x_samples_, y_samples_;   // their transposes, as they are gathered
  Panels<T> samples_;                      // the samples of a block: x_samples_, or the caller's X
  Buffer<T> values_, scale_;               // per sample: its loss; its weight over the batch's
  std::vector<Buffer<T>> part_gradients_;  // one per member of the team
  std::vector<Index> dealt_;               // all parts, in the order in which the team takes them
  Buffer<T> gradient_;                     // the whole, where a batch has several blocks
  bool packed_ = false;                    // whether the workspace knows the present parameters
};

// Samples that the workspace holds at once.
constexpr Index kBlockRows = 1024;

extern template class NetworkObjective<float>;
extern template class NetworkObjective<double>;

}  // namespace fastmlp
