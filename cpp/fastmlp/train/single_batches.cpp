// Calls of a trainer on single batches: steps, gradients, and updates by given gradients.
#include <cmath>

#include "fastmlp/train/trainer.hpp"

namespace fastmlp {

template <class T>
double Trainer<T>::step(const Dataset<T>& data, ThreadTeam& team) {
  swap_out_average();
  objective_.set_team(team);
  invalidate_data();
  optimizer_->set_deadline(Deadline::max());
  if (shared_) shared_->set_deadline(Deadline::max());
  const Index n = samples_of(data.size());
  objective_.set_data(data);
  if (shared_) {
    EpochOrder samples;
    samples.shuffle_rows(n, false, 0, 0);
    shared_->start_epoch(data, samples, n, true);
  }
  const BatchTotals batch = select({}, n);
  const StepResult result =
      batch.weight != 0 ? tuned_step(tuner_of(true, n, team), true, batch.weight, team) : pass_by();
  samples_seen_ += n;  // not where the step was interrupted
  const bool refused = result.status == Status::not_finite && std::isfinite(result.value);
  return refused ? std::nan("") : result.value;
}

template <class T>
double Trainer<T>::gradient(const Dataset<T>& data, T* g, ThreadTeam& team) {
  swap_out_average();
  objective_.set_team(team);
  objective_.invalidate_data();
  objective_.set_data(data);
  objective_.select({}, data.size());
  set_context(data.size());
  double value = 0;
  if (objective_.weight() != 0) {
    value = objective_.value_and_gradient(network_.w(), g);
  } else {
    pass_by();
    std::fill_n(g, network_.size(), T(0));
  }
  samples_seen_ += data.size();
  return value;
}

template <class T>
void Trainer<T>::forward(const SampleRows<T>& x, MatrixView<T> out, ThreadTeam& team,
                         const std::int64_t* lengths, const Index* offsets) {
  swap_out_average();
  objective_.set_team(team);
  set_context(x.rows, offsets);
  objective_.forward(network_.w(), x, out, lengths);
  samples_seen_ += x.rows;
}

template <class T>
void Trainer<T>::backward(MatrixView<const T> output_gradient, T* g, ThreadTeam& team) {
  objective_.set_team(team);
  objective_.backward(network_.w(), output_gradient, g);
}

template <class T>
double Trainer<T>::apply(T* g, double batch_weight, ThreadTeam& team) {
  swap_out_average();
  scale_penalties(batch_weight);
  return optimizer_->apply(network_.w(), g, team);
}

template <class T>
double Trainer<T>::penalties(double batch_weight) {
  scale_penalties(batch_weight);
  return optimizer_->penalties(network_.w());
}

template double Trainer<float>::step(const Dataset<float>&, ThreadTeam&);
template double Trainer<double>::step(const Dataset<double>&, ThreadTeam&);
template double Trainer<float>::gradient(const Dataset<float>&, float*, ThreadTeam&);
template double Trainer<double>::gradient(const Dataset<double>&, double*, ThreadTeam&);
template void Trainer<float>::forward(const SampleRows<float>&, MatrixView<float>, ThreadTeam&,
                                      const std::int64_t*, const Index*);
template void Trainer<double>::forward(const SampleRows<double>&, MatrixView<double>, ThreadTeam&,
                                       const std::int64_t*, const Index*);
template void Trainer<float>::backward(MatrixView<const float>, float*, ThreadTeam&);
template void Trainer<double>::backward(MatrixView<const double>, double*, ThreadTeam&);
template double Trainer<float>::apply(float*, double, ThreadTeam&);
template double Trainer<double>::apply(double*, double, ThreadTeam&);
template double Trainer<float>::penalties(double);
template double Trainer<double>::penalties(double);

}  // namespace fastmlp
