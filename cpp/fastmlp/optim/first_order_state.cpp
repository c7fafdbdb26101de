// What an optimizer of first order begins with, and what it keeps.
#include <cmath>

#include "fastmlp/optim/first_order.hpp"

namespace fastmlp {

// What a rule keeps, and asks for.
struct RuleNeeds {
  const char* name;
  std::vector<StateSpec> scalars, vectors;
  WeightDecay decay;
  bool uses_initial_rate_only;
};

namespace {

RuleNeeds needs_of(const Rule& rule, double learning_rate) {
  return std::visit(
      [&](const auto& r) {
        return RuleNeeds{r.class_name, r.scalars(), r.state(learning_rate), r.decay(),
                         r.uses_initial_rate_only};
      },
      rule);
}

}  // namespace

template <class T>
FirstOrder<T>::FirstOrder(Rule rule, Index size, std::vector<ParameterGroup> groups)
    : Optimizer<T>(std::move(groups), size),
      rule_(std::move(rule)),
      trained_size_(groups_.trained_size()),
      options_(std::visit([](const UpdateRuleOptions& r) { return r; }, rule_)) {
  start_epoch(0);
  const RuleNeeds needs = needs_of(rule_, learning_rate());
  decay_ = needs.decay;
  for (const StateSpec& scalar : needs.scalars) {
    scalar_names_.emplace_back(scalar.name);
    scalars_.push_back(scalar.initial);
  }
  if (options_.half_state && (!std::is_same_v<T, float> || evaluation_offset() != 0)) {
    throw_invalid(needs.name, "half_state", "True",
                  evaluation_offset() != 0
                      ? "False, because a rule that looks ahead keeps w in its state"
                      : "False with dtype='float64', because bfloat16 is a half of float32");
  }
  if (options_.half_state) noise_.emplace();
  for (const StateSpec& state : needs.vectors) {
    vector_names_.emplace_back(state.name);
    if (options_.half_state) {
      halves_.emplace_back(size);
    } else {
      vectors_.emplace_back(size);
    }
    if (state.initial == 0) continue;  // as it is, without taking its memory
    groups_.for_trained({0, size}, [&](Range range, double factor) {
      const double initial = state.initial * (needs.uses_initial_rate_only ? factor : 1);
      if (options_.half_state) return halves_.back().fill(range, initial);
      std::fill_n(vectors_.back().data() + range.begin, range.size(), static_cast<T>(initial));
    });
  }
  if (options_.average) {
    vector_names_.emplace_back("average");
    vectors_.emplace_back(size);
  }
  // Ten thousand steps lr g do not overflow where the squares of g do not.
  double largest_factor = 0;
  groups_.for_trained(
      {0, size}, [&](Range, double factor) { largest_factor = std::max(largest_factor, factor); });
  safe_rate_ =
      1e-4 * std::sqrt(static_cast<double>(std::numeric_limits<T>::max())) / largest_factor;
  needs_extra_passes_ =
      groups_.penalized() || decay_.rate > 0 || options_.clip_value || options_.average;
  if (options_.clip_norm || options_.normalize) {
    gradient_ = Buffer<T>(size);
    range_squares_.resize(static_cast<std::size_t>(ceil_div(size, kUpdateRangeElements)));
  }
}

template <class T>
void FirstOrder<T>::visit_state(StateVisitor<T>& visitor) {
  auto name = vector_names_.begin();
  for (HalfVector& half : halves_) visitor.half_vector((name++)->c_str(), half);
  for (Buffer<T>& vector : vectors_) visitor.vector((name++)->c_str(), vector);
  for (std::size_t i = 0; i < scalars_.size(); ++i) {
    visitor.scalar(scalar_names_[i].c_str(), scalars_[i]);
  }
  schedule_.visit(visitor);
}

template FirstOrder<float>::FirstOrder(Rule, Index, std::vector<ParameterGroup>);
template FirstOrder<double>::FirstOrder(Rule, Index, std::vector<ParameterGroup>);
template void FirstOrder<float>::visit_state(StateVisitor<float>&);
template void FirstOrder<double>::visit_state(StateVisitor<double>&);

}  // namespace fastmlp
