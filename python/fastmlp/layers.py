"""The plan of a network: layers as values, in the short form (sizes) and the long one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from fastmlp._core import Dense, Dropout, GaussianNoise, Layer
from fastmlp._data.arrays import MAX_BYTES
from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_int,
    resolve,
    type_error,
    value_error,
)

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
    default = resolve("init", init)
    complete = tuple(
        Dense(**{**layer.get_params(deep=False), "init": default})
        if isinstance(layer, Dense) and layer.init is None
        else layer
        for layer in chain
    )
    _check_parameters(n_inputs, dense_layers(complete))
    return n_inputs, complete


def zero_gradient_layers(layers: Sequence[Dense], loss: Any) -> list[int]:
    """Return the dense layers whose activation is a hard sign, with derivative 0."""
    last = len(layers) - 1
    reads_preactivation = getattr(loss, "reads_preactivation", False)
    return [
        index
        for index, layer in enumerate(layers)
        if layer.activation.has_zero_derivative and not (index == last and reads_preactivation)
    ]


def _items(layers: Any) -> list[Any]:
    expected = "a list of sizes, or a list of layers such as fm.Dense"
    if isinstance(layers, (str, bytes, Mapping, Set)) or not isinstance(layers, Iterable):
        raise type_error("layers", layers, expected)
    items = list(layers)
    if not items:
        raise value_error("layers", items, expected)
    return items


def _long_form(
    layers: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise type_error(f"layers[{index}]", layer, "a layer as the others")
    if not isinstance(layers[-1], Dense):
        raise value_error(f"layers[{len(layers) - 1}]", layers[-1], "a Dense at last")
    for name, value in (("activation", activation), ("output", output)):
        if value is not None:
            expected = "None, as every fm.Dense has its own activation"
            raise value_error(name, value, expected)
    return check_int(inputs, "inputs", min=1), layers


def _short_form(
    sizes: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    if inputs is not None:
        expected = "None, as the first of the sizes is the number of inputs"
        raise value_error("inputs", inputs, expected)
    widths = [check_int(size, f"layers[{i}]", min=1) for i, size in enumerate(sizes)]
    if len(widths) == 1:
        expected = "the number of inputs and at least one layer"
        raise value_error("layers", sizes, expected)
    hidden = resolve("activation", "relu" if activation is None else activation)
    last = _output(output)
    return widths[0], [*(Dense(width, hidden) for width in widths[1:-1]), Dense(widths[-1], last)]


def _output(output: Any) -> Any:
    """Return the output activation; the argument in messages is `output`."""
    try:
        return resolve("activation", "identity" if output is None else output)
    except InvalidArgument as error:
        message = str(error).replace("activation=", "output=", 1)
        raise type(error)(message) from None


def _check_parameters(n_inputs: int, layers: Sequence[Dense]) -> None:
    """Raise if there are too many parameters to address, in Python's unbounded integers."""
    n_parameters = 0
    for layer in layers:
        n_parameters += layer.units * (n_inputs + layer.bias)
        n_inputs = layer.units
    if n_parameters > MAX_BYTES // 8:
        raise InvalidValue(
            f"the layers have {n_parameters} parameters, expected at most {MAX_BYTES // 8}"
        )
    try:
        np.empty(n_parameters, np.float32)  # reserves no pages; the core would make its plan first
    except MemoryError:
        raise MemoryError(
            f"Network: the layers have {n_parameters} parameters, expected as many as fit in memory"
        ) from None
