#include "fastmlp/train/network_objective.hpp"

#include <cmath>

#include "fastmlp/base/tuning.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/train/chunk_lanes.hpp"
#include "fastmlp/train/curvature_diagonals.hpp"
#include "fastmlp/train/curvature_products.hpp"
#include "fastmlp/train/normal_equations.hpp"
#include "fastmlp/train/one_sample.hpp"

namespace fastmlp {
template <class T>
NetworkObjective<T>::NetworkObjective(const Plan<T>& plan, Loss loss)
    : plan_(plan),
      output_loss_{plan.output(), std::move(loss)},
      loss_steps_(target_columns(output_loss_.loss, 2) == 1 ? plan.output_steps() : 1),
      batch_(plan, output_loss_.loss),
      schedule_(plan),
      one_suits_(loss_steps_ == 1 && OneSample<T>::suits(plan)),
      rounds_(plan.rounds(kMinBf16Samples)) {
  schedule_.set_workspace(workspace_);
  std::visit([](const auto& member) { check_range<T>(member); }, output_loss_.loss);
}

template <class T>
NetworkObjective<T>::~NetworkObjective() = default;

template <class T>
void NetworkObjective<T>::set_team(ThreadTeam& team) {
  team_ = &team;
  context_.team = &team;
  packed_ = nullptr;
  Index largest = 0;
  for (const GradientPart& part : plan_.parts()) largest = std::max(largest, part.range.size());
  while (part_gradients_.size() < static_cast<std::size_t>(team.size())) {
    part_gradients_.emplace_back(largest);
  }
  schedule_.set_team(team);
}

template <class T>
void NetworkObjective<T>::set_data(const Dataset<T>& data, std::optional<double> mean_weight) {
  if (!same_data_ || !batch_.has_data(data, mean_weight)) ++version_;
  same_data_ = true;
  batch_.set_data(data, mean_weight);
}

template <class T>
void NetworkObjective<T>::select(RowSelection rows, Index n, std::optional<double> divisor) {
  if (!batch_.has_rows(rows, n)) ++version_;
  batch_.select(rows, n, divisor);
  schedule_.clear_next_batch();
}

template <class T>
void NetworkObjective<T>::set_next_batch(RowSelection rows, Index n) {
  if (batch_.size() <= plan_.chunk_samples()) schedule_.set_next_batch(batch_.data(), rows, n);
}

template <class T>
void NetworkObjective<T>::reserve(Index n) {
  if (n <= workspace_.samples) return;
  workspace_.samples = 0;  // until all is allocated: after a failure the next call starts over
  Workspace<T> workspace = make_workspace(plan_, n, true, rounds_);
  batch_.reserve(n);
  values_ = Buffer<T>(n);
  workspace_ = std::move(workspace);
  packed_ = nullptr;
}

// Prepares the workspace for passes at w, whose values may be new, over n samples at a time.
template <class T>
void NetworkObjective<T>::start(const T* w, Index n) {
  reserve(std::min(n, batch_.size()));
  if (packed_ != w) pack(plan_, w, workspace_.packed, *team_);
  packed_ = nullptr;
  by_one_ = false;
  mistakes_ = 0;
  if (curvature_) curvature_->drop_point();
}

// The loss of a batch of one sample, and with `backward` what its gradient needs.
template <class T>
double NetworkObjective<T>::pass_one(const T* w, bool backward) {
  reserve(1);
  if (!one_) one_ = std::make_unique<OneSample<T>>(plan_, output_loss_);
  packed_ = nullptr;
  by_one_ = true;
  if (curvature_) curvature_->drop_point();
  team_->poll_interrupt(plan_.operations_per_row() * (backward ? 2 : 1));
  const double loss = one_->pass(w, batch_, backward);
  mistakes_ = backward ? one_->mistakes() : 0;
  return loss;
}

// Phase 1 of a chunk: forward, loss and, if requested, backward; returns sum + the chunk's loss.
template <class T>
double NetworkObjective<T>::forward_backward(const T* w, Range chunk, bool backward,
                                             Linearization<T>* linearization, double sum) {
  const PassContext context = context_of(chunk);
  const Point<T> point{plan_, w, context, batch_.x(), workspace_};
  batch_.start_chunk(chunk);
  workspace_.keeps_slopes = backward && !linearization;
  const ForwardPrefetch<T>* prefetch = team_->is_parallel() ? &schedule_ : nullptr;
  const Index width = schedule_.tile_columns(chunk.size());
  team_->parallel_for(tiles(width, chunk.size()), [&](Index i, int) {
    const Range samples = tile(i, width, chunk.size());
    batch_.gather(samples, output_loss_.loss);
    const auto a = forward_from(point, states_, chunk.begin + samples.begin, samples, prefetch);
    auto& output = workspace_.output();
    MatrixView<T> delta = output.delta.columns(samples);
    ActivationDerivatives<T> derivatives;
    if (linearization) derivatives = linearization->nodes.back().columns(samples);
    loss_and_delta<T>(output_loss_, a, batch_.y(samples), output.h.columns(samples),
                      values_.data() + samples.begin, batch_.scale() + samples.begin,
                      backward ? &delta : nullptr, linearization ? &derivatives : nullptr,
                      output_steps(samples));
    if (backward) fastmlp::backward<T>(point, samples, nullptr, linearization);
  });
  if (backward && std::holds_alternative<Sign>(plan_.output())) count_mistakes(chunk.size());
  return add_losses(chunk.size(), sum);
}

// g (+)= the gradient over n samples in the workspace; `updated` are the parameters if they are
// written next.
template <class T>
void NetworkObjective<T>::add_gradient(Index n, bool first, T* updated, T* g) {
  const double work =
      plan_.operations_per_row() * static_cast<double>(n) / static_cast<double>(parts());
  if (first) clear_frozen(g);
  team_->parallel_for(parts(), [&](Index i, int thread) {
    const GradientPart& part = this->part(i);
    T* from = part_gradients_[static_cast<std::size_t>(thread)].data();
    T* to = g + part.range.begin;
    compute_gradient(part, part.range, n, updated, from);
    team_->poll_interrupt(work);
    for (Index j = 0; j < part.range.size(); ++j) to[j] = first ? from[j] : to[j] + from[j];
  });
}

// g = the gradient of a part over n samples; `updated` as in add_gradient.
template <class T>
void NetworkObjective<T>::compute_gradient(const GradientPart& part, Range order, Index n,
                                           T* updated, T* g) {
  if (by_one_) return one_->gradient(part, g);
  PrefetchSchedule<T> prefetch;
  const bool any = schedule_.schedule(part, order, updated, prefetch);
  schedule_.prefetch_delta(part, n);
  part_gradient(plan_, part, n, inputs(), workspace_, g, any ? &prefetch : nullptr);
}

template <class T>
double NetworkObjective<T>::value(const T* w) {
  packed_ = nullptr;
  if (is_one_sample()) return pass_one(w, false);
  if (ChunkLanes<T>* several = lanes()) return several->run(w, nullptr);
  const Index rows = std::min(batch_.evaluated_rows(), plan_.chunk_samples());
  start(w, rows);
  double sum = 0;
  for (Index i = 0; i < chunks(); ++i) {
    const Range samples = chunk(i);
    double part = 0;
    for (Index begin = samples.begin; begin < samples.end; begin += rows) {
      const Range block{begin, std::min(begin + rows, samples.end)};
      part = forward_backward(w, block, false, nullptr, part);
    }
    sum += part;
  }
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_gradient(const T* w, T* g) {
  packed_ = nullptr;
  return sum_gradient(w, nullptr, g);
}

// The loss, and its gradient g; `updated` as in add_gradient.
template <class T>
double NetworkObjective<T>::sum_gradient(const T* w, T* updated, T* g) {
  if (ChunkLanes<T>* several = lanes()) return several->run(w, g);
  const bool one = is_one_sample();
  if (!one) start(w);
  double sum = 0;
  for (Index i = 0; i < chunks(); ++i) {
    const Range samples = chunk(i);
    sum += one ? pass_one(w, true) : forward_backward(w, samples, true);
    add_gradient(samples.size(), i == 0, i + 1 == chunks() ? updated : nullptr, g);
  }
  return sum;
}

template <class T>
double NetworkObjective<T>::value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) {
  drop_packed(consumer);
  if (T* whole = consumer.whole_gradient()) return sum_gradient(w, w, whole);
  double sum = 0;
  bool known = chunks() > 1;
  if (!known) {
    const bool one = is_one_sample();
    if (!one) start(w);
    sum = one ? pass_one(w, true) : forward_backward(w, {0, batch_.size()}, true);
    if (!std::isfinite(sum)) return sum;
    known = std::abs(sum) > kLargeLoss;
  }
  if (known && gradient_.size() != size()) gradient_ = Buffer<T>(size());
  if (chunks() > 1) {
    sum = sum_gradient(w, nullptr, gradient_.data());
  } else if (known) {
    add_gradient(batch_.size(), true, w, gradient_.data());
  }
  if (std::isfinite(sum)) stream_gradient(w, known ? gradient_.data() : nullptr, consumer);
  return sum;
}

template <class T>
double NetworkObjective<T>::gradient_for(const GradientConsumer<T>& consumer, T* w, T* g) {
  drop_packed(consumer);
  return sum_gradient(w, nullptr, g);
}

// Phase 2: a part's gradient is computed unless known, consumed, and the part packed, in cache.
template <class T>
void NetworkObjective<T>::stream_gradient(T* w, T* computed, GradientConsumer<T>& consumer) {
  // not yet where lanes have computed all, or other processes
  reserve(std::clamp(batch_.size(), Index(1), plan_.chunk_samples()));
  consumer.start(parts(), w, computed && !squares_finite(size(), computed));
  team_->parallel_for_uninterrupted(parts(), [&](Index k, int thread) {
    const auto [i, share] = schedule_.assignments()[static_cast<std::size_t>(k)];
    const GradientPart& part = this->part(i);
    T* g = computed ? computed + part.range.begin
                    : part_gradients_[static_cast<std::size_t>(thread)].data();
    if (!computed) compute_gradient(part, share, batch_.size(), w, g);
    consumer.consume(i, part.range, g);
    if (!by_one_) pack(plan_, part, w, workspace_.packed);
  });
  packed_ = by_one_ ? nullptr : w;
  packed_version_ = consumer.version();
}

// Lanes for the chunks of the batch, where they pay: rounds of the team for each chunk of a small
// network take as long as its work.
template <class T>
ChunkLanes<T>* NetworkObjective<T>::lanes() {
  const double work = plan_.operations_per_row() * static_cast<double>(plan_.chunk_samples());
  if (!may_take_lanes() || work > kMaxLaneOperations) return nullptr;
  if (!lanes_) lanes_ = std::make_unique<ChunkLanes<T>>(*this);
  return lanes_.get();
}

template <class T>
CurvatureProducts<T>& NetworkObjective<T>::curvature() {
  set_exact();
  if (!curvature_) curvature_ = std::make_unique<CurvatureProducts<T>>(*this);
  return *curvature_;
}

template <class T>
bool NetworkObjective<T>::set_point(const T* w) {
  return curvature().set_point(w);
}

template <class T>
void NetworkObjective<T>::hessian_product(const T* w, const T* v, T* hv) {
  curvature().product(Curvature::hessian, w, v, hv);
}

template <class T>
bool NetworkObjective<T>::gauss_newton_product(const T* w, const T* v, T* gv) {
  curvature().product(Curvature::gauss_newton, w, v, gv);
  return true;
}

template <class T>
bool NetworkObjective<T>::squared_gradients(const T* w, double* out) {
  set_exact();
  if (!diagonals_) diagonals_ = std::make_unique<CurvatureDiagonals<T>>(*this);
  diagonals_->compute(Diagonal::squared_gradients, w, 0, 1, out);
  return true;
}

template <class T>
void NetworkObjective<T>::normal_equations(const T* w, double* normal, double* g) {
  set_exact();
  if (!normal_equations_) normal_equations_ = std::make_unique<NormalEquations<T>>(*this);
  normal_equations_->compute(w, normal, g);
}

template class NetworkObjective<float>;
template class NetworkObjective<double>;

}  // namespace fastmlp
