"""`linearly_separable`: whether a hyperplane parts the classes, by linear programming."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.extras import require
from fastmlp._data.validation import InvalidValue, check_bool, error_prefix

Floats = NDArray[np.float64]
INFEASIBLE = 2  # status of scipy.optimize.linprog


@error_prefix("linearly_separable")
def linearly_separable(X: ArrayLike, y: ArrayLike, *, bias: bool = True) -> bool:
    """Return whether a hyperplane strictly separates the classes; needs SciPy.

    A perceptron converges exactly in this case. The linear program ``y_i (w·x_i + b) >= 1`` has a
    solution w, b or none; a solution is checked on all samples.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_inputs)
        Samples.
    y : array_like of shape (n_samples,) or (n_samples, n_outputs)
        Labels of any kind. With more than two classes, each must be separable from the rest, as in
        a layer with one sign output per class. With several columns of two values each, all columns
        must be separable.
    bias : bool, default True
        If False, the hyperplane passes through the origin.

    Returns
    -------
    bool
        True if the classes are separable. Cost: a linear program with n_samples rows and
        n_inputs + 1 columns, one per class if there are more than two.

    Raises
    ------
    ImportError
        SciPy is not installed.
    ValueError, TypeError
        The arrays do not match, or are not finite.
    RuntimeError
        The solver found neither a solution nor that there is none.

    Examples
    --------
    >>> import fastmlp as fm
    >>> corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> fm.linearly_separable(corners, [0, 0, 0, 1])  # AND
    True
    >>> fm.linearly_separable(corners, [0, 1, 1, 0])  # XOR
    False
    """
    points = np.array(arrays.read(X, "X"), np.float64)
    if points.ndim != 2 or 0 in points.shape:
        raise InvalidValue(f"X has shape {points.shape}, expected (n_samples, n_inputs), none 0")
    arrays.check_finite(points, "X")
    labels = np.asarray(y)
    if labels.ndim not in (1, 2) or len(labels) != len(points):
        expected = f"({len(points)},) or ({len(points)}, n_outputs)"
        raise InvalidValue(f"y has shape {labels.shape}, expected {expected}")
    if labels.dtype.kind == "f":
        arrays.check_finite(labels, "y")
    scale = np.abs(points).max(0)
    scaled = points / np.where(scale > 0, scale, 1.0)
    columns = (
        np.column_stack([scaled, np.ones(len(points))]) if check_bool(bias, "bias") else scaled
    )
    linprog = require("scipy.optimize", "linearly_separable", "scipy").linprog
    return all(_separates(linprog, columns * sign[:, np.newaxis]) for sign in _signs(labels))


def _signs(labels: NDArray[Any]) -> list[Floats]:
    """Return ±1 for each pair of sides that must be parted."""
    signs: list[Floats] = []
    for column in labels.reshape(len(labels), -1).T:
        classes = np.unique(column)
        if labels.ndim == 2 and len(classes) > 2:
            raise InvalidValue(f"a column of y has {len(classes)} values, expected two")
        sides = classes[1:] if len(classes) <= 2 else classes
        signs += [np.where(column == side, 1.0, -1.0) for side in sides]
    return signs


def _separates(linprog: Any, rows: Floats) -> bool:
    """Return whether some v has ``rows @ v > 0``."""
    found = linprog(
        np.zeros(rows.shape[1]), A_ub=-rows, b_ub=-np.ones(len(rows)), bounds=(None, None)
    )
    if found.status == INFEASIBLE:
        return False
    if found.x is not None and bool((rows @ found.x > 0).all()):
        return True
    raise RuntimeError(f"linearly_separable: the solver found no verdict: {found.message}")
