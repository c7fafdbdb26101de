"""Which loss is meant, and losses written in Python beside those of the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp.arrays import FloatArray, as_shape
from fastmlp.layers import Layer, dense_layers, output_activation

FAMILIES = (_core.losses, _core.activations, _core.initializers, _core.schedules)
NOT_OWN = (type, *(member for family in FAMILIES for member in family.values()))

OwnLoss: TypeAlias = Callable[[FloatArray, NDArray[Any]], tuple[Any, Any]]


def resolve_loss(loss: Any, layers: Sequence[Layer], where: str) -> Any:
    """Return a loss of the core, or the user's own function; None follows the output activation."""
    if loss is None:
        return _core.default_loss(output_activation(layers))
    if is_own(loss):
        return loss
    chosen = _core.make("loss", loss, where)
    _check_outputs(chosen, dense_layers(layers)[-1].units, where)
    return chosen


def is_own(loss: Any) -> bool:
    """Tell whether `loss` is a function of the user's instead of a member of the core's family."""
    return callable(loss) and not isinstance(loss, NOT_OWN)


def evaluate(
    loss: OwnLoss,
    outputs: FloatArray,
    targets: NDArray[Any],
    weights: FloatArray | None,
    where: str,
) -> tuple[float, FloatArray]:
    """Return the mean loss of a batch and its gradient by the outputs, weighted and averaged.

    ``L = sum_i w_i L_i / sum_i w_i`` with ``w_i = 1`` where `weights` is None.
    """
    values, gradient = _call(loss, outputs, targets, where)
    n_samples = len(outputs)
    if weights is None:
        return float(values.mean(dtype=np.float64)), gradient / n_samples
    share = weights / weights.sum(dtype=np.float64)
    scaled = gradient * share[:, np.newaxis]
    return float(values @ share), scaled.astype(outputs.dtype, copy=False)


def _call(
    loss: OwnLoss, outputs: FloatArray, targets: NDArray[Any], where: str
) -> tuple[FloatArray, FloatArray]:
    result = loss(outputs, targets)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise TypeError(
            f"{where}: the loss returned {type(result).__name__}, expected (values, gradient)"
        )
    values = as_shape(result[0], outputs.shape[:1], outputs.dtype, "values of the loss", where)
    gradient = as_shape(result[1], outputs.shape, outputs.dtype, "gradient of the loss", where)
    return values, gradient


def _check_outputs(loss: Any, n_outputs: int, where: str) -> None:
    """Refuse a loss that wants a mean and a variance per target where the outputs are odd."""
    if getattr(loss, "name", "") == "gaussian_nll" and n_outputs % 2 == 1:
        raise ValueError(
            f"{where}: loss='gaussian_nll' with n_outputs={n_outputs}, expected an even number: "
            f"as many means as log variances"
        )
