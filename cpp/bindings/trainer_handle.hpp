// A trainer as Python has it, with the network that it trains: a part of bind_trainer.cpp, and like
// all of it without external linkage, which makes it a third smaller.
#pragma once

#include "epochs.hpp"
#include "fastmlp/train/trainer.hpp"
#include "shard.hpp"
#include "state_dict.hpp"
#include "threads.hpp"

namespace fastmlp::bindings {
namespace {

// Runs of epochs, single steps, and the parts of a step. The caller must serialise training calls,
// as Python does with the network's lock.
template <class T>
class TrainerHandle {
 public:
  TrainerHandle(std::shared_ptr<Network<T>> network, TrainerOptions options,
                std::unique_ptr<Optimizer<T>> optimizer)
      : network_(std::move(network)), trainer_(*network_, options, std::move(optimizer)) {}

  Trainer<T>& trainer() { return trainer_; }

  // As Trainer::epochs; `progress` is told how far it is, now and then.
  py::tuple epochs(const py::object& x, const py::object& targets, const py::object& weights,
                   Index max, std::optional<double> max_seconds, Snapshot<T>& last_good,
                   py::list losses, const py::object& order, const py::object& lengths,
                   Index more_in_first, const py::object& progress) {
    require(max >= 1, "epochs: expected max >= 1");
    batch_rows_ = kNoBatch;
    trainer_.start_epoch();  // may run Python, so it comes before pointers are taken
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    check_shard(data.size());
    const Index size = trainer_.samples_of(data.size());
    auto indices = order_of(order, size);
    const Index n = indices ? static_cast<Index>(indices->size()) : size;
    trainer_.set_order(std::move(indices), more_in_first);
    trainer_.set_tuned(!threads_are_forced());
    const Index epochs = trainer_.optimizer().has_custom_schedule() ? 1 : max;
    EpochResult last;
    std::vector<double> finished;
    const auto record = [&] {
      for (const double loss : finished) losses.append(loss);
    };
    ProgressCheck check(progress, [&] { return trainer_.progress(n); });
    try {
      run(
          work_of(n, epochs),
          [&](ThreadTeam& team) {
            last = trainer_.epochs(data, max, max_seconds.value_or(kNoLimit), last_good, finished,
                                   team);
          },
          std::ref(check), waits());
    } catch (...) {
      record();
      throw;
    }
    record();
    return parts_of(last);
  }

  // Up to `max` epochs, each followed by observe(parts), until that returns True or an epoch ends
  // early. The average is in the network meanwhile, and `last_good` has what `keep` keeps.
  void observed_epochs(const py::object& x, const py::object& targets, const py::object& weights,
                       Index max, std::optional<double> max_seconds, Snapshot<T>& last_good,
                       const py::object& observe, const py::object& lengths,
                       const py::object& progress) {
    batch_rows_ = kNoBatch;
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    const Deadline deadline =
        deadline_after(std::chrono::steady_clock::now(), max_seconds.value_or(kNoLimit));
    check_shard(data.size());
    const Index n = trainer_.samples_of(data.size());
    const Work work = work_of(n, 1);
    trainer_.set_order(std::nullopt);
    trainer_.set_tuned(!threads_are_forced());
    ProgressCheck check(progress, [&] { return trainer_.progress(n); });
    std::vector<double> none;
    for (Index left = max; left > 0; --left) {
      const double seconds = max_seconds ? seconds_until(deadline) : kNoLimit;
      trainer_.start_epoch();
      EpochResult last;
      run(
          work,
          [&](ThreadTeam& team) {
            last = trainer_.epochs(data, 1, seconds, last_good, none, team);
          },
          std::ref(check), waits());
      if (std::isfinite(last.loss)) settle(last_good, left > 1);
      if (call_function(observe, parts_of(last)).ptr() == Py_True) return;
    }
  }

