// The loss of a plan on a batch as a function of its parameters w: the only link between nn and
// optim.
//
// A pass has two phases. Phase 1 takes tiles of samples through forward, loss and backward; phase 2
// takes parts of the parameters, sums their gradient over the whole batch in a fixed order and
// passes it to a consumer while it is in cache. Sums do not depend on where tiles are cut, and
// parts are fixed by shapes, so no result depends on the number of threads. Batches of more than
// Plan::chunk_samples samples are accumulated chunk by chunk; of small networks several at a time.
// A batch of one sample has passes of its own, where the plan suits them.
#pragma once

#include <memory>

#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/optim/residual_objective.hpp"
#include "fastmlp/train/batch.hpp"
#include "fastmlp/train/step_schedule.hpp"

namespace fastmlp {

template <class T>
class CurvatureProducts;
template <class T>
class NormalEquations;
template <class T>
class CurvatureDiagonals;

template <class T>
class Diagnosis;

template <class T>
class ChunkLanes;

template <class T>
class OneSample;

template <class T>
class NetworkObjective final : public ResidualObjective<T> {
 public:
  NetworkObjective(const Plan<T>& plan, Loss loss);
  ~NetworkObjective() override;

  // The samples of the next batches, whose memory must stay valid; mean_weight as for Batch.
  void set_data(const Dataset<T>& data, std::optional<double> mean_weight = std::nullopt);
  // The batch of the next calls: n of them, as Batch::select.
  void select(RowSelection rows, Index n, std::optional<double> divisor = std::nullopt);
  void select(const Dataset<T>& data, RowSelection rows, Index n) {
    set_data(data);
    select(rows, n);
  }
  // The n samples of the same data that are selected next, if that is known.
  void set_next_batch(RowSelection rows, Index n);
  // The threads of the next calls. Copies of parameters are dropped, because w may have been
  // written since the last native call.
  void set_team(ThreadTeam& team);
  // Training or evaluation mode, and the source of random draws.
  void set_context(const PassContext& context) {
    const bool other_draws = plan_.is_stochastic() && (context.training || context_.training);
    context_ = context;
    context_.team = team_;
    if (other_draws) ++version_;
  }
  // The states (n, Plan::state_size) from which the sequences of a batch go on, and which each pass
  // forward replaces by those after its last step; without data all sequences begin.
  void set_states(const MatrixView<T>& states) { states_ = states; }
  const MatrixView<T>& states() const { return states_; }
  void check_states(Index n) const {
    if (states_.data && states_.rows != n) throw std::invalid_argument("the states are of others");
  }
  void clear_states() { std::fill_n(states_.data, states_.rows * states_.cols, T(0)); }
  // The arrays may have been written since the last call: the same selection is another function.
  void invalidate_data() { same_data_ = false; }
  // All products in float32, also where the plan rounds operands: differences and searches need
  // the digits, and few samples are not worth it.
  void set_exact(bool exact = true) {
    if (!rounds_ || !exact) return;
    rounds_ = false;
    workspace_.samples = 0;
  }
  // Between streams w is written by their consumer alone, or after set_team: copies that were
  // packed after the last update stay in use.
  void set_exclusive_writer() { exclusive_writer_ = true; }
  // Number of selected samples, the sum of their weights, and what the loss is divided by.
  Index samples() const { return batch_.size(); }
  double weight() const { return batch_.weight(); }
  double divisor() const { return batch_.divisor(); }
  // Of an output `sign`, whose losses have no gradient where a sample is on the right side: outputs
  // that had one in the last evaluation; else 0.
  Index mistakes() const { return mistakes_; }

  Index size() const override { return plan_.size(); }
  Index trained_size() const { return plan_.trained_size(); }
  bool is_stochastic() const { return plan_.is_stochastic(); }
  double value(const T* w) override;
  double value_and_gradient(const T* w, T* g) override;
  double value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) override;
  // The same in two parts, for a gradient that is changed between them: g as value_and_gradient,
  // and g, or that of the last pass where it is null, handed to the consumer.
  double gradient_for(const GradientConsumer<T>& consumer, T* w, T* g);
  void stream_gradient(T* w, T* g, GradientConsumer<T>& consumer);
  void hessian_product(const T* w, const T* v, T* hv) override;
  bool gauss_newton_product(const T* w, const T* v, T* gv) override;
  bool squared_gradients(const T* w, double* out) override;
  bool set_point(const T* w) override;
  std::uint64_t version() const override { return version_; }
  // Of squared_error alone, whose residuals are sqrt(w_i / sum w) (o - y).
  void normal_equations(const T* w, double* normal, double* g) override;

  // Outputs (n, n_out) of X in the present mode; then, for the same rows and w, the flat gradient
  // of sum(outputs * output_gradient). Outputs of steps after the end of a sequence are 0.
  void forward(const T* w, const SampleRows<T>& x, MatrixView<T> out,
               const std::int64_t* lengths = nullptr);
  void backward(const T* w, MatrixView<const T> output_gradient, T* g);

