// BFGS and DFP (Nocedal & Wright 2006, 6.15 to 6.17).
#pragma once

#include "fastmlp/optim/direction.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct BFGS : SearchOptions {
  static constexpr auto key = "bfgs", class_name = "BFGS";
  static constexpr auto doc =
      R"(Quasi-Newton directions from a dense approximation G of the inverse Hessian.

    d = -G g,  s = w - w_old,  y = g - g_old,  r = 1 / yᵀs
    'bfgs'   G <- (I - r s yᵀ) G (I - r y sᵀ) + r s sᵀ        (Nocedal & Wright 2006, 6.17)
    'dfp'    G <- G - G y yᵀ G / yᵀ G y + r s sᵀ              (6.15)

G starts as sᵀy/yᵀy I; pairs with sᵀy <= eps yᵀy are left out. Made for the full batch and for few
parameters.)";
  static constexpr auto cost =
      "an evaluation for each length tried, and for P parameters 4 P² operations and P² numbers";
  std::string update = "bfgs";

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("update", self.update, OneOf{"bfgs", "dfp"}, "formula of the update of G");
    search_fields(self, f);
  }
  template <class T>
  std::unique_ptr<Direction<T>> direction(Index size) const;
};

// d = -G g with a dense G, whose rows are updated by the team.
template <class T>
class DenseQuasiNewton final : public Direction<T> {
 public:
  DenseQuasiNewton(Index size, bool dfp);
  void compute(const T* g, T* d, ThreadTeam& team) override;
  void update(const Step<T>& step, ThreadTeam& team) override;
  void reset() override { updates_ = 0; }
  bool is_steepest() const override { return updates_ == 0; }
  bool is_scaled() const override { return updates_ > 0; }
  void visit_state(StateVisitor<T>& visitor) override;

 private:
  void multiply(const T* x, T* out, ThreadTeam& team) const;  // out = G x

  Index size_;
  bool dfp_;
  Index updates_ = 0;
  Buffer<T> inverse_;  // G (size, size)
  Buffer<T> gy_;       // G y
};

}  // namespace fastmlp
