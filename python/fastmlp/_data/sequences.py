"""Sequences: the layers that act on each step by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmlp._data import arrays
from fastmlp._data.validation import InvalidValue
from fastmlp.layers import GRU, LSTM, RESHAPING, Conv1D, Recurrent

if TYPE_CHECKING:
    from fastmlp.network import Network

RECURRENT = (Recurrent, GRU, LSTM)


def recurrent_layers(network: Network) -> list[Any]:
    """Return the recurrent layers, in order."""
    return [layer for layer in network.layers if isinstance(layer, RECURRENT)]


def steps_of(network: Network) -> Any:
    """Return the native network of one step, made at the first call.

    Raises if a layer that is not recurrent reads several steps at once.
    """
    if network._steps is not None:
        return network._steps
    if not recurrent_layers(network):
        raise InvalidValue("no layer is recurrent, expected fm.Recurrent, fm.GRU or fm.LSTM")
    for index, layer in enumerate(network.layers):
        if isinstance(layer, RESHAPING) and not isinstance(layer, RECURRENT):
            _check_pointwise(index, layer)
    native = arrays.native(network.dtype)
    steps = native.Steps(network._native, (1, network.input_shape[-1]), network.layers)
    for index, layer in enumerate(network.layers):
        if steps.layer_size(index) != network._native.layer_size(index):
            _refuse(index, layer)
    network._steps = steps
    return steps


def _check_pointwise(index: int, layer: Any) -> None:
    """Raise unless the layer is a convolution of each step by itself."""
    pointwise = (
        isinstance(layer, Conv1D)
        and (layer.kernel, layer.stride) == (1, 1)
        and layer.padding in ("valid", "same", 0)
    )
    if not pointwise:
        _refuse(index, layer)


def _refuse(index: int, layer: Any) -> None:
    raise InvalidValue(
        f"layers[{index}]={type(layer).__name__} reads several steps at once, expected layers of "
        "one step: recurrent ones, fm.Conv1D(units, 1), and any others after the last step"
    )
