// L-BFGS (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4).
#pragma once

#include <vector>

#include "fastmlp/base/error.hpp"
#include "fastmlp/optim/direction.hpp"
#include "fastmlp/optim/search_options.hpp"

namespace fastmlp {

struct LBFGS : SearchOptions {
  static constexpr auto key = "lbfgs", class_name = "LBFGS";
  static constexpr auto doc =
      R"(Quasi-Newton directions from the last steps (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4).

    d = -G g,  s = w - w_old,  y = g - g_old

G is sᵀy/yᵀy I, updated by the last pairs s, y as BFGS does. Pairs with sᵀy <= eps yᵀy are left out.
Made for the full batch.)";
  static constexpr auto cost =
      "an evaluation for each length tried, usually one, and 2 history_size vectors of memory";
  Index history_size = 10;

  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("history_size", self.history_size, IntegerInterval{1, 1000}, "pairs that are remembered");
    search_fields(self, f);
  }
  template <class T>
  std::unique_ptr<Direction<T>> direction(Index size) const;
};

// d = -G g by the two-loop recursion over the last pairs.
template <class T>
class LimitedMemory final : public Direction<T> {
 public:
  LimitedMemory(Index size, Index pairs);
  void compute(const T* g, T* d, ThreadTeam& team) override;
  void update(const Step<T>& step, ThreadTeam& team) override;
  void reset() override { count_ = 0; }
  bool is_steepest() const override { return count_ == 0; }
  bool is_scaled() const override { return count_ > 0; }
  void visit_state(StateVisitor<T>& visitor) override;

 private:
  // The pair of the step made `age` updates ago.
  Index slot(Index age) const { return (next_ + pairs_ - 1 - age) % pairs_; }

  Index size_, pairs_;
  Index count_ = 0, next_ = 0;  // pairs that are remembered, and the slot of the next one
  Buffer<T> s_, y_;             // (pairs, size)
  Buffer<double> rho_;          // 1 / sᵀy
  double gamma_ = 1;            // sᵀy / yᵀy of the last pair
  std::vector<double> alpha_;
};

}  // namespace fastmlp