 private:
  // The gradient of a larger loss, about max^(3/8), may have squares that overflow.
  static constexpr double kLargeLoss = std::is_same_v<T, float> ? 2e14 : 4e115;

  friend class CurvatureProducts<T>;
  friend class NormalEquations<T>;
  friend class CurvatureDiagonals<T>;
  friend class Diagnosis<T>;
  friend class ChunkLanes<T>;

  Range chunk(Index i) const { return tile(i, plan_.chunk_samples(), batch_.size()); }
  Index chunks() const { return tiles(plan_.chunk_samples(), batch_.size()); }
  Index parts() const { return static_cast<Index>(plan_.parts().size()); }
  const GradientPart& part(Index i) const { return plan_.parts()[static_cast<std::size_t>(i)]; }
  InputViews<T> inputs() const { return {batch_.x().panels(), batch_.samples()}; }

  void reserve(Index n);
  void start(const T* w, Index n);
  void start(const T* w) { start(w, plan_.chunk_samples()); }
  PassContext context_of(Range chunk) const {
    const PassContext& c = context_;
    const Index first = c.first_sample + (c.offsets ? 0 : chunk.begin);
    const Index* offsets = c.offsets ? c.offsets + chunk.begin : nullptr;
    return {c.team, c.training, c.seed, c.epoch, first, batch_.lengths(), offsets};
  }
  double forward_backward(const T* w, Range chunk, bool backward,
                          Linearization<T>* linearization = nullptr, double sum = 0);
  OutputSteps<T> output_steps(Range samples) const {
    const MatrixView<const T> terms = batch_.terms(samples);
    if (const Index* lengths = batch_.lengths()) {
      return {plan_.output_steps(), lengths + samples.begin, terms};
    }
    return {loss_steps_, nullptr, terms};
  }
  // A batch of one sample whose passes are those of OneSample.
  bool is_one_sample() const {
    const Dataset<T>& data = batch_.data();
    return one_suits_ && batch_.size() == 1 && !rounds_ && !data.lengths && !data.terms.data;
  }
  double pass_one(const T* w, bool backward);
  void compute_gradient(const GradientPart& part, Range order, Index n, T* updated, T* g);
  double sum_gradient(const T* w, T* updated, T* g);
  void add_gradient(Index n, bool first, T* updated, T* g);
  void drop_packed(const GradientConsumer<T>& consumer) {
    if (!exclusive_writer_ || packed_version_ != consumer.version()) packed_ = nullptr;
  }
  bool may_take_lanes() const { return chunks() > 1 && team_->is_parallel() && !states_.data; }
  ChunkLanes<T>* lanes();
  void clear_frozen(T* g) const {
    for (const GradientPart& part : plan_.frozen()) {
      std::fill_n(g + part.range.begin, part.range.size(), T(0));
    }
  }
  // sum + the loss of n samples in the workspace
  double add_losses(Index n, double sum) const {
    const T* scale = batch_.scale();
    for (Index i = 0; i < n; ++i) sum += double(scale[i]) * double(values_[i]);
    return sum;
  }
  void count_mistakes(Index n) {
    PanelMatrix<T>& delta = workspace_.output().delta;
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i < plan_.outputs(); ++i) mistakes_ += *delta.at(i, j) != 0;
    }
  }
  CurvatureProducts<T>& curvature();

  const Plan<T>& plan_;
  OutputLoss output_loss_;
  Index loss_steps_;  // of sequences without lengths: more than 1 where the loss is one of pairs
  ThreadTeam* team_ = nullptr;
  PassContext context_{};
  Batch<T> batch_;
  MatrixView<T> states_{};
  StepSchedule<T> schedule_;

  Workspace<T> workspace_;
  Buffer<T> values_;                       // the loss of each sample
  std::vector<Buffer<T>> part_gradients_;  // one per thread
  Buffer<T> gradient_;                     // the whole, where a batch has several chunks
  std::unique_ptr<CurvatureProducts<T>> curvature_;
  std::unique_ptr<NormalEquations<T>> normal_equations_;
  std::unique_ptr<CurvatureDiagonals<T>> diagonals_;
  std::unique_ptr<ChunkLanes<T>> lanes_;
  bool one_suits_, by_one_ = false;  // the last pass was one of a sample
  std::unique_ptr<OneSample<T>> one_;
  const T* packed_ = nullptr;         // the vector whose packed copies are up to date, if any
  std::uint64_t packed_version_ = 0;  // of the consumer that has updated it
  bool exclusive_writer_ = false;
  bool rounds_;             // as Plan::rounds
  bool same_data_ = false;  // the arrays are those of the last selection
  std::uint64_t version_ = 0;
  Index mistakes_ = 0;
};

extern template class NetworkObjective<float>;
extern template class NetworkObjective<double>;

}  // namespace fastmlp
