// One sample through a chain of dense layers and back: matrix-vector products with features in the
// lanes, where the passes of a batch have samples and would leave all lanes but one empty.
#pragma once

#include "fastmlp/nn/output_loss.hpp"
#include "fastmlp/train/batch.hpp"

namespace fastmlp {

template <class T>
class OneSample {
 public:
  // Whether the plan is such a chain, each layer with parameters of its own.
  static bool suits(const Plan<T>& plan);

  OneSample(const Plan<T>& plan, const OutputLoss& output);

  // The loss of the sample that is selected, times its scale; with `backward` also all deltas.
  double pass(const T* w, Batch<T>& batch, bool backward);
  // g = dL/dw of a part, after a pass backward; g must be padded by one register.
  void gradient(const GradientPart& part, T* g) const;
  // As NetworkObjective::mistakes.
  Index mistakes() const;

 private:
  T* h(const Node& node) { return h_.data() + node.offset; }
  T* delta(const Node& node) { return delta_.data() + node.offset; }
  T* preactivation(const Node& node) {
    return (node.stores_preactivation ? a_.data() : h_.data()) + node.offset;
  }
  void forward(const T* w, bool backward);
  double output_loss(Batch<T>& batch, bool backward);
  void backward(const T* w);

  const Plan<T>& plan_;
  const OutputLoss& output_;
  Buffer<T> h_, a_, delta_;                       // of all nodes, at their offsets
  Matrix<T> output_a_, output_h_, output_delta_;  // in rows, as losses read them
};

extern template class OneSample<float>;
extern template class OneSample<double>;

}  // namespace fastmlp
