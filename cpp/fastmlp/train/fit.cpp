#include "fastmlp/train/fit.hpp"

#include <cmath>
#include <limits>

#include "fastmlp/base/tuning.hpp"
#include "fastmlp/nn/predict.hpp"

namespace fastmlp {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double kNoValue = std::numeric_limits<double>::infinity();

bool ends_search(Status status) {
  return status == Status::converged || status == Status::no_progress ||
         status == Status::line_search_failed;
}

}  // namespace

// A number that should fall, epoch by epoch.
class StopCriterion {
 public:
  explicit StopCriterion(const StopRule& rule) : rule_(rule) {}

  // Returns whether the value is better than all before by more than the rule's deltas.
  bool improved(double value) {
    ++waiting_;
    if (!(value < needed_)) return false;
    waiting_ = 0;
    needed_ = value - rule_.min_delta - rule_.relative_delta * std::abs(value);
    return true;
  }
  bool is_over() const { return rule_.patience > 0 && waiting_ >= rule_.patience; }

 private:
  const StopRule& rule_;
  double needed_ = kNoValue;
  Index waiting_ = 0;  // epochs since the last improvement
};

// One run.
template <class T>
class FitRun {
 public:
  FitRun(const FitSettings<T>& settings, FitRecord& record)
      : settings_(settings),
        network_(*settings.network),
        record_(record),
        trainer_(network_, settings.options,
                 make_optimizer<T>(settings.optimizer, network_.size(),
                                   make_groups(network_.plan(), settings.l1, settings.l2,
                                               settings.regularize_biases))),
        plateau_(settings.plateau),
        stopping_(settings.stopping),
        is_perceptron_(std::holds_alternative<Sign>(network_.plan().output()) &&
                       std::visit([](const auto& loss) { return loss.traits.labels_pm1; },
                                  settings.options.loss)) {
    trainer_.set_rows(settings.training.rows);
  }

  void run(Deadline deadline, ThreadTeam& team) {
    record_.status = "interrupted";
    try {
      record_.status = epochs(deadline, team);
    } catch (...) {
      end();
      throw;
    }
    end();
  }

 private:
  bool can_diverge() { return trainer_.optimizer().can_diverge(); }

  void note_updates() { record_.updated |= trainer_.optimizer().steps() > 0; }

  void end() {
    note_updates();
    trainer_.swap_in_average();
    if (has_best_) trainer_.go_back(best_);
    record_.epochs = trainer_.epoch_number() - settings_.options.first_epoch;
  }

  // Returns the status at the end.
  const char* epochs(Deadline deadline, ThreadTeam& team) {
    std::vector<double> others;  // of further epochs of a call, which are none
    if (can_diverge()) trainer_.keep(last_good_);
    for (Index left = settings_.epochs; left > 0; --left) {
      const double seconds = std::chrono::duration<double>(deadline - SteadyClock::now()).count();
      if (seconds <= 0) return text(Status::max_seconds);
      trainer_.start_epoch();
      const EpochResult last =
          trainer_.epochs(*settings_.training.data, 1, seconds, last_good_, others, team);
      note_updates();  // before they are undone
      if (!std::isfinite(last.loss)) {
        if (can_diverge()) trainer_.go_back(last_good_);
        return text(Status::not_finite);
      }
      trainer_.swap_in_average();
      if (left > 1 && can_diverge()) trainer_.keep(last_good_);
      if (const char* ending = ending_after(last, team)) return ending;
    }
    return text(Status::max_steps);
  }

  // Records a good epoch; returns the status with which it ends the run, else nullptr.
  const char* ending_after(const EpochResult& last, ThreadTeam& team) {
    const bool refused = last.status == Status::not_finite;
    const bool at_the_end = ends_search(last.status) && record_.losses.empty();
    const bool recorded = last.steps > 0 || refused || at_the_end;
    if (recorded) record(last, team);
    if (last.status != Status::running) return text(last.status);
    if (recorded && stopping_.is_over()) return "stopped";
    if (is_perceptron_) {
      return last.mistakes == 0 && is_separated(team) ? text(Status::converged) : nullptr;
    }
    if (settings_.plateau.patience > 0 && recorded) plateau_.improved(last_loss());
    return plateau_.is_over() ? text(Status::converged) : nullptr;
  }

  double last_loss() const {
    return record_.validation_losses.empty() ? record_.losses.back()
                                             : record_.validation_losses.back();
  }

