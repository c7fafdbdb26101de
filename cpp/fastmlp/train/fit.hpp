// Whole runs without Python: epochs with validation, early stopping and the way back from a loss
// that is not finite, of many networks side by side. The rules, and so all bits, are those of
// python/fastmlp/_fit, which adds callbacks, metrics and losses in Python to them.
#pragma once

#include "fastmlp/optim/optimizers.hpp"
#include "fastmlp/train/trainer.hpp"

namespace fastmlp {

// Samples of a data set: those of the indices, or all.
template <class T>
struct DataRows {
  const Dataset<T>* data = nullptr;
  const std::vector<Index>* rows = nullptr;

  Index size() const { return rows ? static_cast<Index>(rows->size()) : data ? data->size() : 0; }
  Index operator[](Index i) const { return rows ? (*rows)[static_cast<std::size_t>(i)] : i; }
  RowSelection all() const { return {rows ? rows->data() : nullptr}; }
};

// What the number that is watched, the loss or that of the validation, must do for a run to go on.
struct StopRule {
  Index patience = 0;          // epochs without an improvement; 0: there is no rule
  double min_delta = 0;        // what an improvement is more than
  double relative_delta = 0;   // the same, as a share of the lowest value
  bool on_validation = false;  // of early stopping, else the loss
  bool restore_best = false;   // at the end, the parameters of the best epoch
};

// A network, and how it is trained.
template <class T>
struct FitSettings {
  Network<T>* network = nullptr;
  TrainerOptions options;
  AnyOptimizer optimizer;
  double l1 = 0, l2 = 0;
  bool regularize_biases = false;
  Index epochs = 1;
  StopRule plateau;   // epochs that are not given end with it, as converged
  StopRule stopping;  // early stopping
  DataRows<T> training, validation;
};

// What a run leaves behind, but for the parameters.
struct FitRecord {
  const char* status = nullptr;  // as History.status; nullptr: the run has not begun
  std::vector<double> losses, mistakes, validation_losses;  // of each epoch, where there are any
  Index epochs = 0;                                         // by which the network's count grows
  bool updated = false;                                     // a step was made
};

// Trains each network by itself, on one thread of the team, those with the most work first. All
// trainers are made before the first of them trains: an exception of one leaves every network as
// it was. Later exceptions, those of the team's check among them, end all runs that have begun as
// the end of `fit` does. `finished` counts the networks that are done.
template <class T>
void fit_many(const std::vector<FitSettings<T>>& settings, std::vector<FitRecord>& records,
              double max_seconds, std::atomic<Index>& finished, ThreadTeam& team);

// Operations of a whole run, if nothing ends it early.
template <class T>
double operations_of(const FitSettings<T>& settings) {
  const auto samples =
      static_cast<double>(3 * settings.training.size() + settings.validation.size());
  return settings.network->plan().operations_per_row() * samples *
         static_cast<double>(settings.epochs);
}

}  // namespace fastmlp
