// What a batch shows of each node of a plan: its error signal and the flat parts of its activation.
#pragma once

#include <string>
#include <vector>

#include "fastmlp/train/network_objective.hpp"

namespace fastmlp {

struct NodeReport {
  Index layer;          // in the list of layers
  Index slot = kNone;   // of its first term with weights
  Index step = kNone;   // of a sequence
  Index step_rows = 0;  // of a node of all steps: the rows of one; 0: other nodes
  std::string phi;      // the key of its activation
  Index values = 0;     // units times samples, without steps after the end of their sequence
  double squares = 0;   // sum of delta² = (dL/da)², of all of them
  Index saturated = 0;  // values with |phi'(a)| below kSaturated of its largest
  // By unit, a channel at all its positions: some value has |phi'(a)| of at least kDead of its
  // largest.
  std::vector<char> alive = {};
};

constexpr double kSaturated = 0.05, kDead = 1e-3;

template <class T>
class Diagnosis {
 public:
  explicit Diagnosis(NetworkObjective<T>& objective);

  // Adds the selected batch at w; returns its loss, with the gradient g.
  double add_loss(const T* w, T* g);
  // Adds the n samples that the objective has passed forward and backward last.
  void add(Index n);

  const std::vector<NodeReport>& reports() const { return reports_; }

 private:
  void add_node(Index node, Range samples, const Index* lengths, PanelMatrix<T>& slope);

  NetworkObjective<T>& f_;
  std::vector<Index> nodes_;  // of the reports
  std::vector<NodeReport> reports_;
};

extern template class Diagnosis<float>;
extern template class Diagnosis<double>;

}  // namespace fastmlp
