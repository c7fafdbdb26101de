// Layers that slide a window over positions: convolutions and pooling, in one and two dimensions.
#pragma once

#include <memory>

#include "fastmlp/base/error.hpp"
#include "fastmlp/nn/convolution_map.hpp"
#include "fastmlp/nn/layer.hpp"
#include "fastmlp/nn/pooling_maps.hpp"

namespace fastmlp {

inline const OneOf kPaddings{"valid", "same"};

// What the fields of a layer say of its window.
struct WindowSpec {
  Extent kernel, stride, dilation;
  Padding padding;
  bool pools = false;  // each region must contain an input
};

// The window over features of this shape; throws where it does not fit. `where` begins messages.
Window make_window(const WindowSpec& spec, const Shape& shape, const std::string& where);
// The shape of as many positions with `channels` each.
Shape window_output(const WindowSpec& spec, const Window& window, Index channels);

// A convolution of `Dims` dimensions.
template <int Dims>
struct Convolution : LearningFields {
  Index filters = kRequiredInteger;
  Extent kernel{Dims, kRequiredInteger, kRequiredInteger};
  Activation activation;
  Extent stride{Dims, 1, 1};
  Padding padding{Dims, "valid"};
  Extent dilation{Dims, 1, 1};
  bool bias = true;
  std::optional<Initializer> init;
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("filters", self.filters, kPositiveInteger, "number of outputs per position");
    f("kernel", self.kernel, kPositiveExtent, "size of the window");
    f("activation", self.activation, "phi, a name or a value such as fm.LeakyReLU(slope=0.1)");
    f("stride", self.stride, kPositiveExtent, "inputs from one position to the next");
    f("padding", self.padding, kPaddings, "zeros around the input");
    f("dilation", self.dilation, kPositiveExtent, "inputs from one tap of the window to the next");
    f("bias", self.bias, "adds b");
    f("init", self.init, "distribution of the weights at the start; None takes the network's");
    penalty_fields(
        self, f,
        "largest Euclidean norm of a filter's weights; longer ones are scaled down after each "
        "update");
    rate_fields(self, f);
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const WindowSpec spec{kernel, stride, dilation, padding};
    const Window window = make_window(spec, plan.shape(), plan.where());
    const Index columns = checked_product(window.taps(), window.channels, "Network");
    const Shape shape = window_output(spec, window, filters);
    checked_product(shape.size(), sizeof(double), "Network");
    const Index w = plan.add_weights(filters, columns, init.value_or(GlorotUniform{}), learning(),
                                     {window.positions(), window.taps()});
    const Index b = bias ? plan.add_bias(filters, learning()) : kNone;
    std::vector<Index> inner{kernel.x, window.channels};
    if (Dims == 2) inner.insert(inner.begin(), kernel.y);
    plan.show_parameters(w, b, false, inner);
    plan.add_node({{std::make_shared<ConvolutionMap<T>>(window, filters), w}}, b, activation);
    plan.set_shape(shape);
  }
};

struct Conv1D : Convolution<1> {
  static constexpr auto key = "conv1d", class_name = "Conv1D";
  static constexpr auto doc = R"(A convolution of sequences, for inputs of shape (length, channels).

    h[t, f] = activation(b[f] + sum_k,c W[f, k, c] x[t stride + k dilation - pad, c])

Otherwise as `Conv2D`.)";
  static constexpr auto example =
      ">>> layers = [fm.Conv1D(8, 5, \"relu\", padding=\"same\"), fm.GlobalAveragePool1D(),\n"
      "...           fm.Dense(3, \"softmax\")]\n"
      ">>> net = fm.Network(layers, inputs=(100, 2), seed=0)\n"
      ">>> net.weights[0].shape\n(5, 2, 8)";
};

struct Conv2D : Convolution<2> {
  static constexpr auto key = "conv2d", class_name = "Conv2D";
  static constexpr auto doc =
      R"(A convolution of images, for inputs of shape (height, width, channels) (LeCun et al. 1989).

    h[y, x, f] = activation(b[f] + sum_i,j,c W[f, i, j, c] x[y', x', c])
    y' = y stride + i dilation - pad,  x' = x stride + j dilation - pad

Padding is "valid", none; "same", as many zeros that there are ceil(size / stride) positions, an odd
one at the end (Keras, TensorFlow); or a number for each side. W is drawn from `init` with
n_in = kernel**2 channels and n_out = kernel**2 filters, b starts at 0. Parameters are (filters,
kernel, kernel, channels), then b; ``net.weights[l]`` is the view (kernel, kernel, channels, filters),
and ``net.weights[l].transpose(3, 2, 0, 1)`` that of torch. Penalties are those of `Dense`;
`max_norm` limits each filter.)";
  static constexpr auto example =
      ">>> layers = [fm.Conv2D(6, 3, \"relu\"), fm.MaxPool2D(2), fm.Dense(10, \"softmax\")]\n"
      ">>> net = fm.Network(layers, inputs=(8, 8, 1), seed=0)\n"
      ">>> net.weights[0].shape, net.n_parameters\n((3, 3, 1, 6), 610)";
};

