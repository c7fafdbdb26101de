// Metrics: numbers that say how good outputs are, beside the loss. Definitions are scikit-learn's.
#pragma once

#include <cstdint>

#include "fastmlp/base/buffer.hpp"
#include "fastmlp/base/parallel.hpp"

namespace fastmlp {

// The outputs of n samples beside what they should be: a class, or targets of each column. A column
// has the label 1 where its number is above the threshold. What weighs 0 is left out.
struct Predictions {
  MatrixView<const double> outputs;       // (n, columns)
  const double* targets = nullptr;        // (n, columns), or
  const std::int64_t* classes = nullptr;  // (n,)
  const double* weights = nullptr;        // (n,), or nullptr: 1 each
  const double* terms = nullptr;          // (n, columns), factors on them, or nullptr: 1 each
  double threshold = 0.5;
  Index k = 1;  // of top_k_accuracy
};

double accuracy(const Predictions& p, ThreadTeam& team);
double top_k_accuracy(const Predictions& p, ThreadTeam& team);
double f1(const Predictions& p, ThreadTeam& team);
double auc(const Predictions& p, ThreadTeam& team);
double r2(const Predictions& p, ThreadTeam& team);
double mean_absolute_error(const Predictions& p, ThreadTeam& team);
double root_mean_squared_error(const Predictions& p, ThreadTeam& team);

struct Metric {
  const char* key;
  bool of_labels;  // else of numbers
  bool larger_is_better;
  double (*value)(const Predictions&, ThreadTeam&);
};

inline constexpr Metric kMetrics[] = {
    {"accuracy", true, true, &accuracy},
    {"top_k_accuracy", true, true, &top_k_accuracy},
    {"f1", true, true, &f1},
    {"auc", true, true, &auc},
    {"r2", false, true, &r2},
    {"mae", false, false, &mean_absolute_error},
    {"rmse", false, false, &root_mean_squared_error},
};

// The metric of the predictions, nan where an output is not finite.
double evaluate(const Metric& metric, const Predictions& p, ThreadTeam& team);

}  // namespace fastmlp
