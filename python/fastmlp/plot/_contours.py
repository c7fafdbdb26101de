"""Contours of a function of two parameters, with the paths of optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.functions import as_value
from fastmlp._data.validation import (
    InvalidValue,
    check_int,
    error_prefix,
    type_error,
    value_error,
)
from fastmlp.plot._axes import SEQUENTIAL, as_limits, axes_of, marker_style, matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastmlp.minimization import Result

Floats = NDArray[np.float64]

RESOLUTION = 101  # points along each axis
MARGIN = 0.15  # around the paths, of their extent
LOWEST = 0.005  # share of the picture within the lowest contour
LABELLED = 6  # one contour in so many has its value written on it
MOST_MARKERS = 100  # longer paths are lines without a marker at each step


@error_prefix("contours")
def contours(
    fun: Callable[[NDArray[Any]], Any],
    paths: Mapping[str, Result | ArrayLike] | None = None,
    *,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    levels: int | Sequence[float] = 30,
    ax: Axes | None = None,
) -> Axes:
    """Draw the contours of a function of two parameters, and the paths of optimizers.

    Parameters
    ----------
    fun : callable
        As for `fastmlp.minimize`, ``fun(w) -> (value, gradient)``, or ``fun(w) -> value``, with w
        of shape ``(2,)``.
    paths : mapping of str to Result or array_like of shape (steps + 1, 2), optional
        Labels, with results of ``fm.minimize(..., record_path=True)`` or arrays of points.
    xlim, ylim : tuple of float, optional
        The range of w[0] and of w[1]; by default that of the paths with a margin.
    levels : int or sequence of float, default 30
        Values of the contours, ascending, or their number. By default their distances to the lowest
        value in the plot are spaced logarithmically, from the level below which 0.5 % of the
        plotted area lies.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on. Paths start at a circle and end at a star; steps have markers if there
        are at most 100. Cost: 10,201 calls of `fun`.

    Raises
    ------
    ValueError, TypeError
        Neither paths nor limits are given, a path has another shape, or a result has no path; `fun`
        returns something else, is nowhere finite or is constant. Exceptions of `fun` propagate.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import contours
    >>> from matplotlib.figure import Figure
    >>> bowl = lambda w: (w[0] ** 2 + 9 * w[1] ** 2, [2 * w[0], 18 * w[1]])
    >>> descent = fm.minimize(bowl, [2.0, 1.0], fm.SGD(0.05), steps=20, record_path=True)
    >>> ax = contours(bowl, {"gradient descent": descent}, ax=Figure().subplots())
    >>> ax.get_xlabel()
    'w[0]'
    """
    if not callable(fun):
        raise type_error("fun", fun, "a function of w")
    points = {str(label): path_of(path, f"paths[{label!r}]") for label, path in _items(paths)}
    limits = [
        _limits(points.values(), axis, given) if given is None else as_limits(given, name)
        for axis, (given, name) in enumerate(((xlim, "xlim"), (ylim, "ylim")))
    ]
    x, y = (np.linspace(*ends, RESOLUTION) for ends in limits)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        values = np.array([[_value(fun, np.array([a, b])) for a in x] for b in y])
    heights = contour_levels(values, levels)
    ax = axes_of(ax)
    draw_contours(ax, x, y, values, heights)
    draw_paths(ax, points)
    ax.set(xlabel="w[0]", ylabel="w[1]", xlim=limits[0], ylim=limits[1])
    return ax


def _items(paths: Any) -> Any:
    if paths is None:
        return ()
    if not isinstance(paths, Mapping):
        raise type_error("paths", paths, "a mapping of labels to results or points")
    return paths.items()


def path_of(path: Any, name: str) -> Floats:
    """Return the points of a result or array, ``(n, 2)``."""
    points = getattr(path, "path", path)
    if points is None:
        raise InvalidValue(
            f"{name}={path!r} has no path, expected one; use minimize(..., record_path=True)"
        )
    array = arrays.read(points, name)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0:
        raise InvalidValue(f"{name} has shape {array.shape}, expected (steps + 1, 2)")
    return array.astype(np.float64)


def _limits(paths: Any, axis: int, given: None) -> tuple[float, float]:
    """Return the range of the finite points of all paths with a margin."""
    name = ("xlim", "ylim")[axis]
    if not paths:
        raise value_error(name, given, "(low, high), because there are no paths")
    every = np.concatenate(list(paths))
    finite = every[np.isfinite(every).all(1)]
    if len(finite) == 0:
        raise value_error(name, given, "(low, high), because no point of a path is finite")
    low, high = finite.min(0), finite.max(0)
    extent = (high - low)[axis] or (high - low).max() or 1.0
    return float(low[axis] - MARGIN * extent), float(high[axis] + MARGIN * extent)


def _value(fun: Any, w: Floats) -> float:
    found = fun(w)
    is_pair = isinstance(found, (tuple, list)) and len(found) == 2
    return as_value(found[0] if is_pair else found)


def contour_levels(values: Floats, levels: Any) -> Floats:
    """Return the heights of the contours of finite values, rising."""
    if np.ndim(levels) > 0:
        heights = arrays.read(levels, "levels").astype(np.float64)
        if heights.ndim != 1 or heights.size == 0 or not (np.diff(heights) > 0).all():
            raise value_error("levels", levels, "a number, or a rising sequence of values")
        return heights
    n_levels = check_int(levels, "levels", min=1)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise InvalidValue("fun is finite nowhere in the picture, expected finite values")
    above = finite - finite.min()
    if not above.max() > 0:
        raise InvalidValue(f"fun is {finite[0]:g} in the whole picture, expected different values")
    lowest = max(np.quantile(above, LOWEST), above[above > 0].min())
    # The highest contour lies below the maximum, where it would be a point.
    return np.asarray(finite.min() + np.geomspace(lowest, above.max(), n_levels + 1)[:-1])


def draw_contours(ax: Any, x: Floats, y: Floats, values: Floats, heights: Floats) -> None:
    """Draw the contours of values ``(len(y), len(x))`` and write some of the heights on them."""
    shades = matplotlib("pyplot").get_cmap(SEQUENTIAL)(np.linspace(0, 0.9, len(heights)))
    drawn = ax.contour(
        x, y, np.ma.masked_invalid(values), levels=heights, colors=shades, linewidths=0.8
    )
    labelled = heights[len(heights) // 4 :: LABELLED]  # at the minimum there is no room
    ax.clabel(drawn, labelled, fmt=lambda height: f"{float(f'{height:.2g}'):g}", fontsize=7)


def draw_paths(ax: Any, paths: Mapping[str, Floats]) -> None:
    """Draw paths from a circle to a star, and a legend where there are any."""
    for index, (label, points) in enumerate(paths.items()):
        style = marker_style(index)
        if len(points) > MOST_MARKERS:
            style["marker"] = ""
        ax.plot(*points.T, markersize=3.5, linewidth=1.3, label=label, **style)
    for index, points in enumerate(paths.values()):
        last = {"color": marker_style(index)["color"], "markeredgecolor": "black"}
        ax.plot(*points[0], marker="o", markersize=8, color="white", markeredgecolor="black")
        ax.plot(*points[-1], marker="*", markersize=11, zorder=3, **last)
    if paths:
        ax.legend()
