"""Sequences: the layers that act on each step by itself, and lengths of a sample's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data import arrays
from fastmlp._data.validation import InvalidType, InvalidValue
from fastmlp.layers import RECURRENT, RESHAPING, Conv1D

if TYPE_CHECKING:
    from fastmlp.network import Network


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


def as_lengths(lengths: Any, network: Network, n_samples: int) -> NDArray[np.int64]:
    """Return a copy of the lengths ``(n,)``, that nobody else writes."""
    steps_of(network)
    given = np.atleast_1d(arrays.read(lengths, "lengths"))
    if given.shape != (n_samples,):
        raise InvalidValue(f"lengths has shape {given.shape}, expected ({n_samples},)")
    if given.dtype.kind not in "iu" and n_samples:  # NumPy reads an empty list as floats
        raise InvalidType(f"lengths has dtype {given.dtype}, expected integers")
    time = network.input_shape[0]
    outside = np.flatnonzero((given < 1) | (given > time))
    if len(outside):
        i = outside[0]
        raise InvalidValue(f"lengths[{i}]={given[i]}, expected 1 to {time}")
    return given.astype(np.int64)


def steps_before_end(lengths: NDArray[np.int64], time: int) -> NDArray[np.bool_]:
    """Return ``(n, time)``, True for the steps that a sequence has."""
    return np.arange(time) < lengths[:, np.newaxis]


def without_ended(y: Any, lengths: NDArray[np.int64], network: Network) -> Any:
    """Return a y of each step with ones, valid for all losses, after the ends."""
    if len(network.output_shape) == 1:
        return y
    array = arrays.read(y, "y")
    n_samples, time = len(lengths), network.input_shape[0]
    if n_samples == 0 or array.shape[:1] != (n_samples,) or array.size % (n_samples * time):
        return array  # empty, or of a shape that is refused
    counted = steps_before_end(lengths, time)
    by_steps = array.reshape(n_samples, time, -1)
    filled = np.where(counted[:, :, np.newaxis], by_steps, array.dtype.type(1))
    return filled.reshape(array.shape)


def rows_of_steps(
    targets: NDArray[Any], lengths: NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the targets ``(n, time, ...)`` of outputs of this shape, and which steps count.

    Of one output per step, those of a step are an axis too, as for networks of one output.
    """
    time, units = shape
    n_samples, *columns = targets.shape
    if len(columns) == 1 and columns[0] % time == 0 and (columns[0] > time or units == 1):
        targets = targets.reshape(n_samples, time, columns[0] // time)
    if targets.shape[1:2] != (time,):
        raise InvalidValue(
            f"y has shape {targets.shape}, expected ({n_samples}, {time}, ...), a target of each "
            "step, as lengths are given"
        )
    return targets, steps_before_end(lengths, time)


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
