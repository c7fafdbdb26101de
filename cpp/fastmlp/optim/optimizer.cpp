#include "fastmlp/optim/optimizer.hpp"

#include <stdexcept>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {
namespace {

// Finds the first number of a state that is not finite.
template <class T>
class DefectFinder final : public StateVisitor<T> {
 public:
  explicit DefectFinder(std::optional<Defect>& found) : found_(found) {}
  void section(const char*) override {}
  void vector(const char* name, Buffer<T>& values) override {
    scan(name, values.size(), values.data());
  }
  void half_vector(const char* name, HalfVector& values) override {
    const Range all{0, values.size()};
    if (!found_ && !values.is_finite(all)) found_ = Defect{name, values.first_not_finite(all)};
  }
  void optional_vector(const char* name, Buffer<T>& values, bool& present) override {
    if (present) vector(name, values);
  }
  void scalar(const char* name, double& value, const Interval*) override { scan(name, 1, &value); }
  void counter(const char*, Index&, Index) override {}

  template <class U>
  void scan(const char* name, Index n, const U* values) {
    if (!found_ && !all_finite(n, values)) found_ = Defect{name, first_not_finite(n, values)};
  }

 private:
  std::optional<Defect>& found_;
};

}  // namespace

template <class T>
bool Optimizer<T>::is_finite(const T* w, Index size) {
  defect_.reset();
  DefectFinder<T> finder(defect_);
  finder.scan("w", size, w);
  visit_state(finder);
  return !defect_;
}

template <class T>
double Optimizer<T>::apply(T*, T*, ThreadTeam&) {
  throw std::invalid_argument(
      "Trainer.apply: one gradient is not enough for this optimizer, which evaluates the loss at "
      "several points; call step");
}

template <class T>
double Optimizer<T>::learning_rate() const {
  throw std::invalid_argument(
      "Trainer.learning_rate: this optimizer has none, as it searches for the length of each step");
}

template <class T>
void Optimizer<T>::scale_learning_rate(double) {
  throw std::invalid_argument(
      "Trainer.scale_learning_rate: this optimizer has no learning rate, as it searches for the "
      "length of each step");
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace fastmlp
