#include "fastmlp/train/shared_objective.hpp"

#include <cmath>

#include "fastmlp/train/exact_sum.hpp"

namespace fastmlp {
namespace {

// What is summed behind the gradient: the loss, mistakes, processes whose loss is not finite, and
// those for which the deadline has passed.
constexpr Index kMistakes = kLossDigits.digits, kNotFinite = kMistakes + kCountDigits.digits,
                kLate = kNotFinite + 1, kSummed = kLate + 1;

}  // namespace

template <class T>
SharedObjective<T>::SharedObjective(NetworkObjective<T>& f, Shard<T> shard)
    : f_(f), shard_(std::move(shard)), buffer_(std::make_shared<Buffer<T>>(f.size() + kSummed)) {}

template <class T>
void SharedObjective<T>::start_epoch(const Dataset<T>& data, const EpochOrder& order,
                                     Index batch_size, bool by_batch) {
  const Index n = order.size();
  if (local_.size() < std::min(batch_size, n)) {
    local_ = Buffer<Index>(std::min(batch_size, n));
    offsets_ = Buffer<Index>(local_.size());
  }
  by_batch_ = by_batch || n <= batch_size;
  mean_weight_ = 1;
  weights_.clear();
  if (!shard_.weighted) return;
  weights_.resize(static_cast<std::size_t>(ceil_div(n, batch_size)));
  const RowSelection rows = order.batch(0);
  for (Index i = 0; i < n; ++i) {
    const Index row = shard_.rows[static_cast<std::size_t>(rows[i])];
    if (row != Shard<T>::kElsewhere) {
      weights_[static_cast<std::size_t>(i / batch_size)] += data.weight(row);
    }
  }
  shard_.sum_double(weights_.data(), static_cast<Index>(weights_.size()));
  mean_weight_ = std::accumulate(weights_.begin(), weights_.end(), 0.0) / static_cast<double>(n);
}

template <class T>
BatchTotals SharedObjective<T>::select(RowSelection rows, Index n, Index k) {
  n_here_ = 0;
  bool consecutive = true;
  for (Index i = 0; i < n; ++i) {
    const Index row = shard_.rows[static_cast<std::size_t>(rows[i])];
    if (row == Shard<T>::kElsewhere) continue;
    consecutive = consecutive && (n_here_ == 0 || row == local_[n_here_ - 1] + 1);
    offsets_[n_here_] = i;
    local_[n_here_++] = row;
  }
  const auto count = static_cast<double>(n);
  const double weight = shard_.weighted ? weights_[static_cast<std::size_t>(k)] : count;
  const double divisor = by_batch_ ? weight : count * mean_weight_;
  const bool same = same_data_ && !rows.indices && n == shard_.size() && !f_.is_stochastic();
  if (!same) ++version_;
  same_data_ = true;
  const Index first = n_here_ > 0 ? local_[0] : 0;
  f_.select(consecutive ? RowSelection{nullptr, first} : RowSelection{local_.data()}, n_here_,
            divisor);
  return {n, weight, divisor};
}

// Of the value here, and the first numbers of the buffer, the sums over all processes.
template <class T>
double SharedObjective<T>::summed(double value, Index size) {
  T* rest = buffer_->data() + size;
  const bool finite = std::abs(value) < kMaxDigits;
  kLossDigits.write(finite ? value : 0, rest);
  kCountDigits.write(n_here_ > 0 ? static_cast<double>(f_.mistakes()) : 0, rest + kMistakes);
  rest[kNotFinite] = T(!finite);
  rest[kLate] = T(is_late());
  shard_.sum(buffer_, size + kSummed);
  mistakes_ = static_cast<Index>(kCountDigits.read(rest + kMistakes));
  late_ = rest[kLate] > 0;
  return rest[kNotFinite] > 0 ? std::nan("") : kLossDigits.read(rest);
}

template <class T>
double SharedObjective<T>::value(const T* w) {
  return summed(n_here_ > 0 ? f_.value(w) : 0, 0);
}

template <class T>
double SharedObjective<T>::value_and_gradient(const T* w, T* g) {
  T* sum = buffer_->data();
  if (n_here_ == 0) std::fill_n(sum, size(), T(0));
  const double value = summed(n_here_ > 0 ? f_.value_and_gradient(w, sum) : 0, size());
  std::copy_n(sum, size(), g);
  return value;
}

template <class T>
double SharedObjective<T>::value_and_stream_gradient(T* w, GradientConsumer<T>& consumer) {
  if (T* whole = consumer.whole_gradient()) return value_and_gradient(w, whole);
  T* sum = buffer_->data();
  if (n_here_ == 0) std::fill_n(sum, size(), T(0));
  const double value = summed(n_here_ > 0 ? f_.gradient_for(consumer, w, sum) : 0, size());
  if (std::isfinite(value)) f_.stream_gradient(w, sum, consumer);
  return value;
}

// Products are many, so the deadline is looked at here too.
template <class T>
void SharedObjective<T>::sum_product(T* product) {
  T* sum = buffer_->data();
  std::copy_n(product, size(), sum);
  sum[size()] = T(is_late());
  shard_.sum(buffer_, size() + 1);
  late_ = sum[size()] > 0;
  std::copy_n(sum, size(), product);
}

template <class T>
void SharedObjective<T>::hessian_product(const T* w, const T* v, T* hv) {
  std::fill_n(hv, size(), T(0));
  if (n_here_ > 0) f_.hessian_product(w, v, hv);
  sum_product(hv);
}

template <class T>
bool SharedObjective<T>::gauss_newton_product(const T* w, const T* v, T* gv) {
  std::fill_n(gv, size(), T(0));
  if (n_here_ > 0) f_.gauss_newton_product(w, v, gv);
  sum_product(gv);
  return true;
}

template <class T>
bool SharedObjective<T>::squared_gradients(const T* w, double* out) {
  std::fill_n(out, size(), 0.0);
  if (n_here_ > 0) f_.squared_gradients(w, out);
  shard_.sum_double(out, size());
  return true;
}

template <class T>
void SharedObjective<T>::normal_equations(const T* w, double* normal, double* g) {
  const Index n = f_.trained_size();
  std::fill_n(normal, n * n, 0.0);
  std::fill_n(g, n, 0.0);
  if (n_here_ > 0) f_.normal_equations(w, normal, g);
  shard_.sum_double(normal, n * n);
  shard_.sum_double(g, n);
}

template class SharedObjective<float>;
template class SharedObjective<double>;

}  // namespace fastmlp
