"""What happens inside a network of the playground: layers, the loss around it, its curvature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.surface import interval, loss_surface, principal_plane
from fastmlp._data.validation import InvalidValue
from fastmlp.playground._model import Model

Floats = NDArray[np.float64]

N_STEPS = 51
SURFACE_WORK = 4e6  # points times parameters of one evaluation
MAX_SURFACE, MAX_SPECTRUM = 20_000, 500  # parameters


def layers_of(model: Model) -> list[dict[str, Any]]:
    """Return `Network.diagnose` of the points trained on, for each layer.

    Returns
    -------
    list of dict
        ``gradient`` and ``weights``: 2-norms over the weights and biases. ``dead`` and
        ``saturated``: shares of units and of outputs. ``said``: what is wrong and what to do, or
        "".
    """
    X, y = model.training_data()
    return [
        {
            "gradient": layer.gradient_norm,
            "weights": layer.weight_norm,
            "dead": layer.dead,
            "saturated": layer.saturated,
            "said": layer.advice,
        }
        for layer in model.network.diagnose(X, y, model.state.loss_name).layers
    ]


def surface_of(model: Model, paths: Sequence[Sequence[Floats]]) -> dict[str, Any]:
    """Return the loss on a plane through the parameters, and paths of a training within it.

    The plane is spanned by the first two principal components of the paths' differences from here;
    where these have none, by random directions.

    Parameters
    ----------
    model : Model
    paths : sequence of sequences of ndarray
        Parameters of each training so far.

    Returns
    -------
    dict
        ``losses``: 51 rows of 51, over `x`, the range of the first axis, from row to row and `y`,
        that of the second, within a row; None where not finite. ``paths``: points (a, b) of each
        path. ``share``: of all differences from here, that which lies in the plane. ``points``: the
        number of points whose loss this is.

    Raises
    ------
    ValueError
        The network is too large.
    """
    network = model.network
    _check_size(model, MAX_SURFACE, "a loss surface")
    here = network.parameters.copy()
    moves = [np.array(path) - here for path in paths]
    axes, share = principal_plane(np.concatenate(moves))
    coordinates = [move @ axes.T for move in moves]
    ranges = [interval(axis) for axis in np.concatenate([*coordinates, np.zeros((1, 2))]).T]
    X, y = model.training_data()
    n = max(1, min(len(X), int(SURFACE_WORK / network.n_parameters)))
    steps = np.array([np.linspace(*some, N_STEPS) for some in ranges])
    found = loss_surface(network, X[:n], y[:n], model.state.loss_name, axes, steps)
    return {
        "losses": [[_finite(value) for value in row] for row in found],
        "x": ranges[0],
        "y": ranges[1],
        "paths": [np.round(some, 6).tolist() for some in coordinates],
        "share": share,
        "points": n,
    }


def _finite(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


def spectrum_of(model: Model) -> dict[str, Any]:
    """Return all eigenvalues of the Hessian of the training loss, ascending, and the gradient.

    They are None where the Hessian is not finite.

    Raises
    ------
    ValueError
        The network is too large.
    """
    _check_size(model, MAX_SPECTRUM, "the spectrum of a Hessian")
    X, y = model.training_data()
    loss = model.state.loss_name
    hessian = model.network.hessian(X, y, loss=loss)
    values = np.full(len(hessian), np.nan)
    if np.isfinite(hessian).all():
        values[:] = np.linalg.eigvalsh(hessian)
    _, gradient = model.network.value_and_grad(X, y, loss=loss)
    told = [_finite(value) for value in values]
    return {"values": told, "gradient": float(np.linalg.norm(gradient))}


def _check_size(model: Model, most: int, what: str) -> None:
    count = model.network.n_parameters
    if count > most:
        raise InvalidValue(f"{what} needs a network of at most {most} parameters, not {count}")
