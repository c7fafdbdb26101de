#include "fastmlp/train/trainer.hpp"

#include <cmath>
#include <cstring>

#include "fastmlp/base/error.hpp"
#include "fastmlp/base/tuning.hpp"
#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/train/read_ahead.hpp"

namespace fastmlp {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// Whether a step that ends so is the last of an epoch of several batches.
bool ends_epoch(Status status) {
  return status == Status::not_finite || status == Status::max_seconds;
}

}  // namespace

template <class T>
Trainer<T>::Trainer(Network<T>& network, TrainerOptions options,
                    std::unique_ptr<Optimizer<T>> optimizer)
    : network_(network),
      options_(options),
      objective_(network.training_plan(), options_.loss),
      optimizer_(std::move(optimizer)),
      first_epoch_(options_.first_epoch),
      epoch_(options_.first_epoch) {
  objective_.set_exclusive_writer();
  objective_.set_exact(!optimizer_->tolerates_rounding() || options_.batch_size < kMinBf16Samples);
  optimizer_->set_vector(network_.w());
  if (optimizer_->average()) iterate_ = Buffer<T>(network_.size());
  require(network.training_plan().trained_size() > 0,
          "Trainer: no layer is trainable, expected at least one");
  require(options_.batch_size > 0,
          "Trainer: batch_size=" + std::to_string(options_.batch_size) + ", expected at least 1");
}

template <class T>
const EpochOrder& Trainer<T>::order(Index n) {
  order_.shuffle_rows(n, options_.shuffle, options_.seed, static_cast<std::uint32_t>(epoch_));
  if (rows_) order_.choose(*rows_);
  return order_;
}

// That of the set which the batches of an epoch share, or none where each is its own.
template <class T>
std::optional<double> Trainer<T>::mean_weight(const Dataset<T>& data,
                                              const EpochOrder& samples) const {
  const bool by_batch = options_.weighting == Weighting::batch;
  if (by_batch || samples.size() <= options_.batch_size) return std::nullopt;
  if (rows_) return data.mean_weight(*rows_);
  return order_is_given_ ? data.mean_weight(samples.indices()) : data.mean_weight();
}

template <class T>
EpochResult Trainer<T>::epoch(const Dataset<T>& data, double max_seconds, ThreadTeam& team) {
  const auto start = SteadyClock::now();
  const Deadline deadline = deadline_after(start, max_seconds);
  optimizer_->set_deadline(deadline);
  if (shared_) shared_->set_deadline(deadline);
  const Objective<T>& f = shared_ ? static_cast<const Objective<T>&>(*shared_) : objective_;
  swap_out_average();
  objective_.set_team(team);
  const EpochOrder& samples = order_is_given_ ? order_ : order(samples_of(data.size()));
  const Index n = samples.size(), batch_size = options_.batch_size;
  Index size = std::min(n, batch_size + more_in_first_);  // of this batch
  const Index full_size = std::min(n, batch_size);
  ThreadTuner* const tuner = tuner_of(false, full_size, team);
  EpochResult result;
  EpochMeans means;
  const Index steps = optimizer_->steps();
  set_data(data, samples);
  objective_.clear_states();
  // Of a shard the positions are those of all processes' samples.
  ReadAhead read_ahead(shared_ ? StoredRows{} : data.x.stored, samples);
  // What the steps of single batches say: the end of progress on one is not that on the others.
  bool advances = false;
  Status stopped = Status::running;
  for (Index begin = 0, k = 0; begin < n;
       begin += size, size = std::min(batch_size, n - begin), ++k) {
    if ((shared_ || deadline != Deadline::max()) && f.expired(deadline)) {  // of any process
      result.status = Status::max_seconds;
      break;
    }
    read_ahead.advance(begin + size);
    const BatchTotals batch = select(samples.batch(begin), size, k);
    if (batch.weight == 0) {
      pass_by();
      means.skip(batch.divisor);
      samples_seen_ += size;
      continue;
    }
    // The first batch follows the last one, but in another order where the data are shuffled.
    const Index next = begin + size < n ? begin + size : 0;
    if (!shared_ && (next > 0 || samples.is_consecutive())) {
      objective_.set_next_batch(samples.batch(next), std::min(batch_size, n - next));
    }
    samples_made_.store(begin, std::memory_order_relaxed);
    const StepResult step = tuned_step(tuner, size >= full_size, batch.weight, team);
    samples_seen_ += size;
    means.add(step, batch.divisor, size);
    result.mistakes += mistakes();
    if (step.status == Status::running) {
      advances = true;
    } else if (size == n || ends_epoch(step.status)) {
      result.status = step.status;
      break;
    } else {
      stopped = step.status;
    }
  }
  if (result.status == Status::running && !advances) result.status = stopped;
  result.steps = optimizer_->steps() - steps;
  if (result.status == Status::running) set_epoch_number(epoch_ + 1);
  means.write(result);
  return result;
}

