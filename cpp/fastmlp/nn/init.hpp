// The family of initialisers of a weight matrix. fill(shape, rng, w, team) writes W (n_out, n_in)
// row by row, on this thread; the team is polled for interrupts. Adding one: a struct
// below, its name in the variant, five lines in tests/reference.py, a row in docs/lecture.md.
#pragma once

#include <variant>

#include "fastmlp/base/family.hpp"
#include "fastmlp/base/parallel.hpp"
#include "fastmlp/kernels/rng.hpp"

namespace fastmlp {

// W (n_out, n_in); each of its inputs acts on fan_out outputs: of a convolution, on one per filter
// and tap.
struct WeightShape {
  Index n_in, n_out;
  Index fan_out = n_out;

  Index size() const { return n_in * n_out; }
};

// Distribution of independent weights with a variance that follows from the layer's shape:
// U(-limit, limit) with limit² / 3, or N(0, stddev²).
struct IndependentInit {
  template <class Self, class F>
  static void fields(Self&, F&&) {}
  static void uniform(double limit, Index count, Rng& rng, double* w, ThreadTeam& team);
  static void normal(double stddev, Index count, Rng& rng, double* w, ThreadTeam& team);
};

inline double glorot_variance(const WeightShape& shape) {
  return 2.0 / static_cast<double>(shape.n_in + shape.fan_out);
}
inline double he_variance(const WeightShape& shape) {
  return 2.0 / static_cast<double>(shape.n_in);
}
inline double lecun_variance(const WeightShape& shape) {
  return 1.0 / static_cast<double>(shape.n_in);
}

struct GlorotUniform : IndependentInit {
  static constexpr auto key = "glorot_uniform", class_name = "GlorotUniform";
  static constexpr auto doc =
      R"(Uniform distribution with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).

    W ~ U(-r, r),  r = sqrt(6 / (n_in + n_out)))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    uniform(std::sqrt(3 * glorot_variance(shape)), shape.size(), rng, w, team);
  }
};

struct GlorotNormal : IndependentInit {
  static constexpr auto key = "glorot_normal", class_name = "GlorotNormal";
  static constexpr auto doc =
      R"(Normal distribution with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).

    W ~ N(0, 2 / (n_in + n_out)))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    normal(std::sqrt(glorot_variance(shape)), shape.size(), rng, w, team);
  }
};

struct HeUniform : IndependentInit {
  static constexpr auto key = "he_uniform", class_name = "HeUniform";
  static constexpr auto doc = R"(Uniform distribution with variance 2 / n_in (He et al. 2015).

    W ~ U(-r, r),  r = sqrt(6 / n_in))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    uniform(std::sqrt(3 * he_variance(shape)), shape.size(), rng, w, team);
  }
};

struct HeNormal : IndependentInit {
  static constexpr auto key = "he_normal", class_name = "HeNormal";
  static constexpr auto doc = R"(Normal distribution with variance 2 / n_in (He et al. 2015).

    W ~ N(0, 2 / n_in))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    normal(std::sqrt(he_variance(shape)), shape.size(), rng, w, team);
  }
};

struct LeCunUniform : IndependentInit {
  static constexpr auto key = "lecun_uniform", class_name = "LeCunUniform";
  static constexpr auto doc = R"(Uniform distribution with variance 1 / n_in (LeCun et al. 1998).

    W ~ U(-r, r),  r = sqrt(3 / n_in))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    uniform(std::sqrt(3 * lecun_variance(shape)), shape.size(), rng, w, team);
  }
};

struct LeCunNormal : IndependentInit {
  static constexpr auto key = "lecun_normal", class_name = "LeCunNormal";
  static constexpr auto doc = R"(Normal distribution with variance 1 / n_in (LeCun et al. 1998).

    W ~ N(0, 1 / n_in))";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    normal(std::sqrt(lecun_variance(shape)), shape.size(), rng, w, team);
  }
};

struct Normal : IndependentInit {
  static constexpr auto key = "normal", class_name = "Normal";
  static constexpr auto doc = R"(Normal distribution with mean 0 and the standard deviation given.

    W ~ N(0, std²))";
  double std = 0.01;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("std", self.std, kNonNegative, "standard deviation");
  }
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    normal(std, shape.size(), rng, w, team);
  }
};

struct Orthogonal {
  static constexpr auto key = "orthogonal", class_name = "Orthogonal";
  static constexpr auto doc =
      R"(Orthonormal rows or columns times gain, uniformly distributed (Saxe et al. 2013).

    W Wᵀ = gain² I, or Wᵀ W = gain² I where n_out > n_in)";
  double gain = 1.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("gain", self.gain, kFinite, "factor on the orthogonal matrix");
  }
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const;
};

struct SIREN {
  static constexpr auto key = "siren", class_name = "SIREN";
  static constexpr auto doc =
      R"(Uniform distribution for layers of sines of frequency omega (Sitzmann et al. 2020).

    W ~ U(-r, r),  r = sqrt(6 / n_in) / omega, of the first layer r = 1 / n_in)";
  double omega = 30.0;
  bool first = false;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("omega", self.omega, kPositive, "frequency of the sines");
    f("first", self.first, "the layer reads the network's input");
  }
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    int power = 0;  // omega = part 2^power, whose square is neither 0 nor inf
    const double n_in = static_cast<double>(shape.n_in), part = std::frexp(omega, &power);
    const double variance = first ? 1 / (3 * n_in * n_in) : 2 / (n_in * part * part);
    const double limit = std::ldexp(std::sqrt(3 * variance), first ? 0 : -power);
    IndependentInit::uniform(limit, shape.size(), rng, w, team);
  }
};

struct Zeros : IndependentInit {
  static constexpr auto key = "zeros", class_name = "Zeros";
  static constexpr auto doc = R"(All weights 0.

    W = 0)";
  void fill(const WeightShape& shape, Rng& rng, double* w, ThreadTeam& team) const {
    normal(0.0, shape.size(), rng, w, team);
  }
};

struct ConstantInit {
  static constexpr auto key = "constant", class_name = "ConstantInit";
  static constexpr auto doc = R"(All weights the value given.

    W = value)";
  double value = 0.0;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("value", self.value, kFinite, "value of all weights");
  }
  void fill(const WeightShape& shape, Rng&, double* w, ThreadTeam&) const {
    for (Index i = 0; i < shape.size(); ++i) w[i] = value;
  }
};

using Initializer = std::variant<GlorotUniform, GlorotNormal, HeUniform, HeNormal, LeCunUniform,
                                 LeCunNormal, Normal, Orthogonal, SIREN, Zeros, ConstantInit>;

}  // namespace fastmlp
