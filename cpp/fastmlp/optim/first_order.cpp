#include "fastmlp/optim/first_order.hpp"

#include <cmath>
#include <numeric>

namespace fastmlp {
namespace {

// Where the whole gradient is at hand it is passed over in pieces that fit L1.
constexpr Index kPiece = 2048;

// update(w[i], g[i], state_0[i], …) over n entries
template <class T, class Update, class... States>
void sweep(Index n, const Update& update, T* __restrict w, const T* __restrict g,
           States* __restrict... states) {
  for (Index i = 0; i < n; ++i) update(w[i], g[i], states[i]...);
}

// Calls sweep with as many state vectors as the update takes.
template <class T, class Update>
void sweep_states(Range range, const Update& update, T* w, const T* g, std::vector<Buffer<T>>& s) {
  const auto at = [&](std::size_t i) { return s[i].data() + range.begin; };
  const Index n = range.size();
  w += range.begin;
  if constexpr (std::is_invocable_v<Update, T&, T>) {
    sweep(n, update, w, g);
  } else if constexpr (std::is_invocable_v<Update, T&, T, T&>) {
    sweep(n, update, w, g, at(0));
  } else if constexpr (std::is_invocable_v<Update, T&, T, T&, T&>) {
    sweep(n, update, w, g, at(0), at(1));
  } else {
    sweep(n, update, w, g, at(0), at(1), at(2));
  }
}

}  // namespace

template <class T>
FirstOrder<T>::FirstOrder(Rule rule, Index size, std::vector<Penalty> penalties)
    : rule_(std::move(rule)), size_(size), penalties_(std::move(penalties)) {
  options_ = std::visit([](const auto& r) { return static_cast<UpdateRuleOptions>(r); }, rule_);
  state_.resize(state_names().size(), Buffer<T>(size));
  if (options_.clip_norm) gradient_ = Buffer<T>(size);
}

template <class T>
std::vector<std::string> FirstOrder<T>::state_names() const {
  return std::visit([](const auto& rule) { return rule.state(); }, rule_);
}

template <class T>
double FirstOrder<T>::step(Objective<T>& f, T* w, Team& team) {
  if (options_.clip_norm) {
    const double value = f.value_and_grad(w, gradient_.data());
    return std::isfinite(value) ? value + apply(w, gradient_.data(), team) : value;
  }
  begin(f.parts(), w);
  const double value = f.value_and_visit(w, *this);
  return std::isfinite(value) ? value + finish() : value;
}

template <class T>
double FirstOrder<T>::apply(T* w, T* g, Team& team) {
  const Index pieces = ceil_div(size_, kPiece);
  begin(pieces, w);
  team.finish_each(pieces, [&](Index i, int) {
    const Range range = tile(i, kPiece, size_);
    penalize(i, range, g + range.begin);
    clip_by_value(range, g + range.begin);
    if (!options_.clip_norm) update(range, g + range.begin);
  });
  if (options_.clip_norm) {
    clip_by_norm(g, team);
    team.finish_each(pieces, [&](Index i, int) {
      const Range range = tile(i, kPiece, size_);
      update(range, g + range.begin);
    });
  }
  return finish();
}

// g *= c / ||g|| where ||g|| > c
template <class T>
void FirstOrder<T>::clip_by_norm(T* g, Team& team) {
  const Index pieces = ceil_div(size_, kPiece);
  part_squares_.resize(static_cast<std::size_t>(pieces));
  team.finish_each(pieces, [&](Index i, int) {
    const Range range = tile(i, kPiece, size_);
    double sum = 0;
    for (Index j = range.begin; j < range.end; ++j) sum += static_cast<double>(g[j]) * g[j];
    part_squares_[static_cast<std::size_t>(i)] = sum;
  });
  const double most = *options_.clip_norm;
  const double norm = std::sqrt(std::accumulate(part_squares_.begin(), part_squares_.end(), 0.0));
  if (!(norm > most)) return;
  const T scale = static_cast<T>(most / norm);
  team.finish_each(pieces, [&](Index i, int) {
    const Range range = tile(i, kPiece, size_);
    for (Index j = range.begin; j < range.end; ++j) g[j] *= scale;
  });
}

template <class T>
void FirstOrder<T>::visit(Index part, Range range, T* g) {
  penalize(part, range, g);
  clip_by_value(range, g);
  update(range, g);
}

template <class T>
void FirstOrder<T>::begin(Index parts, T* w) {
  w_ = w;
  part_penalties_.assign(static_cast<std::size_t>(parts), 0.0);
}

template <class T>
double FirstOrder<T>::finish() {
  ++steps_;
  return std::accumulate(part_penalties_.begin(), part_penalties_.end(), 0.0);
}

// g += l1 sign(w) + l2 w
template <class T>
void FirstOrder<T>::penalize(Index part, Range range, T* g) {
  for (const Penalty& penalty : penalties_) {
    const Index begin = std::max(range.begin, penalty.range.begin);
    const Index end = std::min(range.end, penalty.range.end);
    const T l1 = static_cast<T>(penalty.l1), l2 = static_cast<T>(penalty.l2);
    double absolute = 0, squares = 0;
    for (Index i = begin; i < end; ++i) {
      const T w = w_[i];
      absolute += std::abs(w);
      squares += static_cast<double>(w) * w;
      g[i - range.begin] += l1 * static_cast<T>((w > 0) - (w < 0)) + l2 * w;
    }
    part_penalties_[static_cast<std::size_t>(part)] +=
        penalty.l1 * absolute + 0.5 * penalty.l2 * squares;
  }
}

template <class T>
void FirstOrder<T>::clip_by_value(Range range, T* g) const {
  if (!options_.clip_value) return;
  const T low = static_cast<T>(options_.clip_value->first);
  const T high = static_cast<T>(options_.clip_value->second);
  for (Index i = 0; i < range.size(); ++i) g[i] = g[i] < low ? low : g[i] > high ? high : g[i];
}

template <class T>
void FirstOrder<T>::update(Range range, const T* g) {
  std::visit(
      [&](const auto& rule) {
        rule.template at<T>(options_.learning_rate, steps_ + 1, [&](const auto& update) {
          sweep_states(range, update, w_, g, state_);
        });
      },
      rule_);
}

template class FirstOrder<float>;
template class FirstOrder<double>;

}  // namespace fastmlp
