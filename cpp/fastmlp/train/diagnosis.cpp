#include "fastmlp/train/diagnosis.hpp"

#include <algorithm>
#include <cmath>

namespace fastmlp {
namespace {

// The largest |phi'(a)|; of unbounded activations it may be a little more.
double largest_slope(const Activation& phi) {
  return std::holds_alternative<Sigmoid>(phi) ? 0.25 : 1.0;
}

}  // namespace

template <class T>
Diagnosis<T>::Diagnosis(NetworkObjective<T>& objective) : f_(objective) {
  const Plan<T>& plan = f_.plan_;
  std::vector<Index> slots(plan.nodes().size(), kNone);
  std::vector<char> computed(slots.size());
  for (const Term<T>& term : plan.terms()) {
    Index& slot = slots[static_cast<std::size_t>(term.output)];
    if (slot == kNone) slot = term.slot;
    computed[static_cast<std::size_t>(term.output)] = 1;
  }
  Index end = 0;
  bool by_steps = true;  // so far each layer's output has an axis of steps
  for (std::size_t l = 0; l < plan.layer_outputs().size(); ++l) {
    const Index begin = std::max<Index>(1, end);
    end = plan.layer_outputs()[l] + 1;
    const auto first = reports_.size();
    const Shape& shape = plan.layer_shapes()[l];
    by_steps = by_steps && shape.dims() == 2;
    Index step = kNone;  // the last node of each step of a recurrence has its number
    for (Index i = end; i-- > begin;) {
      const Node& node = plan.node(i);
      if (node.step != kNone) step = node.step;
      if (!computed[static_cast<std::size_t>(i)]) continue;
      const bool positions = step == kNone && node.rows == shape.size();
      const Index units = positions ? shape.channels() : node.rows;
      const char* key = std::visit([](const auto& phi) { return phi.key; }, node.phi);
      nodes_.push_back(i);
      reports_.push_back({static_cast<Index>(l), slots[static_cast<std::size_t>(i)], step,
                          positions && by_steps ? units : 0, key, 0, 0, 0,
                          std::vector<char>(static_cast<std::size_t>(units))});
    }
    const auto from = static_cast<std::ptrdiff_t>(first);
    std::reverse(nodes_.begin() + from, nodes_.end());  // to the order of the forward pass
    std::reverse(reports_.begin() + from, reports_.end());
  }
}

template <class T>
double Diagnosis<T>::add_loss(const T* w, T* g) {
  f_.packed_ = nullptr;
  f_.start(w);
  double sum = 0;
  for (Index i = 0; i < f_.chunks(); ++i) {
    const Range chunk = f_.chunk(i);
    sum += f_.forward_backward(w, chunk, true);
    f_.add_gradient(chunk.size(), i == 0, nullptr, g);
    add(chunk.size());
  }
  return sum;
}

// Each node by one thread, so that its sums have one order.
template <class T>
void Diagnosis<T>::add(Index n) {
  Index widest = 0;
  for (const Node& node : f_.plan_.nodes()) widest = std::max(widest, node.rows);
  std::vector<PanelMatrix<T>> slopes;
  slopes.reserve(static_cast<std::size_t>(f_.team_->size()));
  for (int i = 0; i < f_.team_->size(); ++i) slopes.emplace_back(widest, kTileColumns<T>);
  f_.team_->parallel_for(static_cast<Index>(reports_.size()), [&](Index i, int thread) {
    for (Index k = 0; k < tiles(kTileColumns<T>, n); ++k) {
      add_node(i, tile(k, kTileColumns<T>, n), f_.batch_.lengths(),
               slopes[static_cast<std::size_t>(thread)]);
    }
  });
}

template <class T>
void Diagnosis<T>::add_node(Index i, Range samples, const Index* lengths, PanelMatrix<T>& slopes) {
  const Index index = nodes_[static_cast<std::size_t>(i)];
  NodeReport& report = reports_[static_cast<std::size_t>(i)];
  const Node& node = f_.plan_.node(index);
  auto& state = f_.workspace_.node(index);
  const MatrixView<T> room = slopes.columns({0, samples.size()});
  const MatrixView<T> slope{room.data, node.rows, room.cols, room.stride};
  for (Index r = 0; r < slope.rows; ++r) std::fill_n(slope.row(r), slope.cols, T(1));
  if (!couples_units(node.phi)) {
    differentiate_node(f_.plan_, index, samples, f_.workspace_, slope);
  }
  const MatrixView<T> delta = state.delta.columns(samples);
  const double largest = largest_slope(node.phi);
  const auto units = static_cast<Index>(report.alive.size());
  for (Index r = 0; r < node.rows; ++r) {
    const Index step = report.step_rows > 0 ? r / report.step_rows : report.step;
    for (Index j = 0; j < samples.size(); ++j) {
      if (step != kNone && lengths && lengths[samples.begin + j] <= step) continue;
      const double d = node.learns ? static_cast<double>(delta.row(r)[j]) : 0;
      const double s = std::abs(static_cast<double>(slope.row(r)[j]));
      report.values += 1;
      report.squares += d * d;
      report.saturated += s < kSaturated * largest;
      // nan is no sign of death
      if (!(s < kDead * largest)) report.alive[static_cast<std::size_t>(r % units)] = 1;
    }
  }
}

template class Diagnosis<float>;
template class Diagnosis<double>;

}  // namespace fastmlp
