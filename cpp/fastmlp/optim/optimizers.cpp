#include "fastmlp/optim/optimizers.hpp"

#include "fastmlp/base/error.hpp"
#include "fastmlp/optim/first_order.hpp"
#include "fastmlp/optim/minimizer.hpp"
#include "fastmlp/optim/trained_part.hpp"
#include "fastmlp/optim/trust_region.hpp"

namespace fastmlp {
namespace {

// A search needs a function that is smooth, and whose minimum is not cut off by a later projection.
template <class Method>
void check_groups(const std::vector<ParameterGroup>& groups) {
  const std::string where = Method::class_name;
  for (const ParameterGroup& group : groups) {
    require(group.l1 == 0,
            where + ": l1=" + number_text(group.l1) +
                ", expected 0, because a line search needs a smooth function; use l2, or a "
                "first-order optimizer with proximal_l1=True");
    require(group.max_norm == 0, where + ": max_norm=" + number_text(group.max_norm) +
                                     ", expected None, because rows that are shortened after a "
                                     "step undo its line search; use l2");
  }
}

// A search along a direction needs its parameters as they are.
void check_factors(const std::string& where, const std::vector<ParameterGroup>& groups) {
  for (const ParameterGroup& group : groups) {
    require(group.rate_factor == 0 || group.rate_factor == 1,
            where + ": learning_rate_factor=" + number_text(group.rate_factor) +
                " of a layer, expected 1, because this optimizer searches for its steps; use "
                "trainable=False, or a first-order optimizer");
  }
}

// The groups of the trained parameters, one after the other.
std::vector<ParameterGroup> trained(const std::vector<ParameterGroup>& groups) {
  std::vector<ParameterGroup> result;
  Index begin = 0;
  for (ParameterGroup group : groups) {
    if (group.rate_factor == 0) continue;
    group.range = {begin, begin + group.range.size()};
    begin = group.range.end;
    result.push_back(group);
  }
  return result;
}

}  // namespace

template <class T>
std::unique_ptr<Optimizer<T>> make_optimizer(AnyOptimizer optimizer, Index size,
                                             std::vector<ParameterGroup> groups) {
  if (Rule* rule = std::get_if<Rule>(&optimizer)) {
    std::visit([](const auto& member) { check_range<T>(member); }, *rule);
    return std::make_unique<FirstOrder<T>>(std::move(*rule), size, std::move(groups));
  }
  const ParameterGroups all(groups, size);
  if (all.scaled()) {
    const auto name = [](const auto& method) { return method.class_name; };
    check_factors(std::visit(name, std::get<Method>(optimizer)), groups);
    auto of_part = make_optimizer<T>(std::move(optimizer), all.trained_size(), trained(groups));
    return std::make_unique<TrainedPart<T>>(std::move(of_part), std::move(groups), size);
  }
  return std::visit(
      [&](const auto& method) -> std::unique_ptr<Optimizer<T>> {
        using Value = std::decay_t<decltype(method)>;
        check_range<T>(method);
        check_groups<Value>(groups);
        if constexpr (std::is_base_of_v<SearchOptions, Value>) {
          return std::make_unique<Minimizer<T>>(method.template direction<T>(size), method, size,
                                                std::move(groups));
        } else {
          return std::make_unique<TrustRegion<T>>(method.template model<T>(size), method.gtol,
                                                  method.average, size, std::move(groups));
        }
      },
      std::get<Method>(optimizer));
}

template std::unique_ptr<Optimizer<float>> make_optimizer(AnyOptimizer, Index,
                                                          std::vector<ParameterGroup>);
template std::unique_ptr<Optimizer<double>> make_optimizer(AnyOptimizer, Index,
                                                           std::vector<ParameterGroup>);

}  // namespace fastmlp
