"""`check_gradient`: a gradient against differences of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.validation import InvalidValue, error_prefix, type_error, value_error

# Steps by eps, at which rounding and the truncated series are of one size.
POWERS = {"central": 1 / 3, "forward": 1 / 2}


class GradientCheck(NamedTuple):
    """Result of `check_gradient`.

    Attributes
    ----------
    error : float
        The largest difference of both, divided by the largest entry of either.
    gradient : ndarray
        What the function returned.
    differences : ndarray of the same shape
        The derivatives by differences of values.

    Examples
    --------
    >>> import fastmlp as fm
    >>> check = fm.check_gradient(lambda x: (x @ x, 2 * x), [1.0, 2.0])
    >>> check.gradient, check.differences.round(6)
    (array([2., 4.]), array([2., 4.]))
    """

    error: float
    gradient: NDArray[np.float64]
    differences: NDArray[np.float64]


@error_prefix("check_gradient")
def check_gradient(
    fun: Callable[..., tuple[ArrayLike, ArrayLike]],
    x: ArrayLike,
    *args: Any,
    difference: Literal["central", "forward"] = "central",
) -> GradientCheck:
    """Compare a gradient with finite differences, entry by entry, in float64.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> (value, gradient)``, with the gradient in the shape of x. Several values,
        as a custom loss returns them, are summed.
    x : array_like
        The point: w of a function for `minimize`, or outputs ``(n, n_out)`` of a loss.
    *args
        Further arguments of `fun`, such as the targets of a loss.
    difference : {"central", "forward"}, default "central"
        ``(f(x + h) - f(x - h)) / 2h`` with h = eps^(1/3) max(1, |x|) has an error of about 1e-10,
        ``(f(x + h) - f(x)) / h`` with h = eps^(1/2) max(1, |x|) one of about 1e-8.

    Returns
    -------
    GradientCheck
        `error` is about 1e-9 if the gradient is correct and x is not at a kink. Cost: two calls of
        `fun` per entry of x, or one for "forward".

    Raises
    ------
    ValueError, TypeError
        The gradient has another shape than x, or results are not real numbers.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> def cosh_loss(outputs, y):
    ...     e = outputs - y
    ...     return np.log(np.cosh(e)).sum(axis=1), np.tanh(e)
    >>> fm.check_gradient(cosh_loss, [[0.5], [2.0]], np.ones((2, 1))).error < 1e-8
    True
    """
    if not callable(fun):
        raise type_error("fun", fun, "a function that returns (value, gradient)")
    if not isinstance(difference, str) or difference not in POWERS:
        raise value_error("difference", difference, "'central' or 'forward'")
    point = np.array(arrays.read(x, "x"), np.float64)
    eps = np.finfo(np.float64).eps

    def value_at(inputs: NDArray[np.float64]) -> float:
        return float(np.sum(_pair(fun(inputs, *args))[0]))

    gradient = np.array(_pair(fun(point.copy(), *args))[1], np.float64)
    if gradient.shape != point.shape:
        raise InvalidValue(f"gradient has shape {gradient.shape}, expected {point.shape}, as x has")
    differences = np.empty_like(point)
    here = value_at(point.copy()) if difference == "forward" else 0.0
    for i in np.ndindex(point.shape):
        step = float(eps) ** POWERS[difference] * max(1.0, abs(float(point[i])))
        above, below = point.copy(), point.copy()
        above[i] += step
        if difference == "central":
            below[i] -= step
            here = value_at(below.copy())
        differences[i] = (value_at(above.copy()) - here) / (above[i] - below[i])
    scale = max(np.abs(gradient).max(initial=0), np.abs(differences).max(initial=0))
    difference_of_both = np.abs(gradient - differences).max(initial=0)
    error = float(difference_of_both / scale) if scale else 0.0
    return GradientCheck(error, gradient, differences)


def _pair(returned: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise type_error("result of fun", returned, "a tuple (value, gradient)")
    return arrays.read(returned[0], "value of fun"), arrays.read(returned[1], "gradient of fun")
