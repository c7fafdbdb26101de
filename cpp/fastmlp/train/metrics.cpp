#include "fastmlp/train/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Index samples(const Predictions& p) { return p.outputs.rows; }
Index columns(const Predictions& p) { return p.outputs.cols; }
double weight(const Predictions& p, Index i) { return p.weights ? p.weights[i] : 1.0; }
double factor(const Predictions& p, Index i, Index j) {
  return p.terms ? p.terms[i * columns(p) + j] : 1.0;
}
double weight(const Predictions& p, Index i, Index j) { return weight(p, i) * factor(p, i, j); }
Index count_terms(const Predictions& p, Index j) {
  if (!p.terms) return samples(p);
  Index count = 0;
  for (Index i = 0; i < samples(p); ++i) count += factor(p, i, j) > 0;
  return count;
}
double output(const Predictions& p, Index i, Index j) { return p.outputs.row(i)[j]; }
double target(const Predictions& p, Index i, Index j) { return p.targets[i * columns(p) + j]; }
bool is_one(const Predictions& p, Index i, Index j) {
  return p.classes ? p.classes[i] == j : target(p, i, j) > p.threshold;
}
bool is_predicted(const Predictions& p, Index i, Index j) { return output(p, i, j) > p.threshold; }
// The class of the largest output, of equal ones the first.
Index predicted_class(const Predictions& p, Index i) {
  const double* row = p.outputs.row(i);
  return std::max_element(row, row + columns(p)) - row;
}

// sum_i w(i) f(i) / sum_i w(i)
template <class W, class F>
double mean(const Predictions& p, ThreadTeam& team, W&& w, F&& f) {
  double sum = 0, total = 0;
  for (Index i = 0; i < samples(p); ++i) {
    team.poll_interrupt(static_cast<double>(columns(p)));
    const double weight = w(i);
    if (weight == 0) continue;
    sum += weight * f(i);
    total += weight;
  }
  return sum / total;
}

// Of the samples, and of the terms of a column.
template <class F>
double sample_mean(const Predictions& p, ThreadTeam& team, F&& f) {
  return mean(p, team, [&](Index i) { return weight(p, i); }, f);
}
template <class F>
double column_mean(const Predictions& p, Index j, ThreadTeam& team, F&& f) {
  return mean(p, team, [&](Index i) { return weight(p, i, j); }, f);
}

// The first of the labels that metrics are means over: of two classes, the second alone counts.
Index first_label(const Predictions& p) { return p.classes && columns(p) == 2 ? 1 : 0; }

// Over the columns that have terms.
template <class F>
double mean_over_columns(const Predictions& p, Index first, F&& f) {
  double sum = 0, count = 0;
  for (Index j = first; j < columns(p); ++j) {
    if (count_terms(p, j) == 0) continue;
    sum += f(j);
    ++count;
  }
  return sum / count;
}

bool has_all_labels(const Predictions& p, Index i) {
  for (Index j = 0; j < columns(p); ++j) {
    if (factor(p, i, j) > 0 && is_predicted(p, i, j) != is_one(p, i, j)) return false;
  }
  return true;
}

// Whether fewer than k classes come before that of the sample: of equal outputs the last ones do.
bool is_among_first(const Predictions& p, Index i) {
  const std::int64_t c = p.classes[i];
  if (c < 0 || c >= columns(p)) return false;  // the caller's memory may change at any time
  const double* row = p.outputs.row(i);
  Index before = 0;
  for (Index j = 0; j < columns(p); ++j) before += row[j] > row[c] || (row[j] == row[c] && j > c);
  return before < p.k;
}

// Sums of weights of one label.
struct LabelCounts {
  double hits = 0, predicted = 0, actual = 0;
  bool occurs = false;

  void add(bool is_predicted, bool is_actual, double weight) {
    hits += is_predicted && is_actual ? weight : 0;
    predicted += is_predicted ? weight : 0;
    actual += is_actual ? weight : 0;
    occurs = occurs || is_predicted || is_actual;
  }
  double f1() const { return predicted + actual > 0 ? 2 * hits / (predicted + actual) : 0; }
};