  // After a good epoch: the average comes into the network, and where others follow, `last_good`
  // receives what they may return to.
  void settle(Snapshot<T>& last_good, bool others_follow) {
    swap_in_average();
    if (others_follow && trainer_.optimizer().can_diverge()) keep(last_good);
  }

  // Copies of parameters and state.
  void keep(Snapshot<T>& snapshot) {
    const CopyRelease release(network_->size());
    trainer_.keep(snapshot);
  }
  void go_back(Snapshot<T>& snapshot) {
    const CopyRelease release(network_->size());
    trainer_.go_back(snapshot);
  }
  void swap_in_average() {
    const CopyRelease release(network_->size());
    trainer_.swap_in_average();
  }

  // Passes in the orders of the rows, until one ends early; `results` receives what each has
  // reached, also where an exception ends the call. There is no schedule in Python.
  void passes(const py::object& x, const py::object& targets, const py::object& weights,
              const py::object& orders, py::list results, const py::object& lengths) {
    require(!trainer_.optimizer().has_custom_schedule(), "passes: the schedule is in Python");
    const auto rows = exact_array<std::int64_t>(orders, "orders");
    require(rows.ndim() == 2 && rows.size() > 0,
            "orders has shape " + shape_text(rows) + ", expected (epochs, n) with n >= 1");
    batch_rows_ = kNoBatch;
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    check_shard(data.size());
    const std::vector<Index> indices = indices_of(rows, trainer_.samples_of(data.size()));
    const Index n = rows.shape(1);
    trainer_.set_tuned(!threads_are_forced());
    Snapshot<T> unused;
    std::vector<double> none;
    std::vector<EpochResult> finished;
    const auto record = [&] {
      for (const EpochResult& result : finished) results.append(parts_of(result));
    };
    try {
      run(
          work_of(n, static_cast<Index>(rows.shape(0))),
          [&](ThreadTeam& team) {
            for (auto row = indices.begin(); row != indices.end(); row += n) {
              trainer_.start_epoch();
              trainer_.set_order(std::vector<Index>(row, row + n));
              finished.push_back(trainer_.epochs(data, 1, kNoLimit, unused, none, team));
              if (finished.back().status != Status::running) break;
            }
          },
          check_signals, waits());
    } catch (...) {
      record();
      throw;
    }
    record();
  }

  // The states (batch, Plan::state_size) from which the batches of the next calls go on, and which
  // they write; None: all sequences begin with their batch.
  void set_states(const py::object& states) {
    trainer_.set_states({});
    states_ = states;
    if (states.is_none()) return;
    auto array = exact_array<T>(states, "states");
    const auto rows = rows_of(array, network_->plan().state_size(), "states");
    trainer_.set_states({array.mutable_data(), rows.rows, rows.cols, rows.cols});
  }

  double step(const py::object& x, const py::object& targets, const py::object& weights,
              const py::object& lengths) {
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    check_shard(data.size());
    batch_rows_ = kNoBatch;
    trainer_.set_tuned(!threads_are_forced());
    double value = 0;
    run(
        {step_operations(*network_, data.size())},
        [&](ThreadTeam& team) { value = trainer_.step(data, team); }, check_signals, waits());
    return value;
  }

  // (loss, weight, gradient) of a batch in training mode.
  py::tuple gradient(const py::object& x, const py::object& targets, const py::object& weights,
                     const py::object& lengths) {
    const LeasedDataset<T> leased(x, targets, weights, lengths, *network_, trainer_.loss());
    const Dataset<T>& data = leased.data();
    batch_rows_ = kNoBatch;
    Array<T> gradient(network_->size());
    T* g = gradient.mutable_data();
    double value = 0;
    run({step_operations(*network_, data.size())},
        [&](ThreadTeam& team) { value = trainer_.gradient(data, g, team); });
    return py::make_tuple(value, trainer_.batch_weight(), gradient);
  }

