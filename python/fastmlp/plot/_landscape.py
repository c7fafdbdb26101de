"""The loss of a network around its parameters: slices, and the spectrum of the Hessian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.surface import interval, principal_plane
from fastmlp._data.surface import loss_surface as surface_values
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import (
    InvalidValue,
    check_int,
    check_positive,
    check_seed,
    error_prefix,
)
from fastmlp.curvature import curvature_of
from fastmlp.network import Network
from fastmlp.plot._axes import COLORS, axes_of
from fastmlp.plot._contours import contour_levels, draw_contours, draw_paths
from fastmlp.plot._models import check_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

N_LEVELS = 30
MAX_FULL = 500  # parameters of which all eigenvalues are computed
N_ENDS = 20  # eigenvalues at each end for more parameters
N_DIMENSIONS = 200  # of the Krylov space, as in `Network.hessian_spectrum`
FLAT = 1e-3  # of the largest eigenvalue, below which the scale is linear
GAP = 3  # places between the smallest and the largest


@error_prefix("loss_surface")
def loss_surface(
    net: Network,
    X: InputLike,
    y: ArrayLike,
    *,
    directions: ArrayLike | None = None,
    span: float = 1.0,
    resolution: int = 51,
    seed: int = 0,
    path: ArrayLike | None = None,
    loss: LossLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss of a network on a plane through its parameters, as contours.

    Parameters
    ----------
    net : Network
        The network, which does not change; its parameters are the origin of the plane.
    X, y, loss
        As for `Network.loss`, but a loss written in Python raises an error.
    directions : array_like of shape (2, n_parameters), optional
        Two directions. By default the first two principal components of `path`, or without `path`
        two random directions, in which the weights of each unit or filter have the same norm as in
        the network, and biases do not change (filter normalisation; Li et al. 2018).
    span : float, default 1.0
        Minimum distance from the centre to each side, in multiples of the directions.
    resolution : int, default 51
        Number of points along each side.
    seed : int, default 0
        Seed of the random directions.
    path : array_like of shape (n, n_parameters), optional
        Parameters during training, projected onto the plane, which is enlarged to contain them.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, with a cross at the parameters of the network. Cost: ``resolution**2``
        forward passes, in one native call.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network; a loss that is finite nowhere.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> from fastmlp.plot import loss_surface
    >>> from matplotlib.figure import Figure
    >>> X = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> net, path = fm.Network([1, 8, 1], seed=0), []
    >>> for _ in range(5):
    ...     path.append(net.parameters.copy())
    ...     history = net.fit(X, X**2, epochs=10)
    >>> ax = loss_surface(net, X, X**2, path=path, ax=Figure().subplots())
    >>> ax.get_ylabel()
    'principal component 2'
    """
    check_network(net)
    here = net.parameters.astype(np.float64)
    half = check_positive(span, "span")
    n_steps = check_int(resolution, "resolution", min=2)
    moves = None if path is None else _rows(path, len(here), "path") - here
    if directions is not None:
        axes, name = _rows(directions, len(here), "directions", 2), "direction"
    elif moves is not None:
        axes, name = principal_plane(moves)[0], "principal component"
    else:
        axes, name = _random_directions(net, check_seed(seed)), "filter-normalised direction"
    if moves is None:
        track = np.zeros((1, 2))
    else:
        track = np.linalg.lstsq(axes.T, moves.T)[0].T.astype(np.float64)
    limits = [interval(np.append(values, 0.0), half) for values in track.T]
    steps = np.array([np.linspace(*ends, n_steps) for ends in limits])
    values = surface_values(net, X, y, loss, axes, steps).T
    heights = contour_levels(values, N_LEVELS)
    ax = axes_of(ax)
    draw_contours(ax, steps[0], steps[1], values, heights)
    draw_paths(ax, {} if moves is None else {"training": track})
    ax.plot(0, 0, marker="x", markersize=9, color="black")
    ax.set(xlabel=f"{name} 1", ylabel=f"{name} 2", xlim=limits[0], ylim=limits[1])
    return ax


def _rows(given: Any, width: int, name: str, n_rows: int | None = None) -> Floats:
    """Return an array of vectors of parameters as float64, as many as it must have."""
    array = arrays.read(given, name)
    if array.ndim != 2 or array.shape[1] != width or len(array) not in (n_rows or len(array) or 1,):
        raise InvalidValue(f"{name} has shape {array.shape}, expected ({n_rows or 'n'}, {width})")
    rows: Floats = array.astype(np.float64, order="C")
    arrays.check_finite(rows, name, hint="")
    return rows


