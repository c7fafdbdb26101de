// The geometry of windows that slide over positions: kernels of convolutions, regions of pooling.
#pragma once

#include "fastmlp/kernels/window.hpp"

namespace fastmlp {

// One axis: output p reads inputs p stride + k dilation - padding for the taps k < kernel.
struct WindowAxis {
  Index input = 1, output = 1, kernel = 1, stride = 1, dilation = 1;
  Index padding = 0;  // before the first input

  // The taps of output p that are inside of the input.
  Range taps(Index p) const;
  // The outputs whose tap k is inside of the input.
  Range outputs(Index k) const;
  Index input_of(Index p, Index k) const { return p * stride + k * dilation - padding; }
  // Every tap of every output is inside.
  bool is_inside() const;
};

// Windows over (height, width, channels); a length is a height of 1.
struct Window {
  WindowAxis y, x;
  Index channels;

  Index inputs() const { return y.input * x.input * channels; }
  Index positions() const { return y.output * x.output; }
  Index taps() const { return y.kernel * x.kernel; }
};

// The runs that a convolution reads along an axis whose positions are `a` columns of W and `b` rows
// of X apart: `count` of them in each, or all of a position at once where `joined`.
WindowRuns forward_runs(const WindowAxis& axis, Index a, Index b, Index count, bool joined);
// The same for dL/dX at each input position: the taps and outputs that have read it.
WindowRuns backward_runs(const WindowAxis& axis, Index a, Index b, Index count);

}  // namespace fastmlp