  // The rows of further data are these of n, in this order, and `sum` adds up an array over all
  // processes in place; None: they are all.
  void set_shard(Index n, const Array<std::int64_t>& rows, bool weighted, const py::object& sum) {
    rows_here_.reset();
    trainer_.set_shard(std::nullopt);
    if (sum.is_none()) return;
    require(n >= 0, "set_shard: n=" + std::to_string(n) + ", expected at least 0");
    trainer_.set_shard(shard_of<T>(n, indices_of(rows, n), weighted, sum));
    rows_here_ = rows.size();
  }

  // With offsets the samples are at these positions from the present one, not 0, 1, …
  py::array forward(const py::object& x, const py::object& lengths, const py::object& offsets) {
    InputRows<T> input(x, network_->plan().inputs());
    input.hold();
    const SampleRows<T>& rows = input.rows();
    const std::int64_t* steps = lengths_of(lengths, rows.rows);
    const Index* positions = nullptr;
    if (!offsets.is_none()) {
      const auto given = exact_array<std::int64_t>(offsets, "offsets");
      offsets_ = vector_of(given, rows.rows, "offsets");
      positions = given.data();
    }
    auto [array, out] = new_rows<T>(rows.rows, network_->plan().outputs());
    batch_rows_ = kNoBatch;  // also where this is interrupted
    run({forward_operations(*network_, rows.rows)},
        [&, out = out](ThreadTeam& team) { trainer_.forward(rows, out, team, steps, positions); });
    batch_rows_ = rows.rows;
    return array;
  }

  py::array backward(const Array<T>& output_gradient) {
    const MemoryLease lease(output_gradient);
    const MatrixView<const T> rows =
        rows_of(output_gradient, network_->plan().outputs(), "output_gradient");
    require(rows.rows == batch_rows_, "output_gradient has " + std::to_string(rows.rows) +
                                          " rows, expected " + std::to_string(batch_rows_) +
                                          ", as the last forward");
    Array<T> gradient(network_->size());
    T* g = gradient.mutable_data();
    run({2 * forward_operations(*network_, rows.rows)},
        [&](ThreadTeam& team) { trainer_.backward(rows, g, team); });
    return gradient;
  }

  // Returns the penalties at the parameters before the update.
  double apply(const Array<T>& gradient, double batch_weight) {
    const Index n = network_->size();
    const T* const given = vector_of(gradient, n, "gradient").data();
    const MemoryLease lease(gradient);
    double penalties = 0;
    run({10 * static_cast<double>(n)}, [&](ThreadTeam& team) {
      Buffer<T> g(n);
      std::copy_n(given, n, g.data());
      penalties = trainer_.apply(g.data(), batch_weight, team);
    });
    return penalties;
  }

  // The order of n samples in the next epoch.
  Array<std::int64_t> order(Index n) {
    require(n >= 0, "order: n=" + std::to_string(n) + ", expected at least 0");
    Array<std::int64_t> indices(n);
    std::copy_n(trainer_.order(n).indices().begin(), n, indices.mutable_data());
    return indices;
  }

 private:
  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();

  void check_shard(Index n) const {
    require(!rows_here_ || *rows_here_ == n, "X has " + std::to_string(n) + " rows, expected " +
                                                 std::to_string(rows_here_.value_or(0)) +
                                                 ", as the shard");
  }
  // Whether training waits for other processes, which may be threads that need the GIL.
  bool waits() const { return rows_here_.has_value(); }

  // Of epochs of n samples.
  Work work_of(Index n, Index epochs) const {
    const Index batch = std::min(trainer_.batch_size(), n);
    return {step_operations(*network_, batch),
            static_cast<double>(epochs) * static_cast<double>(n) / static_cast<double>(batch)};
  }

  std::shared_ptr<Network<T>> network_;
  Trainer<T> trainer_;
  std::optional<Index> rows_here_;  // of the shard, if there is one
  py::object states_, offsets_;
  static constexpr Index kNoBatch = -1;
  Index batch_rows_ = kNoBatch;  // of the last forward, while its activations are kept
};

}  // namespace
}  // namespace fastmlp::bindings
