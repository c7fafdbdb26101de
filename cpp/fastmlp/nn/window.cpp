#include "fastmlp/nn/window.hpp"

#include <algorithm>

namespace fastmlp {

Range WindowAxis::taps(Index p) const {
  const Index before = std::max<Index>(0, padding - p * stride);
  const Index inside = std::max<Index>(0, input + padding - p * stride);
  const Index begin = std::min(kernel, ceil_div(before, dilation));
  return {begin, std::max(begin, std::min(kernel, ceil_div(inside, dilation)))};
}

Range WindowAxis::outputs(Index k) const {
  const Index before = std::max<Index>(0, padding - k * dilation);
  const Index inside = std::max<Index>(0, input + padding - k * dilation);
  const Index begin = std::min(output, ceil_div(before, stride));
  return {begin, std::max(begin, std::min(output, ceil_div(inside, stride)))};
}

bool WindowAxis::is_inside() const {
  return padding == 0 && input_of(output - 1, kernel - 1) < input;
}

WindowRuns forward_runs(const WindowAxis& axis, Index a, Index b, Index count, bool joined) {
  WindowRuns runs;
  for (Index p = 0; p < axis.output; ++p) {
    const Range taps = axis.taps(p);
    const Index step = joined ? std::max<Index>(1, taps.size()) : 1;
    for (Index k = taps.begin; k < taps.end; k += step) {
      runs.add({k * a, axis.input_of(p, k) * b, step * count});
    }
    runs.finish_position();
  }
  return runs;
}

WindowRuns backward_runs(const WindowAxis& axis, Index a, Index b, Index count) {
  WindowRuns runs;
  for (Index q = 0; q < axis.input; ++q) {
    const Index from = q + axis.padding, excess = from - (axis.output - 1) * axis.stride;
    const Index last = std::min(axis.kernel - 1, from / axis.dilation);
    for (Index k = ceil_div(std::max<Index>(0, excess), axis.dilation); k <= last; ++k) {
      const Index start = from - k * axis.dilation;
      if (start % axis.stride == 0) runs.add({k * a, start / axis.stride * b, count});
    }
    runs.finish_position();
  }
  return runs;
}

}  // namespace fastmlp