  void record(const EpochResult& last, ThreadTeam& team) {
    if (settings_.validation.data) {
      const double loss = loss_of(settings_.validation, validation_, team);
      record_.validation_losses.push_back(loss);
    }
    record_.losses.push_back(last.loss);
    if (is_perceptron_) record_.mistakes.push_back(static_cast<double>(last.mistakes));
    const StopRule& rule = settings_.stopping;
    if (rule.patience == 0) return;
    const double watched = rule.on_validation ? record_.validation_losses.back() : last.loss;
    if (!stopping_.improved(watched) || !rule.restore_best) return;
    const double value = rule.on_validation ? watched : training_loss(team);
    if (!(value < best_value_)) return;
    trainer_.keep(best_);
    best_value_ = value;
    has_best_ = true;
  }

  // The mean loss at the present parameters, without penalties.
  double loss_of(const DataRows<T>& samples, std::unique_ptr<NetworkObjective<T>>& objective,
                 ThreadTeam& team) {
    if (!objective) {
      objective = std::make_unique<NetworkObjective<T>>(network_.plan(), trainer_.loss());
      objective->set_exact(samples.size() < kMinBf16Samples);
    }
    objective->set_team(team);
    objective->invalidate_data();
    objective->select(*samples.data, samples.all(), samples.size());
    return objective->value(network_.w());
  }

  // The same of the samples of the training, penalties included.
  double training_loss(ThreadTeam& team) {
    const double loss = loss_of(settings_.training, training_, team);
    return loss + trainer_.penalties(training_->weight());
  }

  // Whether a perceptron has all samples with a weight on their side.
  bool is_separated(ThreadTeam& team) {
    const Dataset<T>& data = *settings_.training.data;
    const Index outputs = network_.plan().outputs();
    Buffer<T> values(data.size() * outputs);
    const MatrixView<T> out{values.data(), data.size(), outputs, outputs};
    predict<T>(network_.plan(), network_.w(), data.x, out, team);
    for (Index i = 0; i < settings_.training.size(); ++i) {
      const Index sample = settings_.training[i];
      if (data.weight(sample) > 0 &&
          !std::equal(out.row(sample), out.row(sample) + outputs, data.y.row(sample))) {
        return false;
      }
    }
    return true;
  }

  const FitSettings<T>& settings_;
  Network<T>& network_;
  FitRecord& record_;
  Trainer<T> trainer_;
  StopCriterion plateau_, stopping_;
  bool is_perceptron_;
  Snapshot<T> last_good_, best_;
  bool has_best_ = false;
  double best_value_ = kNoValue;
  std::unique_ptr<NetworkObjective<T>> validation_, training_;
};

template <class T>
void fit_many(const std::vector<FitSettings<T>>& settings, std::vector<FitRecord>& records,
              double max_seconds, std::atomic<Index>& finished, ThreadTeam& team) {
  const Deadline deadline = deadline_after(SteadyClock::now(), max_seconds);
  const auto n = static_cast<Index>(settings.size());
  std::vector<std::unique_ptr<FitRun<T>>> fits(settings.size());
  team.parallel_for(n, [&](Index i, int) {
    const auto k = static_cast<std::size_t>(i);
    fits[k] = std::make_unique<FitRun<T>>(settings[k], records[k]);
  });
  std::vector<std::size_t> order(settings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return operations_of(settings[i]) > operations_of(settings[j]);
  });
  // One queue, because those of the team have a share of the order each.
  std::atomic<Index> next{0};
  team.parallel_for(team.size(), [&](Index, int) {
    ThreadTeam alone([&team] { team.poll_interrupt(kOperationsPerPoll); });
    for (Index i; (i = next.fetch_add(1, std::memory_order_relaxed)) < n;) {
      std::unique_ptr<FitRun<T>>& fit = fits[order[static_cast<std::size_t>(i)]];
      try {
        fit->run(deadline, alone);
      } catch (...) {
        next.store(n, std::memory_order_relaxed);
        throw;
      }
      fit = nullptr;
      finished.fetch_add(1, std::memory_order_relaxed);
    }
  });
}

template void fit_many(const std::vector<FitSettings<float>>&, std::vector<FitRecord>&, double,
                       std::atomic<Index>&, ThreadTeam&);
template void fit_many(const std::vector<FitSettings<double>>&, std::vector<FitRecord>&, double,
                       std::atomic<Index>&, ThreadTeam&);

}  // namespace fastmlp
