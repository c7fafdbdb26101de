#include "fastmlp/train/chunk_lanes.hpp"

namespace fastmlp {

template <class T>
void ChunkLanes<T>::prepare(const T* w) {
  const auto threads = static_cast<std::size_t>(f_.team_->size());
  if (gradients_.size() == 0) gradients_ = Buffer<T>(kWave * f_.size());
  while (lanes_.size() < threads) {
    teams_.push_back(std::make_unique<ThreadTeam>());
    lanes_.push_back(std::make_unique<NetworkObjective<T>>(f_.plan_, f_.output_loss_.loss));
  }
  for (std::size_t i = 0; i < threads; ++i) {
    NetworkObjective<T>& lane = *lanes_[i];
    lane.set_exact(!f_.rounds_);
    lane.set_team(*teams_[i]);
    lane.context_ = f_.context_;
    lane.context_.team = teams_[i].get();
    lane.batch_.select_as(f_.batch_);
    lane.reserve(f_.plan_.chunk_samples());
  }
  f_.team_->parallel_for(f_.team_->size(),
                         [&](Index i, int) { lanes_[static_cast<std::size_t>(i)]->start(w); });
}

template <class T>
double ChunkLanes<T>::run(const T* w, T* g) {
  prepare(w);
  const Index chunks = f_.chunks(), size = f_.size();
  double sum = 0, values[kWave];
  f_.mistakes_ = 0;
  for (Index first = 0; first < chunks; first += kWave) {
    const Index wave = std::min(kWave, chunks - first);
    f_.team_->parallel_for(wave, [&](Index i, int thread) {
      NetworkObjective<T>& lane = *lanes_[static_cast<std::size_t>(thread)];
      const Range chunk = f_.chunk(first + i);
      values[i] = lane.forward_backward(w, chunk, g != nullptr);
      if (g) lane.add_gradient(chunk.size(), true, nullptr, gradients_.data() + i * size);
      f_.team_->poll_interrupt(f_.plan_.operations_per_row() * static_cast<double>(chunk.size()));
    });
    for (Index i = 0; i < wave; ++i) {
      sum += values[i];
      const T* from = gradients_.data() + i * size;
      for (Index j = 0; j < size && g; ++j) g[j] = first + i == 0 ? from[j] : g[j] + from[j];
    }
  }
  for (const auto& lane : lanes_) f_.mistakes_ += lane->mistakes_;
  return sum;
}

template class ChunkLanes<float>;
template class ChunkLanes<double>;

}  // namespace fastmlp