template <class T>
StepResult Trainer<T>::step_on_batch(double weight, ThreadTeam& team) {
  scale_penalties(weight);
  if (shared_) return optimizer_->step(*shared_, network_.w(), team);
  return optimizer_->step(objective_, network_.w(), team);
}

// Of the network's steps of this kind. Processes that wait for each other are not timed.
template <class T>
ThreadTuner* Trainer<T>::tuner_of(bool single, Index n, const ThreadTeam& team) {
  if (!tuned_ || shared_ || team.size() == 1) return nullptr;
  return &network_.tuner(single, n, team.size());
}

// A step by the team or by one thread, whichever is faster at present. Single evaluations are
// timed, because a step may have several, and by samples, because batches differ.
template <class T>
StepResult Trainer<T>::tuned_step(ThreadTuner* tuner, bool timed, double weight, ThreadTeam& team) {
  if (!tuner) return step_on_batch(weight, team);
  team.set_single_threaded(tuner->single_threaded());
  const auto start = SteadyClock::now();
  const StepResult result = step_on_batch(weight, team);
  if (timed) {
    const Index passes = result.evaluations * objective_.samples();
    tuner->record(seconds_since(start), static_cast<double>(passes));
  }
  return result;
}

template <class T>
EpochResult Trainer<T>::epoch_with_counter(const Dataset<T>& data, double max_seconds,
                                           ThreadTeam& team) {
  const Index number = epoch_, seen = samples_seen_, steps = optimizer_->steps();
  const auto count = [&](bool counts) {
    if (counts) return set_epoch_number(number + 1);
    epoch_ = number;
    samples_seen_ = std::max(seen, samples_seen_);
  };
  try {
    const EpochResult result = epoch(data, max_seconds, team);
    count(result.steps > 0 && std::isfinite(result.loss));
    return result;
  } catch (...) {
    count(optimizer_->steps() > steps);
    throw;
  }
}

template <class T>
EpochResult Trainer<T>::epochs(const Dataset<T>& data, Index max, double max_seconds,
                               Snapshot<T>& last_good, std::vector<double>& losses,
                               ThreadTeam& team) {
  const auto start = SteadyClock::now();
  invalidate_data();
  for (Index left = max;; --left) {
    samples_made_.store(0, std::memory_order_relaxed);
    epochs_made_.store(max - left, std::memory_order_relaxed);
    EpochResult last = epoch_with_counter(data, max_seconds - seconds_since(start), team);
    const bool again = left > 1 && !optimizer_->has_custom_schedule();
    const bool ended = last.status != Status::running ||
                       seconds_since(start) >= std::min(kReturnInterval, max_seconds);
    if (last.status != Status::not_finite && !(std::isfinite(last.loss) && is_finite())) {
      last.loss = std::nan("");
      last.status = Status::not_finite;
      return last;
    }
    if (!again || ended) return last;
    losses.push_back(last.loss);
    swap_in_average();
    if (optimizer_->can_diverge()) keep(last_good);
    start_epoch();
  }
}

