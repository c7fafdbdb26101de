"""Losses: members of the core's family, or functions written in Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray, as_shape
from fastmlp._data.types import LossFunction
from fastmlp._data.validation import InvalidType, InvalidValue, resolve

if TYPE_CHECKING:
    from fastmlp._data.dataset import Dataset
    from fastmlp.network import Network

FAMILIES = (_core.losses, _core.activations, _core.initializers, _core.schedules)
NOT_CUSTOM = (type, *(member for family in FAMILIES for member in family.values()))


def resolve_loss(loss: Any, network: Network) -> Any:
    """Return a loss of the core or a custom function; None follows the output activation."""
    if loss is None:
        return _core.default_loss(network._output_activation)
    if is_custom_loss(loss):
        return loss
    resolved = resolve("loss", loss)
    n_outputs = network.output_shape[-1]  # of each step or position
    if n_outputs % resolved.outputs_per_target != 0:
        name = "n_outputs" if len(network.output_shape) == 1 else "output_shape[-1]"
        raise InvalidValue(
            f"loss={resolved.name!r} with {name}={n_outputs}, expected an even number: "
            f"as many means as log variances"
        )
    return resolved


def evaluated_loss(loss: Any, network: Network) -> Any:
    """Return the same for an evaluation; None is the loss of the last training, if there was one.

    A function in Python is kept by its name alone in copies, pickles and files.
    """
    if loss is not None or network._trained_loss is None:
        return resolve_loss(loss, network)
    if isinstance(network._trained_loss, str):
        raise InvalidValue(
            f"loss=None, expected it to be given: the network was trained with the function "
            f"{network._trained_loss}, which copies, pickles and files do not have"
        )
    return network._trained_loss


def is_custom_loss(loss: Any) -> bool:
    """Return True for a Python function, False for a member of the core's family."""
    return callable(loss) and not isinstance(loss, NOT_CUSTOM)


def mean_loss(network: Network, loss: Any, data: Dataset) -> float:
    """Return the weighted mean loss of the network in evaluation mode, without penalties."""
    if is_custom_loss(loss):
        outputs = network._native.predict(data.X, data.lengths)
        return evaluate(loss, outputs, data)[0]
    X, targets, weights = data.arrays
    return float(network._native.loss(X, targets, loss, weights, data.lengths))


def repeated_mean_loss(network: Network, loss: Any, data: Dataset) -> Callable[[], float]:
    """Return a function that returns `mean_loss` at the present parameters, for many calls."""
    if is_custom_loss(loss):
        return partial(mean_loss, network, loss, data)
    native, (X, targets, weights) = arrays.native(network.dtype), data.arrays
    given = (network._native, X, targets, weights, data.lengths, loss)
    value: Callable[[], float] = native.repeated_loss(*given)
    return value


def evaluate(
    loss: LossFunction, outputs: FloatArray, data: Dataset, divisor: float | None = None
) -> tuple[float, FloatArray]:
    """Return the mean of a custom loss over a batch, and its gradient by the outputs.

    ``L = sum_i w_i L_i / divisor`` with ``w_i = 1`` where there are no weights; the divisor is
    ``sum_i w_i`` unless given.
    """
    values, gradient = _call(loss, outputs, data.targets, data.counted)
    n_samples, weights = len(outputs), data.weights
    with np.errstate(all="ignore"):  # as the core, which has nan and inf as results
        if weights is None:
            return float(values.mean(dtype=np.float64)), gradient / n_samples
        total = weights.sum(dtype=np.float64) if divisor is None else np.float64(divisor)
        normalized = weights / total
        scaled = gradient * normalized[:, np.newaxis]
        return float(values @ normalized), scaled.astype(outputs.dtype, copy=False)


def _call(
    loss: LossFunction,
    outputs: FloatArray,
    targets: NDArray[Any],
    counted: NDArray[np.bool_] | None,
) -> tuple[FloatArray, FloatArray]:
    """Return the values ``(n,)`` of a loss, and the gradient in the shape of the outputs.

    Where steps ``(n, time)`` are counted, each of these is a row, and a value is the sum of them.
    """
    if counted is not None:
        by_steps = outputs.reshape(*counted.shape, -1)
        values, gradient = np.zeros(counted.shape, outputs.dtype), np.zeros_like(by_steps)
        of_rows = _call(loss, by_steps[counted], targets[counted], None)
        values[counted], gradient[counted] = of_rows
        return values.sum(axis=1), gradient.reshape(outputs.shape)
    result = loss(outputs, targets)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise InvalidType(f"the loss returned {type(result).__name__}, expected (values, gradient)")
    values = as_shape(result[0], outputs.shape[:1], outputs.dtype, "values of the loss")
    gradient = as_shape(result[1], outputs.shape, outputs.dtype, "gradient of the loss")
    return values, gradient
