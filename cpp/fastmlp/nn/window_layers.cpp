#include "fastmlp/nn/window_layers.hpp"

namespace fastmlp {
namespace {

// Along one axis; "same" has ceil(input / stride) outputs, and an odd zero after the input.
WindowAxis make_axis(Index input, Index kernel, Index stride, Index dilation,
                     const Padding& padding, Index zeros) {
  const Index extent = (kernel - 1) * dilation + 1;
  WindowAxis axis{input, 0, kernel, stride, dilation, zeros};
  if (padding.zeros) {
    axis.output = input + 2 * zeros >= extent ? (input + 2 * zeros - extent) / stride + 1 : 0;
  } else if (padding.word == "same") {
    axis.output = ceil_div(input, stride);
    axis.padding = std::max<Index>(0, (axis.output - 1) * stride + extent - input) / 2;
  } else {
    axis.output = input >= extent ? (input - extent) / stride + 1 : 0;
  }
  return axis;
}

}  // namespace

Window make_window(const WindowSpec& spec, const Shape& shape, const std::string& where) {
  const bool plane = spec.kernel.dims == 2;
  require(shape.dims() == spec.kernel.dims + 1,
          where + " reads features of shape " + shape.text() + ", expected " +
              (plane ? "(height, width, channels)" : "(length, channels)"));
  const std::optional<Extent>& zeros = spec.padding.zeros;
  const auto& [kernel, stride, dilation, padding, pools] = spec;
  Window window{{}, {}, shape.channels()};
  const Index width = shape.sizes[static_cast<std::size_t>(spec.kernel.dims - 1)];
  window.x = make_axis(width, kernel.x, stride.x, dilation.x, padding, zeros ? zeros->x : 0);
  if (plane) {
    window.y =
        make_axis(shape.sizes[0], kernel.y, stride.y, dilation.y, padding, zeros ? zeros->y : 0);
  }
  require(window.positions() > 0, where + " slides a window of " + kernel.text() +
                                      " over features of shape " + shape.text() +
                                      ", expected one that fits, padding and dilation included");
  require(!pools || (window.y.padding < window.y.kernel && window.x.padding < window.x.kernel),
          where + " pools windows of " + kernel.text() + " with padding=" +
              (zeros ? zeros->text() : "same") + ", expected a padding smaller than the window");
  return window;
}

Shape window_output(const WindowSpec& spec, const Window& window, Index channels) {
  if (spec.kernel.dims == 1) return Shape({window.x.output, channels});
  return Shape({window.y.output, window.x.output, channels});
}

}  // namespace fastmlp
