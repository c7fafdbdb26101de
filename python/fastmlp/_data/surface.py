"""The loss of a network on a plane through its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import check_weighted, read_dataset
from fastmlp._data.losses import evaluated_loss, is_custom_loss
from fastmlp._data.validation import value_error

if TYPE_CHECKING:
    from fastmlp.network import Network

Floats = NDArray[np.float64]


def loss_surface(
    network: Network, X: Any, y: Any, loss: Any, axes: FloatArray, steps: Floats
) -> Floats:
    """Return the mean loss at ``w + a u + b v`` for all a and b, in one native call.

    Parameters
    ----------
    network, X, y, loss
        As for `Network.loss`; a loss written in Python is refused.
    axes : ndarray of shape (2, n_parameters)
        u and v.
    steps : ndarray of shape (2, n)
        All a and all b.

    Returns
    -------
    ndarray of shape (n, n)
        Row by row for each a. The network is not changed.
    """
    chosen = evaluated_loss(loss, network)
    if is_custom_loss(chosen):
        raise value_error("loss", chosen, "a loss of this package, which the core computes")
    data = read_dataset(network, chosen, X, y)
    check_weighted(data)
    directions = np.ascontiguousarray(axes, network.dtype)
    found: Floats = network._native.loss_surface(data.X, data.targets, chosen, directions, steps)
    return found


def principal_plane(moves: Floats) -> tuple[Floats, float]:
    """Return the first two principal directions of moves as orthonormal rows, and their share.

    Moves ``(n, n_parameters)`` are differences from one point. The share is that of their squares
    which lies in the plane; random directions, which count for nothing in it, take the place of
    components that are missing.
    """
    filler = np.random.default_rng(0).normal(size=(2, moves.shape[1]))
    _, values, rows = np.linalg.svd(moves, full_matrices=False)
    values = values / max(values[0], 1e-300)  # whose squares do not overflow
    kept = rows[: int(np.sum(values[:2] > 1e-9))]
    axes = np.linalg.qr(np.concatenate([kept, filler]).T)[0].T[:2]
    total = float(np.sum(values**2))
    return np.ascontiguousarray(axes), float(np.sum(values[: len(kept)] ** 2)) / (total or 1.0)


def interval(values: Floats, span: float = 1.0) -> tuple[float, float]:
    """Return an interval around values, at least 2 `span` wide."""
    low, high = float(values.min()), float(values.max())
    margin = max(0.25 * (high - low), span - (high - low) / 2)
    return low - margin, high + margin
