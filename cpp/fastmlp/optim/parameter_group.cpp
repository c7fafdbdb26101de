#include "fastmlp/optim/parameter_group.hpp"

#include <algorithm>
#include <cmath>

#include "fastmlp/kernels/reduce.hpp"

namespace fastmlp {
ParameterGroups::ParameterGroups(std::vector<ParameterGroup> groups, Index size)
    : groups_(std::move(groups)) {
  if (groups_.empty()) groups_.push_back({{0, size}});
  for (const ParameterGroup& group : groups_) {
    penalized_ = penalized_ || group.penalized();
    limited_ = limited_ || group.max_norm > 0;
    scaled_ = scaled_ || group.rate_factor != 1;
  }
}

Index ParameterGroups::trained_size() const {
  Index size = 0;
  for (const ParameterGroup& group : groups_) {
    if (group.rate_factor > 0) size += group.range.size();
  }
  return size;
}

template <class T>
void ParameterGroups::add_penalties(Range range, bool proximal_l1, const T* w, T* g,
                                    double& penalty) const {
  for_overlaps(range, [&](const ParameterGroup& group, Range common) {
    if (!group.penalized()) return;
    const T l1 = static_cast<T>(proximal_l1 ? 0 : group.l1);
    const double group_l2 = l2_factor_ * group.l2;
    const T l2 = static_cast<T>(group_l2);
    const T* from = w + common.begin;
    T* to = g + (common.begin - range.begin);
    const Index n = common.size();
    for (Index i = 0; i < n && g; ++i) {
      to[i] += (from[i] > 0 ? l1 : from[i] < 0 ? -l1 : T(0)) + l2 * from[i];
    }
    penalty += sum_in_double(n, [&](Index i) {
      const double size = std::abs(from[i]);
      return size * (group.l1 + 0.5 * group_l2 * size);
    });
  });
}

double ParameterGroups::l2_of(Index i) const {
  for (const ParameterGroup& group : groups_) {
    if (i >= group.range.begin && i < group.range.end) return l2_factor_ * group.l2;
  }
  return 0;
}

template <class T>
void ParameterGroups::add_curvature(const T* v, T* hv) const {
  for (const ParameterGroup& group : groups_) {
    const T l2 = static_cast<T>(l2_factor_ * group.l2);
    for (Index i = group.range.begin; i < group.range.end && l2 > 0; ++i) hv[i] += l2 * v[i];
  }
}

template <class T>
void ParameterGroups::decay(Range range, const WeightDecay& decay, double lr, T* w) const {
  const T keep = static_cast<T>(1 - lr * decay.rate);
  for_overlaps(range, [&](const ParameterGroup& group, Range common) {
    if (group.bias && !decay.biases) return;
    for (Index i = common.begin; i < common.end; ++i) w[i] *= keep;
  });
}

template <class T>
void ParameterGroups::soft_threshold(Range range, double lr, T* w) const {
  for_overlaps(range, [&](const ParameterGroup& group, Range common) {
    const T limit = static_cast<T>(lr * group.l1);
    for (Index i = common.begin; i < common.end; ++i) {
      const T x = w[i];
      w[i] = x > limit ? x - limit : x < -limit ? x + limit : x == x ? T(0) : x;
    }
  });
}

template <class T>
void ParameterGroups::apply_max_norm(Range range, T* w) const {
  for_overlaps(range, [&](const ParameterGroup& group, Range common) {
    if (group.max_norm == 0) return;
    for (Index begin = common.begin; begin < common.end; begin += group.row) {
      const double squares = sum_squares(group.row, w + begin), limit = group.max_norm;
      const ScaledNorm norm = scaled_norm(squares, group.row, w + begin);
      const bool longer = norm.unit == 1 ? squares > limit * limit : norm.value() > limit;
      if (longer && std::isfinite(norm.size)) {
        NormFactors<T>(limit, norm).multiply(group.row, w + begin);
      }
    }
  });
}

#define FASTMLP_INSTANTIATE(T)                                                            \
  template void ParameterGroups::add_penalties(Range, bool, const T*, T*, double&) const; \
  template void ParameterGroups::add_curvature(const T*, T*) const;                       \
  template void ParameterGroups::decay(Range, const WeightDecay&, double, T*) const;      \
  template void ParameterGroups::soft_threshold(Range, double, T*) const;                 \
  template void ParameterGroups::apply_max_norm(Range, T*) const;
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
