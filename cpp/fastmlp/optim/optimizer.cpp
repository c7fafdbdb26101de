#include "fastmlp/optim/optimizer.hpp"

#include <stdexcept>

#include "fastmlp/optim/first_order.hpp"

namespace fastmlp {

template <class T>
double Optimizer<T>::apply(T*, T*, ThreadTeam&) {
  throw std::invalid_argument(
      "apply: one gradient is not enough for this optimizer, which evaluates the loss at several "
      "points; call step");
}

template <class T>
double Optimizer<T>::learning_rate() const {
  throw std::invalid_argument(
      "learning_rate: this optimizer has none, as it searches for the length of each step");
}

template <class T>
void Optimizer<T>::scale_learning_rate(double) {
  throw std::invalid_argument(
      "scale_learning_rate: this optimizer has no learning rate, as it searches for the length of "
      "each step");
}

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(Rule rule, Index size,
                                             std::vector<ParameterGroup> groups) {
  return std::make_unique<FirstOrder<T>>(std::move(rule), size, std::move(groups));
}

template class Optimizer<float>;
template class Optimizer<double>;
template std::unique_ptr<Optimizer<float>> make_optimizer(Rule, Index, std::vector<ParameterGroup>);
template std::unique_ptr<Optimizer<double>> make_optimizer(Rule, Index,
                                                           std::vector<ParameterGroup>);

}  // namespace fastmlp
