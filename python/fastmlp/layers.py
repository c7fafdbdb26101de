"""The plan of a network: layers as values, in the short form (sizes) and the long one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastmlp import _core
from fastmlp._core import (
    GRU,
    LSTM,
    AveragePool1D,
    AveragePool2D,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    GaussianNoise,
    GlobalAveragePool1D,
    GlobalAveragePool2D,
    Layer,
    MaxPool1D,
    MaxPool2D,
    Recurrent,
    Skip,
    SpatialDropout,
    Tied,
)
from fastmlp._data.arrays import MAX_BYTES
from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_int,
    error_prefix,
    resolve,
    type_error,
    value_error,
)
from fastmlp._fit.status import warn

if TYPE_CHECKING:
    from fastmlp.network import Network

# Pickles of 0.1.0 name the first three here.
__all__ = [
    "GRU",
    "LSTM",
    "AveragePool1D",
    "AveragePool2D",
    "Bidirectional",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "GaussianNoise",
    "GlobalAveragePool1D",
    "GlobalAveragePool2D",
    "Layer",
    "MaxPool1D",
    "MaxPool2D",
    "Recurrent",
    "Skip",
    "SpatialDropout",
    "Tied",
]

RECURRENT = (Recurrent, GRU, LSTM)
RESHAPING = (
    *(Conv1D, MaxPool1D, AveragePool1D, GlobalAveragePool1D),
    *(Conv2D, MaxPool2D, AveragePool2D, GlobalAveragePool2D),
    *RECURRENT,
)


# Fields of how a layer learns, which older files lack; texts and files leave out their defaults.
LEARNING_FIELDS: dict[str, Any] = {
    "trainable": True,
    "learning_rate_factor": 1.0,
    "bias_learning_rate_factor": None,
}

RecurrentLayer = TypeVar("RecurrentLayer", Recurrent, GRU, LSTM)


@error_prefix("Bidirectional")
def Bidirectional(layer: RecurrentLayer) -> RecurrentLayer:
    """Return a recurrent layer that goes through the sequence in both directions.

    Each direction has weights of its own, of which ``net.weights`` and ``net.biases`` show those of
    the forward one first. Outputs are those of both side by side, twice the units: with
    `sequences` of each step, else of the last step and, of the reversed direction, of the first
    (Schuster & Paliwal 1997).

    Parameters
    ----------
    layer : Recurrent, GRU or LSTM
        The layer; the result is ``layer.replace(bidirectional=True)``.

    Raises
    ------
    TypeError
        A layer of another kind.

    Examples
    --------
    >>> import fastmlp as fm
    >>> layers = [fm.Bidirectional(fm.GRU(8)), fm.Dense(1)]
    >>> net = fm.Network(layers, inputs=(20, 3), seed=0)
    >>> [W.shape for W in net.weights]
    [(11, 24), (11, 24), (16, 1)]
    """
    if not isinstance(layer, RECURRENT):
        raise type_error("layer", layer, "fm.Recurrent, fm.GRU or fm.LSTM")
    return layer.replace(bidirectional=True)


def parametric_layers(layers: Sequence[Any]) -> list[Any]:
    """Return the layers that have parameters, in the order of ``net.weights``."""
    return [layer for layer in layers if layer.has_parameters]


def own_activations(layers: Sequence[Any]) -> list[Any]:
    """Return the activations that are functions of the user, of each layer that has one."""
    activations = [getattr(layer, "activation", None) for layer in layers]
    return [phi for phi in activations if isinstance(phi, _core.Activation)]


def output_activation(layers: Sequence[Layer]) -> Any:
    """Return the activation of the last layer."""
    return getattr(layers[-1], "activation", _core.activations["identity"]())


def plan(
    layers: Any, inputs: Any, activation: Any, output: Any, init: Any
) -> tuple[tuple[int, ...], tuple[Layer, ...]]:
    """Return the shape of the inputs and the layers that a call of `Network` describes."""
    items, names = _items(layers), (activation, output, init)
    are_sizes = inputs is None and all(type(item) is int for item in items)
    if are_sizes and all(name is None or type(name) is str for name in names):
        return _plan_of_names(tuple(items), *names)
    return _plan(items, inputs, *names)


@lru_cache(maxsize=128)
def _plan_of_names(
    sizes: tuple[int, ...], activation: str | None, output: str | None, init: str
) -> tuple[tuple[int, ...], tuple[Layer, ...]]:
    """Return what many networks have in common: layers are values."""
    return _plan(list(sizes), None, activation, output, init)


def _plan(
    items: list[Any], inputs: Any, activation: Any, output: Any, init: Any
) -> tuple[tuple[int, ...], tuple[Layer, ...]]:
    read = _long_form if any(isinstance(item, Layer) for item in items) else _short_form
    shape, chain = read(items, inputs, activation, output)
    complete = _complete(chain, resolve("init", init))
    _check_size(math.prod(shape), complete)
    return shape, complete


def _complete(layers: Sequence[Any], init: Any) -> tuple[Layer, ...]:
    """Fill in the initialiser; references point at the layers as they are after that."""
    completed: dict[int, Layer] = {}
    for layer in layers:
        if id(layer) in completed:
            continue
        fields = layer.get_params(deep=False)
        new = {
            name: init if name == "init" and value is None else completed.get(id(value), value)
            for name, value in fields.items()
        }
        changed = any(new[name] is not fields[name] for name in fields)
        completed[id(layer)] = type(layer)(**new) if changed else layer
    return tuple(completed[id(layer)] for layer in layers)


def warn_of_zero_gradients(network: Network, loss: Any, caller: str) -> None:
    """Warn of layers whose activation is a hard sign, with derivative 0.

    Their index counts the layers that have parameters.
    """
    if not network._native.has_zero_derivative:
        return
    layers = network.layers
    skips = any(isinstance(layer, Skip) for layer in layers)
    effect = "it does not learn" if skips else "no layer up to it learns"
    output = layers[-1] if getattr(loss, "reads_preactivation", False) else None
    for index, layer in enumerate(parametric_layers(layers)):
        activation = getattr(layer, "activation", None)
        if layer is not output and getattr(activation, "has_zero_derivative", False):
            warn(
                f"{caller}: layer {index} has activation={activation!r}, whose "
                f"derivative is 0, so that {effect}; use fm.Sign(straight_through=True)"
            )


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
) -> tuple[tuple[int, ...], list[Layer]]:
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise type_error(f"layers[{index}]", layer, "a layer such as fm.Dense")
    if not layers[-1].can_be_output:
        expected = "a last layer other than dropout and noise, such as Dense"
        raise value_error(f"layers[{len(layers) - 1}]", layers[-1], expected)
    for name, value in (("activation", activation), ("output", output)):
        if value is not None:
            expected = "None, because every fm.Dense has an activation"
            raise value_error(name, value, expected)
    return _input_shape(inputs), layers


def _input_shape(inputs: Any) -> tuple[int, ...]:
    """Return a number or a shape as a tuple."""
    if not isinstance(inputs, (tuple, list)):
        return (check_int(inputs, "inputs", min=1),)
    if not 1 <= len(inputs) <= 3:
        expected = "a number, (length, channels), (time, features) or (height, width, channels)"
        raise value_error("inputs", inputs, expected)
    shape = tuple(check_int(size, f"inputs[{i}]", min=1) for i, size in enumerate(inputs))
    if math.prod(shape) > MAX_BYTES // 8:
        raise value_error("inputs", inputs, f"at most {MAX_BYTES // 8} features")
    return shape


def _short_form(
    sizes: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[tuple[int, ...], list[Layer]]:
    if inputs is not None:
        expected = "None, as the first of the sizes is the number of inputs"
        raise value_error("inputs", inputs, expected)
    widths = tuple(check_int(size, f"layers[{i}]", min=1) for i, size in enumerate(sizes))
    if len(widths) == 1:
        expected = "the number of inputs and at least one layer"
        raise value_error("layers", sizes, expected)
    hidden = resolve("activation", "relu" if activation is None else activation)
    last = _output(output)
    return widths[:1], [*(Dense(width, hidden) for width in widths[1:-1]), Dense(widths[-1], last)]


def _output(output: Any) -> Any:
    """Return the output activation; the argument in messages is `output`."""
    try:
        return resolve("activation", "identity" if output is None else output)
    except InvalidArgument as error:
        message = str(error).replace("activation=", "output=", 1)
        raise type(error)(message) from None


def _check_size(n_inputs: int, layers: Sequence[Layer]) -> None:
    """Raise if there are too many parameters to address, in Python's unbounded integers.

    From a layer on that slides a window or goes through time, the core counts them.
    """
    n_parameters, width = 0, n_inputs
    shapes: dict[int, tuple[int, int]] = {}  # (inputs, outputs) of the layers with weights
    for layer in layers:
        if isinstance(layer, Dense):
            shapes[id(layer)] = width, layer.units
            n_parameters += layer.units * width
        elif isinstance(layer, Tied) and id(layer.layer) in shapes:
            shape = shapes[id(layer.layer)]
            shapes[id(layer)] = shape[::-1] if layer.transposed else shape
        elif isinstance(layer, RESHAPING):
            break
        else:
            continue
        width = shapes[id(layer)][1]
        n_parameters += width * layer.bias
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
