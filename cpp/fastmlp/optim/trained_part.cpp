#include "fastmlp/optim/trained_part.hpp"

#include <algorithm>

namespace fastmlp {

// f as a function of the trained parameters z.
template <class T>
class TrainedPart<T>::Part final : public ResidualObjective<T> {
 public:
  explicit Part(TrainedPart& owner)
      : owner_(owner), w_(owner.size_), v_(owner.size_), g_(owner.size_) {}

  // The function of the next calls, and all of its parameters.
  void set(Objective<T>& f, const T* w) {
    f_ = &f;
    std::copy_n(w, owner_.size_, w_.data());
  }

  Index size() const override { return owner_.z_.size(); }
  double value(const T* z) override { return f_->value(whole(z)); }
  double value_and_gradient(const T* z, T* g) override {
    const double value = f_->value_and_gradient(whole(z), g_.data());
    owner_.gather(g_.data(), g);
    return value;
  }
  void hessian_product(const T* z, const T* v, T* hv) override {
    owner_.scatter(v, v_.data());
    f_->hessian_product(whole(z), v_.data(), g_.data());
    owner_.gather(g_.data(), hv);
  }
  bool gauss_newton_product(const T* z, const T* v, T* gv) override {
    owner_.scatter(v, v_.data());
    if (!f_->gauss_newton_product(whole(z), v_.data(), g_.data())) return false;
    owner_.gather(g_.data(), gv);
    return true;
  }
  bool squared_gradients(const T* z, double* out) override {
    Buffer<double> all(owner_.size_);
    if (!f_->squared_gradients(whole(z), all.data())) return false;
    owner_.groups_.for_trained({0, owner_.size_}, [&](Range range, double) {
      out = std::copy_n(all.data() + range.begin, range.size(), out);
    });
    return true;
  }
  bool set_point(const T* z) override { return f_->set_point(whole(z)); }
  std::uint64_t version() const override { return f_ ? f_->version() : 0; }
  bool expired(Deadline deadline) const override { return f_->expired(deadline); }
  void normal_equations(const T* z, double* normal, double* g) override {
    auto* residuals = dynamic_cast<ResidualObjective<T>*>(f_);
    if (!residuals) throw std::invalid_argument("the objective has no residuals");
    residuals->normal_equations(whole(z), normal, g);
  }

 private:
  const T* whole(const T* z) {
    owner_.scatter(z, w_.data());
    return w_.data();
  }

  TrainedPart& owner_;
  Objective<T>* f_ = nullptr;
  Buffer<T> w_, v_, g_;  // v is 0 where nothing is trained
};

template <class T>
TrainedPart<T>::TrainedPart(std::unique_ptr<Optimizer<T>> inner, std::vector<ParameterGroup> groups,
                            Index size)
    : Optimizer<T>(std::move(groups), size), inner_(std::move(inner)), z_(groups_.trained_size()) {
  part_ = std::make_unique<Part>(*this);
}

template <class T>
TrainedPart<T>::~TrainedPart() = default;

template <class T>
void TrainedPart<T>::gather(const T* w, T* z) const {
  groups_.for_trained(
      {0, size_}, [&](Range range, double) { z = std::copy_n(w + range.begin, range.size(), z); });
}

template <class T>
void TrainedPart<T>::scatter(const T* z, T* w) const {
  groups_.for_trained({0, size_}, [&](Range range, double) {
    std::copy_n(z, range.size(), w + range.begin);
    z += range.size();
  });
}

template <class T>
StepResult TrainedPart<T>::step(Objective<T>& f, T* w, ThreadTeam& team) {
  gather(w, z_.data());
  part_->set(f, w);
  const StepResult result = inner_->step(*part_, z_.data(), team);
  this->defect_ = inner_->take_defect();
  scatter(z_.data(), w);
  return result;
}

template <class T>
const T* TrainedPart<T>::average() const {
  const T* of_part = inner_->average();
  if (!of_part) return nullptr;
  if (average_.size() == 0) average_ = Buffer<T>(size_);
  std::copy_n(w_, size_, average_.data());
  scatter(of_part, average_.data());
  return average_.data();
}

template <class T>
std::optional<double> TrainedPart<T>::value_at(const Objective<T>&, const T* w) const {
  gather(w, z_.data());
  return inner_->value_at(*part_, z_.data());
}

template class TrainedPart<float>;
template class TrainedPart<double>;

}  // namespace fastmlp
