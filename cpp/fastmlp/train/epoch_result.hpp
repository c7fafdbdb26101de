// What an epoch has reached: its loss and the parts of it.
#pragma once

#include "fastmlp/optim/optimizer.hpp"

namespace fastmlp {

// Means over the batches of an epoch: by their divisors, which are weights, or by their numbers of
// samples.
struct EpochResult {
  double loss = 0;  // by weight, penalties included
  Index steps = 0;  // updates made in this epoch
  Status status = Status::running;
  double data_loss = 0, penalty = 0;                    // by weight: the parts of the loss
  double data_loss_by_count = 0, penalty_by_count = 0;  // the same by count
  Index samples = 0;                                    // that were presented with a weight
  Index mistakes = 0;                                   // as NetworkObjective::mistakes
};

// Sums over the batches of an epoch.
class EpochMeans {
 public:
  void add(const StepResult& step, double divisor, Index samples) {
    const double data_loss = step.value - step.penalty, count = static_cast<double>(samples);
    divisor_ += divisor;
    loss_ += step.value * divisor;
    data_loss_ += data_loss * divisor;
    penalty_ += step.penalty * divisor;
    samples_ += samples;
    data_loss_by_count_ += data_loss * count;
    penalty_by_count_ += step.penalty * count;
  }
  // A batch without weight.
  void skip(double divisor) { divisor_ += divisor; }
  void write(EpochResult& result) const {
    const auto mean = [](double sum, double n) { return n > 0 ? sum / n : 0; };
    const auto count = static_cast<double>(samples_);
    result.loss = mean(loss_, divisor_);
    result.data_loss = mean(data_loss_, divisor_);
    result.penalty = mean(penalty_, divisor_);
    result.data_loss_by_count = mean(data_loss_by_count_, count);
    result.penalty_by_count = mean(penalty_by_count_, count);
    result.samples = samples_;
  }

 private:
  double divisor_ = 0, loss_ = 0, data_loss_ = 0, penalty_ = 0;
  double data_loss_by_count_ = 0, penalty_by_count_ = 0;
  Index samples_ = 0;
};

}  // namespace fastmlp
