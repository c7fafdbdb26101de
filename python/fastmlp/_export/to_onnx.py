"""A network as a graph of ONNX operators."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import (
    InvalidValue,
    check_dtype,
    short_repr,
    type_error,
    value_error,
)
from fastmlp._export.activations import TABLE
from fastmlp._export.graph import Graph
from fastmlp._export.recurrences import add_recurrent
from fastmlp._export.windows import (
    AVERAGE_POOLS,
    CONVOLUTIONS,
    GLOBAL_POOLS,
    MAX_POOLS,
    Window,
    window_of,
)
from fastmlp._io import atomic, container, serialization
from fastmlp._version import __version__
from fastmlp.layers import RECURRENT, Dense, Skip, Tied

if TYPE_CHECKING:
    from fastmlp.network import Network

OPSET, IR_VERSION = 17, 8
MAX_BYTES = 2**31 - 2**20  # of a message of protobuf
MAX_TAPS = 1000  # along an axis, where each tap is a node
KEY = "fastmlp"  # of the metadata, by which `from_onnx` knows its own files


def export(network: Network, path: str | os.PathLike[str] | None, dtype: Any) -> Any:
    """Return the network as a model of ONNX, and write it."""
    onnx = require("onnx", "Network.to_onnx", "onnx")
    if path is not None and not isinstance(path, (str, bytes, os.PathLike)):
        raise type_error("path", path, "a file, or None")
    precision = network.dtype if dtype is None else check_dtype(dtype)
    check_activations(network, precision)
    if network.n_parameters * precision.itemsize > MAX_BYTES:
        expected = f"at most {MAX_BYTES} bytes of parameters, the limit of ONNX's format"
        raise value_error("n_parameters", network.n_parameters, expected)
    model = model_of(onnx, network, precision)
    if path is not None:
        atomic.write(path, [model.SerializeToString(deterministic=True)])
    return model


def check_activations(network: Network, dtype: np.dtype[Any]) -> None:
    """Raise where an activation has no operators, or a parameter is too large for float32."""
    for place, layer in enumerate(network.layers):
        activation = getattr(layer, "activation", None)
        member = None if activation is None else TABLE.get(activation.name)
        if activation is None or (member is not None and dtype == np.float32):
            continue
        where = f"layers[{place}] has activation={short_repr(activation)}"
        if member is None:
            raise InvalidValue(f"{where}, expected one that ONNX has: {', '.join(TABLE)}")
        if member.double is None:
            reason = "ONNX Runtime has no erf in float64; use dtype='float32'"
            raise InvalidValue(f"{where}, expected another one in float64: {reason}")
    largest = max(map(abs, (network.parameters.min(), network.parameters.max())), default=0.0)
    if math.isfinite(largest) and largest > np.finfo(dtype).max:
        raise value_error("parameters", float(largest), f"values that {dtype} has")


def model_of(onnx: Any, network: Network, dtype: np.dtype[Any]) -> Any:
    """Return the model without a look at whether its operators exist."""
    graph = Graph(onnx, dtype)
    add_network(graph, network, "X")
    graph.nodes[-1].output[0] = "Y"
    proto = graph.proto(
        "fastmlp", {"X": ("n", *network.input_shape)}, {"Y": ("n", *network.output_shape)}
    )
    model = onnx.helper.make_model(
        proto,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="fastmlp",
        producer_version=__version__,
    )
    onnx.helper.set_model_props(model, {KEY: specification(network)})
    return model


def specification(network: Network) -> str:
    """Return layers, shape and seed of a network as JSON."""
    values = serialization.network_to_dict(network)
    kept = {*serialization.NETWORK_PARTS, "format", "version", "feature_names_in_", "precision"}
    kept = kept.intersection(values) - {"parameters"}
    return container.to_json({k: values[k] for k in sorted(kept)})


class Signal(NamedTuple):
    """What flows between layers: its name, its shape here, and whether channels are first."""

    name: str
    shape: tuple[int, ...]
    first: bool = False


def add_network(graph: Graph, network: Network, x: str) -> str:
    """Add the nodes of all layers, and return the name of the output."""
    return _Layers(graph, network).run(x)


class _Layers:
    """The layers one after another; each method adds the nodes of a kind."""

    def __init__(self, graph: Graph, network: Network) -> None:
        self.graph, self.network = graph, network
        self.weights = iter(zip(network.weights, network.biases, strict=True))
        self.places: dict[int, int] = {}  # of layers in the list, by their identity
        self.outputs: list[Signal] = []

    def run(self, x: str) -> str:
        layers: Any = self.network.layers
        signal = source = Signal(x, self.network.input_shape)
        for place, layer in enumerate(layers):
            self.graph.place = f"layers.{place}."
            shape = self.network._native.layer_shape(place)
            if isinstance(layer, Skip):
                other = source if layer.of == "input" else self.outputs[self.places[id(layer.of)]]
                signal = self.skip(signal, other)
            elif isinstance(layer, RECURRENT):
                weights = [next(self.weights) for _ in range(1 + layer.bidirectional)]
                x = self.last(signal).name
                steps = signal.shape[0]
                signal = Signal(add_recurrent(self.graph, layer, x, weights, steps), shape)
            elif layer.has_parameters or isinstance(
                layer, (*MAX_POOLS, *AVERAGE_POOLS, *GLOBAL_POOLS)
            ):
                signal = self.activated(layer, self.linear(layer, signal, shape))
            self.outputs.append(signal)
            self.places[id(layer)] = place
        self.graph.place = ""
        return self.last(signal).name

    def first(self, signal: Signal) -> Signal:
        """Return it with channels first, (n, channels, positions ...)."""
        rank = len(signal.shape) + 1
        return signal if signal.first else self._moved(signal, [0, rank - 1, *range(1, rank - 1)])

    def last(self, signal: Signal) -> Signal:
        """Return it with channels last, (n, *shape)."""
        rank = len(signal.shape) + 1
        return self._moved(signal, [0, *range(2, rank), 1]) if signal.first else signal

    def _moved(self, signal: Signal, perm: list[int]) -> Signal:
        name = self.graph.node("Transpose", signal.name, perm=perm)
        return Signal(name, signal.shape, not signal.first)

    def activated(self, layer: Any, signal: Signal) -> Signal:
        activation = getattr(layer, "activation", None)
        if activation is None:
            return signal
        member = TABLE[activation.name]
        form = member.double if self.graph.is_double else member.onnx
        assert form is not None  # refused before
        if activation.couples_units:
            signal = self.last(signal)
        return signal._replace(name=self.graph.expression(form(activation), signal.name))

    def skip(self, signal: Signal, other: Signal) -> Signal:
        if signal.shape != other.shape or signal.first != other.first:
            signal, other = self.last(signal), self.last(other)
        name = other.name
        if signal.shape != other.shape:
            name = self.graph.node("Reshape", name, self.graph.integers(-1, *signal.shape))
        return signal._replace(name=self.graph.node("Add", signal.name, name))

    def linear(self, layer: Any, signal: Signal, shape: tuple[int, ...]) -> Signal:
        if isinstance(layer, (Dense, Tied)):
            return Signal(self.dense(layer, signal), shape)
        if isinstance(layer, GLOBAL_POOLS):
            axes = list(range(1, len(signal.shape)))
            x = self.last(signal).name
            return Signal(self.graph.node("ReduceMean", x, axes=axes, keepdims=0), shape)
        window = window_of(layer, signal.shape[:-1])
        is_max = isinstance(layer, MAX_POOLS)
        if not self.graph.is_double or is_max:
            x = self.first(signal).name
            return Signal(self.windowed(layer, x, window), shape, first=True)
        if max(window.kernel) > MAX_TAPS:
            expected = f"at most {MAX_TAPS} along an axis in float64; use dtype='float32'"
            raise value_error("kernel or size", window.kernel, expected)
        x = self.last(signal).name
        padded = x
        if any(window.before + window.after):
            pads = [0, *window.before, 0, 0, *window.after, 0]
            zero = self.graph.number(0.0)
            padded = self.graph.node("Pad", x, self.graph.integers(*pads), zero)
        taps = self.products if isinstance(layer, CONVOLUTIONS) else self.means
        return Signal(taps(layer, padded, window, signal.shape[:-1]), shape)

    def dense(self, layer: Any, signal: Signal) -> str:
        W, b = next(self.weights)
        flat = self.last(signal).name
        if len(signal.shape) > 1:
            flat = self.graph.node("Flatten", flat, axis=1)
        if isinstance(layer, Tied):
            name = f"layers.{self.places[id(layer.layer)]}.W"
            transposed = layer.transposed
        else:
            name, transposed = self.graph.weight("W", W.T), False
        inputs = [flat, name, *([] if b is None else [self.graph.weight("b", b)])]
        return self.graph.node("Gemm", *inputs, transB=int(not transposed))

    def windowed(self, layer: Any, x: str, window: Window) -> str:
        """Add a convolution or a pooling as one node, channels first."""
        kernel, stride, dilation, before, after = window
        where = {"kernel_shape": kernel, "strides": stride, "pads": before + after}
        if isinstance(layer, MAX_POOLS):
            return self.graph.node("MaxPool", x, **where)
        if isinstance(layer, AVERAGE_POOLS):
            return self.graph.node("AveragePool", x, **where)
        W, b = next(self.weights)
        n = W.ndim
        inputs = [x, self.graph.weight("W", W.transpose(n - 1, n - 2, *range(n - 2)))]
        if b is not None:
            inputs.append(self.graph.weight("b", b))
        return self.graph.node("Conv", *inputs, dilations=dilation, **where)

    def _tap(self, x: str, axis: int, tap: int, window: Window, n_outputs: int) -> str:
        """Return what the tap of a window reads at all positions of an axis."""
        step = window.stride[axis]
        begin = tap * window.dilation[axis]
        bounds = (begin, begin + (n_outputs - 1) * step + 1, axis + 1, step)
        return self.graph.node("Slice", x, *map(self.graph.integers, bounds))

    def products(self, layer: Any, x: str, window: Window, sizes: tuple[int, ...]) -> str:
        """Add b + sum over taps of W[tap] x[tap], channels last."""
        W, b = next(self.weights)
        outputs, terms = window.outputs(sizes), []
        for tap in np.ndindex(*window.kernel):
            part = x
            for axis, k in enumerate(tap):
                part = self._tap(part, axis, k, window, outputs[axis])
            W_tap = self.graph.weight(f"W_{'_'.join(map(str, tap))}", W[tap])
            terms.append(self.graph.node("MatMul", part, W_tap))
        if b is not None:
            terms.append(self.graph.weight("b", b))
        return self.graph.node("Sum", *terms)

    def means(self, layer: Any, x: str, window: Window, sizes: tuple[int, ...]) -> str:
        """Add the sums along one axis after the other, divided by the number of inputs."""
        outputs, counts = window.outputs(sizes), np.ones(1)
        padded = any(window.before + window.after)
        for axis, n in enumerate(outputs):
            taps = [self._tap(x, axis, k, window, n) for k in range(window.kernel[axis])]
            x = self.graph.node("Sum", *taps)
            begin = np.arange(n if padded else 1) * window.stride[axis] - window.before[axis]
            end = np.minimum(begin + window.kernel[axis], sizes[axis])
            counts = counts[..., None, :] * (end - np.maximum(begin, 0))[:, None]
        name = f"{self.graph.place}counts"
        return self.graph.node("Div", x, self.graph.constant(name, counts.astype(self.graph.dtype)))
