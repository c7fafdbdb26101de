"""A warning of targets that a fresh network is far from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.sequences import steps_before_end
from fastmlp._fit.status import warn

if TYPE_CHECKING:
    from fastmlp.network import Network

FAR = 10.0  # a mean or a standard deviation above this, measured with the default training
NEAR = 1e-2  # a standard deviation below this, which the first outputs drown


def warn_of_scale(network: Network, loss: Any, data: Dataset, caller: str) -> None:
    """Warn of regression targets far from 0 ± 1, before the first training of a network."""
    if network.epochs_trained > 0 or data.targets.dtype == np.int64 or not _is_regression(loss):
        return
    targets = data.targets
    if data.lengths is not None and len(network.output_shape) > 1:  # of all steps together
        counted = steps_before_end(data.lengths, network.output_shape[0])
        targets = targets.reshape(*counted.shape, -1)[counted]
    elif data.weights is not None and data.weights.ndim == 1:
        targets = targets[data.weights > 0]
    if data.terms is not None:  # of which 0 stands where a target, nan, is missing
        targets = np.ma.masked_invalid(targets)
    if not len(targets) or _is_near(targets):
        return
    with np.errstate(all="ignore"):
        mean = np.abs(targets.mean(0, dtype=np.float64))
        deviation = targets.std(0, dtype=np.float64)
    far = (mean > FAR) | (deviation > FAR)
    near = (deviation > 0) & (deviation < NEAR)
    if near.any() and not _are_inputs(data):
        far |= near
    if not far.any():
        return
    column = int(np.argmax(far))
    warn(
        f"{caller}: y has mean {targets[:, column].mean(dtype=np.float64):.3g} and standard "
        f"deviation {deviation[column]:.3g}, but outputs start near 0 ± 1, so training takes long; "
        f"scale it, y = (y - y.mean(0)) / y.std(0), and predictions back"
    )


def _is_near(targets: NDArray[Any]) -> bool:
    """Return whether the extremes alone, which take less time, tell that no target is far.

    The variance of n numbers is at least (max - min)² / 2n.
    """
    low, high = targets.min(0), targets.max(0)
    if max(high.max(), -low.min()) > FAR:
        return False
    least = float((high - low).min())
    return least * least >= 2 * len(targets) * NEAR**2


def _are_inputs(data: Dataset) -> bool:
    """Return whether the targets are those of an autoencoder, of which some may hardly vary."""
    return isinstance(data.X, np.ndarray) and np.array_equal(data.X, data.targets)


def _is_regression(loss: Any) -> bool:
    """Return whether targets may be any number."""
    return (
        not is_custom_loss(loss)
        and not loss.labels_pm1
        and not np.isfinite(loss.target_range).any()
    )
