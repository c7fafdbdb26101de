// Polyak averaging of the iterates w(1), w(2), … (Polyak & Juditsky 1992), with any update rule.
#pragma once

#include <cmath>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/types.hpp"

namespace fastmlp {

struct Polyak {
  static constexpr auto key = "polyak", class_name = "Polyak";
  static constexpr auto doc =
      R"(The average of the iterates after step `start`, k of them so far (Polyak & Juditsky 1992).

    mode 'uniform'      average = (w(1) + … + w(k)) / k
    mode 'discounted'   average = sum_i beta^(k-i) w(i) / sum_i beta^(k-i)
    mode 'exponential'  average <- (1 - beta) w(k) + beta average, average = w(1) at k = 1

Validation, early stopping and the parameters left after fit are the average.)";
  std::string mode = "exponential";
  double beta = 0.999, start = 0;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("mode", self.mode, OneOf{"uniform", "discounted", "exponential"}, "weights of the iterates");
    f("beta", self.beta, kUnitInterval, "decay of the weight of older iterates");
    f("start", self.start, kNonNegative, "step after which averaging begins");
  }

  // All three are average <- average + rate (w - average); the rate of step t.
  double rate(Index t) const {
    const double k = static_cast<double>(t) - std::floor(start);
    if (k <= 1) return 1;
    if (mode == "uniform") return 1 / k;
    return mode == "discounted" ? (1 - beta) / (1 - std::pow(beta, k)) : 1 - beta;
  }
  template <class T>
  void update(Range range, Index t, const T* w, T* average) const {
    const T share = static_cast<T>(rate(t));
    for (Index i = range.begin; i < range.end; ++i) average[i] += share * (w[i] - average[i]);
  }
};

}  // namespace fastmlp