// Pooling of regions of `Dims` dimensions by a map.
template <int Dims, template <class> class Map>
struct Pooling : LayerBase {
  static constexpr LayerTraits traits{false, true};
  Extent size{Dims, kRequiredInteger, kRequiredInteger};
  OptionalExtent stride{Dims};
  Padding padding{Dims, "valid"};
  template <class Self, class F>
  static void fields(Self& self, F&& f) {
    f("size", self.size, kPositiveExtent, "size of the window");
    f("stride", self.stride, kPositiveExtent,
      "inputs from one position to the next; None takes size");
    f("padding", self.padding, kPaddings, "positions around the input, which do not count");
  }
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const WindowSpec spec{size, stride.value.value_or(size), {Dims, 1, 1}, padding, true};
    const Window window = make_window(spec, plan.shape(), plan.where());
    const Shape shape = window_output(spec, window, window.channels);
    plan.add_node({{std::make_shared<Map<T>>(window)}});
    plan.set_shape(shape);
  }
};

struct MaxPool1D : Pooling<1, MaxPoolMap> {
  static constexpr auto key = "max_pool1d", class_name = "MaxPool1D";
  static constexpr auto doc = R"(The maximum over each window of a sequence, per channel.

    h[t, c] = max_k x[t stride + k - pad, c]

See `MaxPool2D`.)";
  static constexpr auto example =
      ">>> layers = [fm.MaxPool1D(2), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(4, 1), seed=0).n_parameters\n9";
};

struct MaxPool2D : Pooling<2, MaxPoolMap> {
  static constexpr auto key = "max_pool2d", class_name = "MaxPool2D";
  static constexpr auto doc = R"(The maximum over each window of an image, per channel.

    h[y, x, c] = max_i,j x[y stride + i - pad, x stride + j - pad, c]

Its derivative is that of the first of equal maxima. Padding as for `Conv2D`, but nothing of it is
taken for a maximum.)";
  static constexpr auto example =
      ">>> layers = [fm.MaxPool2D(2), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(2, 4, 1), seed=0).n_parameters\n9";
};

struct AveragePool1D : Pooling<1, AveragePoolMap> {
  static constexpr auto key = "average_pool1d", class_name = "AveragePool1D";
  static constexpr auto doc = R"(The mean over each window of a sequence, per channel.

    h[t, c] = mean_k x[t stride + k - pad, c]

See `AveragePool2D`.)";
  static constexpr auto example =
      ">>> layers = [fm.AveragePool1D(2), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(4, 1), seed=0).n_parameters\n9";
};

struct AveragePool2D : Pooling<2, AveragePoolMap> {
  static constexpr auto key = "average_pool2d", class_name = "AveragePool2D";
  static constexpr auto doc = R"(The mean over each window of an image, per channel.

    h[y, x, c] = mean_i,j x[y stride + i - pad, x stride + j - pad, c]

Padding as for `Conv2D`, but the mean is that of the inputs alone.)";
  static constexpr auto example =
      ">>> layers = [fm.AveragePool2D(2), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(2, 4, 1), seed=0).n_parameters\n9";
};

// The mean over all positions.
template <int Dims>
struct GlobalAveragePool : LayerBase {
  static constexpr LayerTraits traits{false, true};
  template <class Self, class F>
  static void fields(Self&, F&&) {}
  template <class T>
  void add_to(PlanBuilder<T>& plan) const {
    const Extent one{Dims, 1, 1};
    Window window = make_window({one, one, one, {Dims, "valid"}}, plan.shape(), plan.where());
    for (WindowAxis* axis : {&window.y, &window.x}) *axis = {axis->input, 1, axis->input};
    plan.add_node({{std::make_shared<AveragePoolMap<T>>(window)}});
  }
};

struct GlobalAveragePool1D : GlobalAveragePool<1> {
  static constexpr auto key = "global_average_pool1d", class_name = "GlobalAveragePool1D";
  static constexpr auto doc =
      R"(The mean of a whole sequence, per channel: (length, channels) -> (channels).

    h[c] = mean_t x[t, c])";
  static constexpr auto example =
      ">>> layers = [fm.GlobalAveragePool1D(), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(9, 2), seed=0).n_parameters\n9";
};

struct GlobalAveragePool2D : GlobalAveragePool<2> {
  static constexpr auto key = "global_average_pool2d", class_name = "GlobalAveragePool2D";
  static constexpr auto doc = R"(The mean of a whole image, per channel (Lin et al. 2013).

    h[c] = mean_y,x x[y, x, c]

From (height, width, channels) to (channels).)";
  static constexpr auto example =
      ">>> layers = [fm.GlobalAveragePool2D(), fm.Dense(3)]\n"
      ">>> fm.Network(layers, inputs=(4, 4, 2), seed=0).n_parameters\n9";
};

}  // namespace fastmlp