// The area under the curve of a column: the chance that a sample of label 1 has a larger output
// than one of label 0, where equal ones count half.
double column_auc(const Predictions& p, Index j, std::vector<Index>& order) {
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(),
            [&](Index a, Index b) { return output(p, a, j) < output(p, b, j); });
  double area = 0, ones = 0, zeros = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied[2] = {0, 0};  // sums of weights, by label
    const double score = output(p, order[begin], j);
    for (; end < order.size() && output(p, order[end], j) == score; ++end) {
      tied[is_one(p, order[end], j)] += weight(p, order[end], j);
    }
    area += tied[1] * (zeros + tied[0] / 2);
    ones += tied[1];
    zeros += tied[0];
  }
  return area / (ones * zeros);
}

// 1 - sum w (y - o)² / sum w (y - mean y)²; of constant targets 1 where all are met, else 0.
double column_r2(const Predictions& p, Index j, ThreadTeam& team) {
  if (count_terms(p, j) < 2) return kNan;
  const double average = column_mean(p, j, team, [&](Index i) { return target(p, i, j); });
  double low = std::numeric_limits<double>::infinity(), high = -low, residual = 0, total = 0;
  for (Index i = 0; i < samples(p); ++i) {
    const double w = weight(p, i, j), y = target(p, i, j), error = y - output(p, i, j);
    if (w == 0) continue;
    low = std::min(low, y);
    high = std::max(high, y);
    residual += w * error * error;
    total += w * (y - average) * (y - average);
  }
  if (low == high) return residual == 0 ? 1 : 0;
  return 1 - residual / total;
}

}  // namespace

double accuracy(const Predictions& p, ThreadTeam& team) {
  return sample_mean(p, team, [&](Index i) -> double {
    return p.classes ? predicted_class(p, i) == p.classes[i] : has_all_labels(p, i);
  });
}

double top_k_accuracy(const Predictions& p, ThreadTeam& team) {
  return sample_mean(p, team, [&](Index i) -> double { return is_among_first(p, i); });
}

double f1(const Predictions& p, ThreadTeam& team) {
  std::vector<LabelCounts> labels(static_cast<std::size_t>(columns(p)));
  for (Index i = 0; i < samples(p); ++i) {
    const Index found = p.classes ? predicted_class(p, i) : 0;
    for (Index j = 0; j < columns(p); ++j) {
      const bool is_found = p.classes ? j == found : is_predicted(p, i, j);
      labels[static_cast<std::size_t>(j)].add(is_found, is_one(p, i, j), weight(p, i, j));
    }
    team.poll_interrupt(static_cast<double>(columns(p)));
  }
  const bool many = p.classes && columns(p) > 2;  // of which those that are nowhere do not count
  double sum = 0, count = 0;
  for (std::size_t j = static_cast<std::size_t>(first_label(p)); j < labels.size(); ++j) {
    sum += labels[j].f1();
    const bool has_terms = count_terms(p, static_cast<Index>(j)) > 0;
    count += (many ? labels[j].occurs : has_terms) ? 1 : 0;
  }
  return sum / count;
}

double auc(const Predictions& p, ThreadTeam& team) {
  std::vector<Index> order(static_cast<std::size_t>(samples(p)));
  return mean_over_columns(p, first_label(p), [&](Index j) {
    team.poll_interrupt(32.0 * static_cast<double>(samples(p)));
    return column_auc(p, j, order);
  });
}

double r2(const Predictions& p, ThreadTeam& team) {
  return mean_over_columns(p, 0, [&](Index j) { return column_r2(p, j, team); });
}

double mean_absolute_error(const Predictions& p, ThreadTeam& team) {
  return mean_over_columns(p, 0, [&](Index j) {
    return column_mean(p, j, team,
                       [&](Index i) { return std::abs(target(p, i, j) - output(p, i, j)); });
  });
}

double root_mean_squared_error(const Predictions& p, ThreadTeam& team) {
  return mean_over_columns(p, 0, [&](Index j) {
    return std::sqrt(column_mean(p, j, team, [&](Index i) {
      const double error = target(p, i, j) - output(p, i, j);
      return error * error;
    }));
  });
}

double evaluate(const Metric& metric, const Predictions& p, ThreadTeam& team) {
  for (Index i = 0; i < samples(p); ++i) {
    if (!all_finite(columns(p), p.outputs.row(i))) return kNan;
  }
  return metric.value(p, team);
}

}  // namespace fastmlp
