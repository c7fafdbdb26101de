"""The plan of a network: layers as values, in the short form (sizes) and the long one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from fastmlp import _core, checks
from fastmlp._core import Dense, Dropout, GaussianNoise, Layer
from fastmlp._data.arrays import MAX_BYTES
from fastmlp.checks import integer

__all__ = ["Dense", "Dropout", "GaussianNoise", "Layer"]  # pickles of 0.1.0 name them here


def dense_layers(layers: Sequence[Layer]) -> list[Dense]:
    """Return the layers that have parameters."""
    return [layer for layer in layers if isinstance(layer, Dense)]


def output_activation(layers: Sequence[Layer]) -> Any:
    """Return the activation of the last layer."""
    return dense_layers(layers)[-1].activation


def plan(
    layers: Any, inputs: Any, activation: Any, output: Any, init: Any
) -> tuple[int, tuple[Layer, ...]]:
    """Return the number of inputs and the layers that a call of `Network` describes."""
    items = _items(layers)
    read = _long_form if any(isinstance(item, Layer) for item in items) else _short_form
    n_inputs, chain = read(items, inputs, activation, output)
    default = _core.resolve("init", init, "Network")
    complete = tuple(
        Dense(**{**layer.get_params(), "init": default})
        if isinstance(layer, Dense) and layer.init is None
        else layer
        for layer in chain
    )
    _check_parameters(n_inputs, dense_layers(complete))
    return n_inputs, complete


def cannot_learn(layers: Sequence[Dense], loss: Any) -> list[int]:
    """Return the dense layers with a hard sign, through which no gradient passes backwards."""
    last = len(layers) - 1
    reads_pre_activation = getattr(loss, "name", "") in ("perceptron", "hinge")
    return [
        index
        for index, layer in enumerate(layers)
        if layer.activation.name == "sign"
        and not layer.activation.straight_through
        and not (index == last and reads_pre_activation)
    ]


def _items(layers: Any) -> list[Any]:
    expected = "a list of sizes, or a list of layers such as fm.Dense"
    if isinstance(layers, (str, bytes, Mapping, Set)) or not isinstance(layers, Iterable):
        checks.refuse_kind("Network", "layers", layers, expected)
    items = list(layers)
    if not items:
        checks.refuse_value("Network", "layers", items, expected)
    return items


def _long_form(
    layers: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            checks.refuse_kind("Network", f"layers[{index}]", layer, "a layer as the others")
    if not isinstance(layers[-1], Dense):
        checks.refuse_value("Network", f"layers[{len(layers) - 1}]", layers[-1], "a Dense at last")
    for name, value in (("activation", activation), ("output", output)):
        if value is not None:
            expected = "None, as every fm.Dense has its own activation"
            checks.refuse_value("Network", name, value, expected)
    return integer(inputs, "inputs", "Network", least=1), layers


def _short_form(
    sizes: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    if inputs is not None:
        expected = "None, as the first of the sizes is the number of inputs"
        checks.refuse_value("Network", "inputs", inputs, expected)
    widths = [integer(size, f"layers[{i}]", "Network", least=1) for i, size in enumerate(sizes)]
    if len(widths) == 1:
        expected = "the number of inputs and at least one layer"
        checks.refuse_value("Network", "layers", sizes, expected)
    hidden = _core.resolve("activation", "relu" if activation is None else activation, "Network")
    last = _output(output)
    return widths[0], [*(Dense(width, hidden) for width in widths[1:-1]), Dense(widths[-1], last)]


def _output(output: Any) -> Any:
    """Return the output activation; a refusal names the argument `output`."""
    try:
        return _core.resolve("activation", "identity" if output is None else output, "Network")
    except (TypeError, ValueError) as error:
        message = str(error).replace("activation=", "output=", 1)
        raise type(error)(message) from None


def _check_parameters(n_inputs: int, layers: Sequence[Dense]) -> None:
    """Refuse a network whose parameters could not be addressed, in Python's unbounded integers."""
    n_parameters = 0
    for layer in layers:
        n_parameters += layer.units * (n_inputs + layer.bias)
        n_inputs = layer.units
    if n_parameters > MAX_BYTES // 8:
        raise ValueError(
            f"Network: the layers have {n_parameters} parameters, expected at most {MAX_BYTES // 8}"
        )
    try:
        np.empty(n_parameters, np.float32)  # takes no pages; the core would plan its parts first
    except MemoryError:
        raise MemoryError(
            f"Network: the layers have {n_parameters} parameters, expected as many as fit in memory"
        ) from None
