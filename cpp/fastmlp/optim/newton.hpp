// Newton's method with a dense Hessian (Nocedal & Wright 2006, chapters 3.3 and 4.3).
#pragma once

#include <memory>

#include "fastmlp/optim/dense_curvature.hpp"
#include "fastmlp/optim/local_model.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct Newton : ModelOptions {
  static constexpr auto key = "newton", class_name = "Newton";
  static constexpr auto doc = R"(Newton's method with the exact Hessian H.

    (H + lambda I) p = -g,  w <- w + p

'trust_region' takes the smallest lambda >= 0 with H + lambda I >= 0 and |p| <= radius; 'levenberg'
adapts lambda to the ratio of the decrease of f to the predicted one (Nielsen 1999); a number is
lambda itself, and every step is made, also uphill: 0 is the plain method, which is attracted by
saddle points. Made for the full batch and for few parameters.)";
  static constexpr auto cost =
      "for P parameters P Hessian-vector products, about 9 P³ operations and P² numbers";
  NumberOrWord damping = std::string("trust_region");

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("damping", self.damping, OneOf{"trust_region", "levenberg"}, "choice of lambda");
    model_fields(self, f);
  }
  template <class T>
  std::unique_ptr<LocalModel<T>> model(Index size) const;
};

template <class T>
class NewtonModel final : public LocalModel<T> {
 public:
  NewtonModel(Index size, NumberOrWord damping);
  void build(Penalized<T>& f, const T* w, T* g, ThreadTeam& team) override;
  bool is_convex() const override;
  bool is_finite() const override { return finite_; }
  double solve(Penalized<T>& f, const T* w, T* p, ThreadTeam& team) override;
  bool accept(double ratio) override;
  void visit_state(StateVisitor<T>& visitor) override;

 private:
  bool is_constant() const { return std::holds_alternative<double>(damping_); }
  double damping_for_radius() const;

  NumberOrWord damping_;
  bool trust_region_, finite_ = true;
  EigenSystem h_;
  Eigen::VectorXd step_;  // in the coordinates of the eigenvectors
  double radius_ = 0;     // of the trust region; 0: not set yet
  GainRatioDamping gain_ratio_;
};

}  // namespace fastmlp
