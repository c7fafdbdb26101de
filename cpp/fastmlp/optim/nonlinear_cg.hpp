// Nonlinear conjugate gradients (Nocedal & Wright 2006, chapter 5.2).
#pragma once

#include "fastmlp/optim/direction.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct NonlinearCG : SearchOptions {
  static constexpr auto key = "nonlinear_cg", class_name = "NonlinearCG";
  static constexpr auto doc =
      R"(Nonlinear conjugate gradients: each direction keeps a share of the last.

    d = -g + beta d_old,  y = g - g_old
    'fletcher_reeves'    beta = gᵀg / g_oldᵀg_old
    'polak_ribiere'      beta = max(0, gᵀy / g_oldᵀg_old)
    'hestenes_stiefel'   beta = gᵀy / d_oldᵀy
    'dai_yuan'           beta = gᵀg / d_oldᵀy
    'daniel'             beta = gᵀH d_old / d_oldᵀH d_old, H at the new point (Daniel 1967)

The direction is -g again where successive gradients are far from orthogonal, |gᵀg_old| > 0.2 gᵀg
(Powell 1977), and where d does not descend. Made for the full batch.)";
  static constexpr auto cost =
      "an evaluation for each length tried, usually two, and with 'daniel' a Hessian-vector "
      "product";
  std::string formula = "polak_ribiere";

  NonlinearCG() { line_search = StrongWolfe{1e-4, 0.1}; }
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("formula", self.formula,
      OneOf{"polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan", "daniel"},
      "choice of beta");
    search_fields(self, f);
  }
  template <class T>
  std::unique_ptr<Direction<T>> direction(Index size) const;
};

template <class T>
class ConjugateGradient final : public Direction<T> {
 public:
  ConjugateGradient(Index size, std::string formula);
  void compute(const T* g, T* d, ThreadTeam& team) override;
  void update(const Step<T>& step, ThreadTeam& team) override;
  void reset() override { beta_ = 0; }
  bool is_steepest() const override { return beta_ == 0; }
  bool is_scaled() const override { return false; }
  void visit_state(StateVisitor<T>& visitor) override;

 private:
  double beta(const Step<T>& step, ThreadTeam& team);

  Index size_;
  std::string formula_;
  double beta_ = 0;
  Buffer<T> d_;        // the last direction
  Buffer<T> product_;  // H d of Daniel's formula
};

}  // namespace fastmlp
