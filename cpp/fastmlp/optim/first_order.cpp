#include "fastmlp/optim/first_order.hpp"

#include <cmath>
#include <numeric>

#include "fastmlp/kernels/reduce.hpp"
#include "fastmlp/optim/elementwise.hpp"

namespace fastmlp {
namespace {

// Parameters that are passed over again and again are in pieces that stay in a near cache.
constexpr Index kPiece = 2048;

// f(group, the part of its range that lies in `range`) for the groups that reach into it.
template <class F>
void for_overlaps(const std::vector<ParameterGroup>& groups, Range range, F&& f) {
  for (const ParameterGroup& group : groups) {
    const Range common{std::max(range.begin, group.range.begin),
                       std::min(range.end, group.range.end)};
    if (common.begin < common.end) f(group, common);
  }
}

}  // namespace

template <class T>
FirstOrder<T>::FirstOrder(Rule rule, Index size, std::vector<ParameterGroup> groups)
    : rule_(std::move(rule)), size_(size), groups_(std::move(groups)) {
  if (groups_.empty()) groups_.push_back({{0, size}});
  for (const ParameterGroup& group : groups_) {
    penalized_ = penalized_ || group.penalized();
    limited_ = limited_ || group.max_norm > 0;
  }
  std::visit(
      [&](const auto& r) {
        options_ = r;
        decay_ = r.decay();
        start_epoch(0);
        for (const StateSpec& number : r.numbers()) numbers_.push_back(number.initial);
        for (const StateSpec& state : r.state(learning_rate())) {
          vector_names_.emplace_back(state.name);
          vectors_.emplace_back(size);
          std::fill_n(vectors_.back().data(), size, static_cast<T>(state.initial));
        }
      },
      rule_);
  if (options_.average) {
    vector_names_.emplace_back("average");
    vectors_.emplace_back(size);
  }
  needs_extra_passes_ = penalized_ || decay_.rate > 0 || options_.clip_value || options_.average;
  if (options_.clip_norm || options_.normalize) {
    gradient_ = Buffer<T>(size);
    squares_.resize(static_cast<std::size_t>(ceil_div(size, kPiece)));
  }
}

template <class T>
void FirstOrder<T>::start_epoch(Index epoch) {
  clock_.epoch = epoch;
  if (const CustomSchedule* custom = options_.learning_rate.custom()) {
    clock_.custom_rate = custom->at(epoch);
  }
}

template <class T>
double FirstOrder<T>::learning_rate() const {
  if (has_custom_schedule()) return clock_.scale * clock_.custom_rate;
  return clock_.scale * options_.learning_rate.at(clock_.steps, clock_.epoch);
}

template <class T>
std::vector<StateSpec> FirstOrder<T>::number_names() const {
  return std::visit([](const auto& rule) { return rule.numbers(); }, rule_);
}

template <class T>
double FirstOrder<T>::evaluation_offset() const {
  return std::visit([](const auto& rule) { return rule.evaluation_offset(); }, rule_);
}

// The gradient is taken at w + beta v. The rule starts from the kept w, which is also restored
// where there is no update.
template <class T>
double FirstOrder<T>::step(Objective<T>& f, T* w, ThreadTeam& team) {
  const T beta = static_cast<T>(evaluation_offset());
  if (beta == 0) return update_at(f, w, team);
  const T* v = vectors_[0].data();
  T* kept = vectors_[1].data();
  std::copy_n(w, size_, kept);
  ++version_;
  for (Index i = 0; i < size_; ++i) w[i] += beta * v[i];
  const auto go_back = [&] {
    std::copy_n(kept, size_, w);
    ++version_;
  };
  try {
    const double value = update_at(f, w, team);
    if (!std::isfinite(value)) go_back();
    return value;
  } catch (...) {
    go_back();
    throw;
  }
}

template <class T>
double FirstOrder<T>::update_at(Objective<T>& f, T* w, ThreadTeam& team) {
  const double value = f.value_and_stream_gradient(w, *this);
  if (!std::isfinite(value)) return value;
  return value + (whole_gradient() ? apply(w, gradient_.data(), team) : finish());
}

template <class T>
double FirstOrder<T>::apply(T* w, T* g, ThreadTeam& team) {
  const Index pieces = ceil_div(size_, kPiece);
  const auto for_pieces = [&](auto&& f) {
    team.parallel_for_uninterrupted(pieces, [&](Index i, int) { f(i, tile(i, kPiece, size_)); });
  };
  const bool by_norm = gradient_.size() > 0;
  start(pieces, w);
  ++version_;
  for_pieces([&](Index i, Range range) {
    T* part = g + range.begin;
    penalize(i, range, part);
    clip_by_value(range, part);
    if (by_norm) squares_[static_cast<std::size_t>(i)] = sum_squares(range.size(), part);
  });
  const T scale = by_norm ? static_cast<T>(rescaling()) : T(1);
  if (!std::isfinite(scale)) return std::nan("");
  for_pieces([&](Index i, Range range) {
    T* part = g + range.begin;
    if (scale != 1) {
      for (Index j = 0; j < range.size(); ++j) part[j] *= scale;
    }
    move(i, range, part);
  });
  if (limited_) {
    apply_max_norm({0, size_});
    if (options_.average) for_pieces([&](Index, Range range) { average(range); });
  }
  return finish();
}

template <class T>
void FirstOrder<T>::consume(Index part, Range range, T* g) {
  const Index most = needs_extra_passes_ ? kPiece : range.size();
  for (Index begin = range.begin; begin < range.end; begin += most) {
    const Range piece{begin, std::min(begin + most, range.end)};
    T* from = g + (begin - range.begin);
    penalize(part, piece, from);
    clip_by_value(piece, from);
    move(part, piece, from);
  }
  if (!limited_) return;
  apply_max_norm(range);
  average(range);
}

// What is done to w in a piece, but that rows are limited as a whole, and averaged after that.
template <class T>
void FirstOrder<T>::move(Index part, Range piece, const T* g) {
  decay(piece);
  update(part, piece, g);
  shrink(piece);
  if (!limited_) average(piece);
}

template <class T>
void FirstOrder<T>::start(Index parts, T* w) {
  w_ = w;
  now_ = {learning_rate(), clock_.steps + 1, numbers_.data()};
  part_penalties_.assign(static_cast<std::size_t>(parts), 0.0);
  part_sums_.assign(static_cast<std::size_t>(parts), 0.0);
}

template <class T>
double FirstOrder<T>::finish() {
  const double sum = std::accumulate(part_sums_.begin(), part_sums_.end(), 0.0);
  std::visit([&](const auto& rule) { rule.finish(now_, sum, size_, numbers_.data()); }, rule_);
  ++clock_.steps;
  return std::accumulate(part_penalties_.begin(), part_penalties_.end(), 0.0);
}

// g += l1 sign(w) + l2 w; with a proximal step l1 enters the value alone.
template <class T>
void FirstOrder<T>::penalize(Index part, Range range, T* g) {
  if (!penalized_) return;
  for_overlaps(groups_, range, [&](const ParameterGroup& group, Range common) {
    if (!group.penalized()) return;
    const T l1 = static_cast<T>(options_.proximal_l1 ? 0 : group.l1);
    const T l2 = static_cast<T>(group.l2);
    const T* w = w_ + common.begin;
    T* to = g + (common.begin - range.begin);
    const Index n = common.size();
    for (Index i = 0; i < n; ++i) to[i] += (w[i] > 0 ? l1 : w[i] < 0 ? -l1 : T(0)) + l2 * w[i];
    part_penalties_[static_cast<std::size_t>(part)] += sum_in_double(n, [&](Index i) {
      const double size = std::abs(w[i]);
      return size * (group.l1 + 0.5 * group.l2 * size);
    });
  });
}

template <class T>
void FirstOrder<T>::clip_by_value(Range range, T* g) const {
  if (!options_.clip_value) return;
  const T low = static_cast<T>(options_.clip_value->first);
  const T high = static_cast<T>(options_.clip_value->second);
  for (Index i = 0; i < range.size(); ++i) g[i] = g[i] < low ? low : g[i] > high ? high : g[i];
}

// g *= c / ||g|| where ||g|| > c, or always g /= ||g||: the factor, nan where ||g|| is not finite.
template <class T>
double FirstOrder<T>::rescaling() const {
  const double norm = std::sqrt(std::accumulate(squares_.begin(), squares_.end(), 0.0));
  if (!std::isfinite(norm)) return std::nan("");
  double length = options_.normalize && norm > 0 ? 1.0 : norm;
  if (options_.clip_norm) length = std::min(length, *options_.clip_norm);
  return length == norm ? 1.0 : length / norm;
}

template <class T>
void FirstOrder<T>::update(Index part, Range range, const T* g) {
  std::visit(
      [&](const auto& rule) {
        rule.template at<T>(now_, [&](const auto& element) {
          part_sums_[static_cast<std::size_t>(part)] += apply_rule(range, element, w_, g, vectors_);
        });
      },
      rule_);
}

// w <- (1 - lr rate) w, the old w
template <class T>
void FirstOrder<T>::decay(Range range) {
  if (decay_.rate == 0) return;
  const T keep = static_cast<T>(1 - now_.lr * decay_.rate);
  for_overlaps(groups_, range, [&](const ParameterGroup& group, Range common) {
    if (group.bias && !decay_.biases) return;
    for (Index i = common.begin; i < common.end; ++i) w_[i] *= keep;
  });
}

// The proximal step of l1: w <- sign(w) max(|w| - lr l1, 0)
template <class T>
void FirstOrder<T>::shrink(Range range) {
  if (!options_.proximal_l1) return;
  for_overlaps(groups_, range, [&](const ParameterGroup& group, Range common) {
    const T threshold = static_cast<T>(now_.lr * group.l1);
    for (Index i = common.begin; i < common.end; ++i) {
      const T w = w_[i];
      w_[i] = w > threshold ? w - threshold : w < -threshold ? w + threshold : w == w ? T(0) : w;
    }
  });
}

// Rows that lie wholly in the range: row *= max_norm / ||row|| where it is longer
template <class T>
void FirstOrder<T>::apply_max_norm(Range range) {
  for_overlaps(groups_, range, [&](const ParameterGroup& group, Range common) {
    if (group.max_norm == 0) return;
    for (Index begin = common.begin; begin < common.end; begin += group.row) {
      const double squares = sum_squares(group.row, w_ + begin);
      if (!(squares > group.max_norm * group.max_norm)) continue;
      const T scale = static_cast<T>(group.max_norm / std::sqrt(squares));
      for (Index i = begin; i < begin + group.row; ++i) w_[i] *= scale;
    }
  });
}

// average += share (w - average)
template <class T>
void FirstOrder<T>::average(Range range) {
  if (!options_.average) return;
  const T share = static_cast<T>(options_.average->share(now_.t));
  T* mean = vectors_.back().data();
  for (Index i = range.begin; i < range.end; ++i) mean[i] += share * (w_[i] - mean[i]);
}

template class FirstOrder<float>;
template class FirstOrder<double>;

}  // namespace fastmlp