def _random_directions(net: Network, seed: int) -> Floats:
    """Return two random directions, each filter with the norm of the network's."""
    rng, probe = np.random.default_rng(seed), net.copy()
    directions = []
    for _ in range(2):
        probe.parameters[:] = 0  # also the biases
        for drawn, weights in zip(probe.weights, net.weights, strict=True):
            inputs = tuple(range(weights.ndim - 1))  # the last axis is that of units or filters
            noise = rng.standard_normal(weights.shape)
            size, wanted = (
                np.sqrt(np.sum(np.square(W, dtype=float), inputs)) for W in (noise, weights)
            )
            drawn[:] = noise * (wanted / size)
        directions.append(probe.parameters.astype(np.float64))
    return np.array(directions)


@error_prefix("hessian_spectrum")
def hessian_spectrum(
    net: Network,
    X: InputLike,
    y: ArrayLike,
    *,
    k: int | None = None,
    loss: LossLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the eigenvalues of the Hessian of a network's mean loss, in rising order.

    Parameters
    ----------
    net : Network
        It is not changed.
    X, y, loss
        As for `Network.hessian`.
    k : int, optional
        Eigenvalues at each end, by `Network.hessian_spectrum`. By default all, or 20 at each end
        of networks with more than 500 parameters.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, whose vertical scale is linear up to about a thousandth of the largest
        eigenvalue, and logarithmic beyond. Cost: as many products with the Hessian as there are
        parameters, at most 500; or 200, or ``2 k`` where that is more.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or a custom loss.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import hessian_spectrum
    >>> from matplotlib.figure import Figure
    >>> net = fm.Network([2, 3, 1], activation="tanh", dtype="float64", seed=0)
    >>> ax = hessian_spectrum(net, [[0, 1], [1, 0]], [0, 1], ax=Figure().subplots())
    >>> sum(len(line.get_xdata()) for line in ax.lines if line.get_label()[0] != "_")
    13
    """
    check_network(net)
    n = net.n_parameters
    n_ends = None if k is None else check_int(k, "k", min=1, max=n)
    if n_ends is None and n > MAX_FULL:
        n_ends = N_ENDS
    curvature = curvature_of(net, X, y, loss, None, None)
    if n_ends is None or 2 * n_ends >= n:
        values, n_ends = np.linalg.eigvalsh(curvature._matrix().astype(float)), n
    else:
        values = np.concatenate(curvature._spectrum("hessian", n_ends, N_DIMENSIONS, 0))
    ax = axes_of(ax)
    _draw_spectrum(ax, values, n_ends, n)
    return ax


def _draw_spectrum(ax: Any, values: Floats, n_ends: int, n: int) -> None:
    """Draw eigenvalues: all n in rising order, or so many at each end with a gap between them."""
    place = np.arange(1, len(values) + 1)
    name = f"rank among {n} eigenvalues"
    if n_ends < n:
        place[n_ends:] += GAP
        ends = np.unique([0, n_ends - 1, n_ends, 2 * n_ends - 1])
        ax.set_xticks(place[ends], np.where(ends < n_ends, ends, ends + n - 2 * n_ends) + 1)
        name += f", the {n_ends} at each end"
    for label, color, marker, chosen in (
        ("positive", COLORS[0], "o", values > 0),
        ("zero", "0.5", "s", values == 0),
        ("negative", COLORS[1], "v", values < 0),
    ):
        if chosen.any():
            title = f"{label}: {chosen.sum()}"
            ax.plot(place[chosen], values[chosen], marker, color=color, markersize=4, label=title)
    largest = float(np.abs(values).max()) or 1.0
    threshold = 10.0 ** np.floor(np.log10(FLAT * largest))
    ax.axhline(0, color="0.6", linewidth=0.8)
    ax.set_yscale("symlog", linthresh=threshold)
    low, high = float(values.min()), float(values.max())
    ax.set_ylim(2 * low if low < 0 else -threshold, 2 * high if high > 0 else threshold)
    ax.set(xlabel=name, ylabel="eigenvalue of the Hessian")
    ax.legend()
