#include "fastmlp/optim/first_order.hpp"

#include <atomic>
#include <cmath>
#include <numeric>

#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/kernels/tuning.hpp"
#include "fastmlp/optim/elementwise.hpp"

namespace fastmlp {

template <class T>
double FirstOrder<T>::evaluation_offset() const {
  return std::visit([](const auto& rule) { return rule.evaluation_offset(); }, rule_);
}

template <class T>
StepResult FirstOrder<T>::step(Objective<T>& f, T* w, ThreadTeam& team) {
  gradient_norm_ = std::nan("");
  penalty_ = 0;
  const double value = evaluation_offset() == 0 ? evaluate_and_update(f, w, team)
                                                : look_ahead_and_update(f, w, team);
  if (!std::isfinite(value) || this->defect_) {
    return {value, gradient_norm_, 0, 1, Status::not_finite};
  }
  return {value, gradient_norm_, context_.lr, 1, Status::running, penalty_};
}

// The gradient is taken at w + beta v. The rule starts from the kept w, which is restored where
// there is no update.
template <class T>
double FirstOrder<T>::look_ahead_and_update(Objective<T>& f, T* w, ThreadTeam& team) {
  const T beta = static_cast<T>(evaluation_offset());
  const T* v = vectors_[0].data();
  T* kept = vectors_[1].data();
  std::copy_n(w, size_, kept);
  ++version_;
  groups_.for_trained({0, size_}, [&](Range range, double) {
    for (Index i = range.begin; i < range.end; ++i) w[i] += beta * v[i];
  });
  const auto restore = [&] {
    std::copy_n(kept, size_, w);
    ++version_;
  };
  try {
    const double value = evaluate_and_update(f, w, team);
    if (!std::isfinite(value) || this->defect_) restore();
    return value;
  } catch (...) {
    restore();
    throw;
  }
}

template <class T>
double FirstOrder<T>::evaluate_and_update(Objective<T>& f, T* w, ThreadTeam& team) {
  this->defect_.reset();
  const double value = f.value_and_stream_gradient(w, *this);
  if (!std::isfinite(value)) return value;
  const double penalties = whole_gradient() ? apply(w, gradient_.data(), team) : finish();
  if (this->defect_) return value;
  penalty_ = penalties;
  return value + penalties;
}

template <class T>
double FirstOrder<T>::apply(T* w, T* g, ThreadTeam& team) {
  const Index ranges = ceil_div(size_, kUpdateRangeElements);
  const auto for_ranges = [&](auto&& f) {
    team.parallel_for_uninterrupted(
        ranges, [&](Index i, int) { f(i, tile(i, kUpdateRangeElements, size_)); });
  };
  this->defect_.reset();
  start(ranges, w, false);
  ++version_;
  const bool by_norm = whole_gradient() != nullptr;
  std::atomic<bool> at_risk{false};
  for_ranges([&](Index i, Range range) {
    T* part = g + range.begin;
    transform_gradient(i, range, part);
    if (by_norm) {
      range_squares_[static_cast<std::size_t>(i)] = sum_squares(range.size(), part);
    } else if (!squares_finite(range.size(), part)) {
      at_risk = true;
    }
  });
  std::optional<NormFactors<T>> factors;
  if (by_norm) {
    const ScaledNorm norm =
        scaled_norm(std::accumulate(range_squares_.begin(), range_squares_.end(), 0.0), size_, g);
    gradient_norm_ = norm.value();
    if (!std::isfinite(norm.size)) this->defect_ = {"gradient", first_not_finite(size_, g)};
    if (this->defect_) return finish();
    const double length = clipped_length(gradient_norm_);
    if (length != gradient_norm_) factors = NormFactors<T>(length, norm);
    at_risk = length * length > static_cast<double>(std::numeric_limits<T>::max());
  }
  if (at_risk) keep_copies();
  for_ranges([&](Index i, Range range) {
    T* part = g + range.begin;
    if (factors) factors->multiply(range.size(), part);
    update_range(i, range, part);
  });
  if (groups_.limited()) {
    groups_.apply_max_norm({0, size_}, w);
    if (options_.average) for_ranges([&](Index, Range range) { update_average(range); });
  }
  return finish();
}

template <class T>
void FirstOrder<T>::consume(Index part, Range range, T* g) {
  if (before_ || squares_finite(range.size(), g)) return update_part(part, range, g);
  const Checkpoint<T> before(range, w_, vectors_, halves_);
  update_part(part, range, g);
  if (!before.is_finite()) refuse(range, before);
}

template <class T>
void FirstOrder<T>::update_part(Index part, Range range, T* g) {
  const Index length = needs_extra_passes_ ? kUpdateRangeElements : range.size();
  for (Index begin = range.begin; begin < range.end; begin += length) {
    const Range subrange{begin, std::min(begin + length, range.end)};
    T* sub_g = g + (begin - range.begin);
    transform_gradient(part, subrange, sub_g);
    update_range(part, subrange, sub_g);
  }
  if (!groups_.limited()) return;
  groups_.apply_max_norm(range, w_);
  update_average(range);
}

// Updates one range. Max-norm and the average follow later where rows are limited, because they
// need whole rows.
template <class T>
void FirstOrder<T>::update_range(Index part, Range range, const T* g) {
  groups_.for_trained(range, [&](Range own, double factor) {
    StepContext context = context_;
    context.lr *= factor;
    if (decay_.rate != 0) groups_.decay(own, decay_, context.lr, w_);
    apply_to(part, own, context, g + (own.begin - range.begin));
    if (options_.proximal_l1) groups_.soft_threshold(own, context.lr, w_);
  });
  if (!groups_.limited()) update_average(range);
}

template <class T>
void FirstOrder<T>::start(Index parts, T* w, bool at_risk) {
  w_ = w;
  before_.reset();
  context_ = {learning_rate(), schedule_.steps + 1, scalars_.data()};
  if (at_risk || context_.lr > safe_rate_) keep_copies();
  if (options_.average) {  // of frozen parameters they themselves
    groups_.for_frozen({0, size_}, [&](Range range) {
      std::copy_n(w + range.begin, range.size(), vectors_.back().data() + range.begin);
    });
  }
  for (std::vector<double>* sums : {&part_penalties_, &part_sums_}) {
    sums->resize(static_cast<std::size_t>(parts));
    std::fill(sums->begin(), sums->end(), 0.0);
  }
}

// Undoes the update of a range; the first of several defects is kept, whichever thread finds it.
template <class T>
void FirstOrder<T>::refuse(Range range, const Checkpoint<T>& before) {
  const auto found = [&](const std::string& name, Index i) {
    if (i < range.end && (!this->defect_ || i < this->defect_->index)) this->defect_ = {name, i};
  };
  const auto look_at = [&](const std::string& name, const T* values) {
    found(name, range.begin + first_not_finite(range.size(), values + range.begin));
  };
  const std::lock_guard<std::mutex> lock(refusing_);
  look_at("w", w_);
  auto name = vector_names_.begin();
  for (const HalfVector& half : halves_) found(*name++, half.first_not_finite(range));
  for (const Buffer<T>& vector : vectors_) look_at(*name++, vector.data());
  before.restore();
}

// Ends the update, and returns the penalties; nan if it is not made.
template <class T>
double FirstOrder<T>::finish() {
  if (before_ && !this->defect_ && !before_->is_finite()) {
    refuse({0, size_}, *before_);
    ++version_;
  }
  before_.reset();
  if (this->defect_) return std::nan("");
  const double sum = std::accumulate(part_sums_.begin(), part_sums_.end(), 0.0);
  std::visit([&](const auto& rule) { rule.finish(context_, sum, trained_size_, scalars_.data()); },
             rule_);
  ++schedule_.steps;
  return std::accumulate(part_penalties_.begin(), part_penalties_.end(), 0.0);
}

// Penalties, then clipping by value; without a gradient of frozen parameters.
template <class T>
void FirstOrder<T>::transform_gradient(Index part, Range range, T* g) {
  if (groups_.penalized()) {
    groups_.add_penalties(range, options_.proximal_l1, w_, g,
                          part_penalties_[static_cast<std::size_t>(part)]);
  }
  if (options_.clip_value) {
    const T low = static_cast<T>(options_.clip_value->first);
    const T high = static_cast<T>(options_.clip_value->second);
    for (Index i = 0; i < range.size(); ++i) g[i] = g[i] < low ? low : g[i] > high ? high : g[i];
  }
  groups_.for_frozen(range, [&](Range frozen) {
    std::fill_n(g + (frozen.begin - range.begin), frozen.size(), T(0));
  });
}

// g *= c / ||g|| where ||g|| > c, or always g /= ||g||: the norm of the result.
template <class T>
double FirstOrder<T>::clipped_length(double norm) const {
  const double length = options_.normalize && norm > 0 ? 1.0 : norm;
  return options_.clip_norm ? std::min(length, *options_.clip_norm) : length;
}

template <class T>
void FirstOrder<T>::apply_to(Index part, Range range, const StepContext& context, const T* g) {
  std::array<T*, kMaxVectors> states{};
  if (halves_.empty()) {
    for (std::size_t i = 0; i < vectors_.size(); ++i) states[i] = vectors_[i].data() + range.begin;
    return apply_to_states(part, range.size(), context, w_ + range.begin, g, states);
  }
  if constexpr (std::is_same_v<T, float>) {
    constexpr Index kBlock = RoundingNoise::kBlock;
    alignas(64) float floats[kMaxVectors][kBlock];
    for (std::size_t i = 0; i < halves_.size(); ++i) states[i] = floats[i];
    for (Range block{range.begin, range.begin}; block.end < range.end;) {
      block = {block.end, std::min((block.end / kBlock + 1) * kBlock, range.end)};
      for (HalfVector& half : halves_) {
        half.prefetch({block.end, std::min(block.end + kBlock, range.end)});
      }
      for (std::size_t i = 0; i < halves_.size(); ++i) halves_[i].read(block, states[i]);
      const T* const own_g = g + (block.begin - range.begin);
      apply_to_states(part, block.size(), context, w_ + block.begin, own_g, states);
      const NoiseView noise = noise_->at(context.t, block.begin);
      for (unsigned i = 0; i < halves_.size(); ++i) halves_[i].round(block, states[i], noise, i);
    }
  }
}

template <class T>
void FirstOrder<T>::apply_to_states(Index part, Index n, const StepContext& context, T* w,
                                    const T* g, const std::array<T*, kMaxVectors>& states) {
  std::visit(
      [&](const auto& rule) {
        rule.template for_step<T>(context, [&](const auto& element) {
          part_sums_[static_cast<std::size_t>(part)] += apply_rule(n, element, w, g, states.data());
        });
      },
      rule_);
}

template <class T>
void FirstOrder<T>::update_average(Range range) {
  if (!options_.average) return;
  groups_.for_trained(range, [&](Range own, double) {
    options_.average->update(own, context_.t, w_, vectors_.back().data());
  });
}

template class FirstOrder<float>;
template class FirstOrder<double>;

}  // namespace fastmlp