// The data of an epoch over these samples.
template <class T>
void Trainer<T>::set_data(const Dataset<T>& data, const EpochOrder& samples) {
  if (!shared_) return objective_.set_data(data, mean_weight(data, samples));
  objective_.set_data(data);
  shared_->start_epoch(data, samples, std::min(options_.batch_size, samples.size()),
                       options_.weighting == Weighting::batch);
}

// The next batch, in training.
template <class T>
BatchTotals Trainer<T>::select(RowSelection rows, Index n, Index number) {
  if (shared_) {
    const BatchTotals batch = shared_->select(rows, n, number);
    set_context(n, shared_->offsets());
    return batch;
  }
  objective_.select(rows, n);
  set_context(n);
  return {n, objective_.weight(), objective_.divisor()};
}

// For n samples: the layers act as in training, with the random numbers of this position.
template <class T>
void Trainer<T>::set_context(Index n, const Index* offsets) {
  objective_.check_states(n);
  objective_.set_context({nullptr, true, options_.seed, static_cast<std::uint32_t>(epoch_),
                          samples_seen_, nullptr, offsets});
}

template <class T>
void Trainer<T>::visit_state(StateVisitor<T>& visitor) {
  constexpr Index kMaxEpoch = std::numeric_limits<std::uint32_t>::max();
  visitor.section("optimizer");
  optimizer_->visit_state(visitor);
  visitor.section("trainer");
  visitor.counter("first_epoch", first_epoch_, kMaxEpoch);
  visitor.counter("epoch", epoch_, kMaxEpoch);
  visitor.counter("samples_seen", samples_seen_);
  if (!optimizer_->average()) return;
  const bool before = holds_average();
  bool present = before;
  visitor.optional_vector("iterate", iterate_, present);
  if (present != before) keeps_iterate_ = present;
}

template <class T>
bool Trainer<T>::holds_average() const {
  const auto bytes = static_cast<std::size_t>(network_.size()) * sizeof(T);
  return keeps_iterate_ && std::memcmp(network_.w(), optimizer_->average(), bytes) == 0;
}

template <class T>
void Trainer<T>::swap_in_average() {
  const T* average = optimizer_->average();
  if (!average || keeps_iterate_ || optimizer_->steps() == 0) return;
  std::copy_n(network_.w(), network_.size(), iterate_.data());
  std::copy_n(average, network_.size(), network_.w());
  keeps_iterate_ = true;
}

template <class T>
void Trainer<T>::swap_out_average() {
  if (holds_average()) std::copy_n(iterate_.data(), network_.size(), network_.w());
  keeps_iterate_ = false;
}

template <class T>
std::vector<ParameterGroup> make_groups(const Plan<T>& plan, double l1, double l2,
                                        bool regularize_biases) {
  const RangeCheck<T> check("Trainer");
  check("l1", l1, kNonNegative, "");
  check("l2", l2, kNonNegative, "");
  std::vector<ParameterGroup> groups;
  for (const Slot& slot : plan.slots()) {
    const bool trained = slot.is_trained();
    const double factor = !trained || (slot.bias && !regularize_biases) ? 0 : 1;
    const LayerLearning& learning = slot.learning;
    groups.push_back({slot.range, slot.bias, factor * learning.l1.value_or(l1),
                      factor * learning.l2.value_or(l2),
                      slot.bias || !trained ? 0 : learning.max_norm, slot.bias ? 1 : slot.columns,
                      trained ? slot.rate_factor() : 0});
  }
  return groups;
}

template class Trainer<float>;
template class Trainer<double>;
template std::vector<ParameterGroup> make_groups(const Plan<float>&, double, double, bool);
template std::vector<ParameterGroup> make_groups(const Plan<double>&, double, double, bool);

}  // namespace fastmlp
