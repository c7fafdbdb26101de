"""`line_search`: the searches of the second-order methods, along one direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._core import LineSearch
from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.functions import as_start, checked_function
from fastmlp._data.validation import check_positive, error_prefix, resolve, type_error


class LineSearchResult(NamedTuple):
    """Result of `line_search`.

    Attributes
    ----------
    step : float
        The length t; 0 where there is none, and the rest is that of the start.
    w : ndarray of shape (dim,)
        The point ``w + t d``.
    value : float
        The value there.
    gradient : ndarray of shape (dim,)
        The gradient there.
    status : str
        ``"found"``, ``"decrease"`` (the value fell, but the slope is not small enough within the
        evaluations allowed), ``"failed"`` or ``"not_descent"`` (the slope along d is not negative).
    n_evaluations : int
        Calls of the function, that at the start included.

    Examples
    --------
    >>> import fastmlp as fm
    >>> result = fm.line_search(lambda w: (w @ w, 2 * w), [1.0], [-2.0])
    >>> result.status, result.value < 1.0
    ('found', True)
    """

    step: float
    w: FloatArray
    value: float
    gradient: FloatArray
    status: str
    n_evaluations: int


@error_prefix("line_search")
def line_search(
    fun: Callable[[FloatArray], tuple[ArrayLike, ArrayLike]],
    w: ArrayLike,
    direction: ArrayLike,
    method: LineSearch | Literal["strong_wolfe", "backtracking"] = "strong_wolfe",
    *,
    first_step: float = 1.0,
) -> LineSearchResult:
    """Search along a direction for a step that decreases a function enough.

    Parameters
    ----------
    fun : callable
        ``fun(w) -> (value, gradient)`` with w and gradient of shape ``(dim,)``.
    w : array_like of shape (dim,)
        The start; it is not changed.
    direction : array_like of shape (dim,)
        The direction d.
    method : str or line search, default "strong_wolfe"
        A name, or a value such as ``fm.Backtracking(factor=0.8)``.
    first_step : float, default 1.0
        The first length to try.

    Returns
    -------
    LineSearchResult
        Cost: one call of `fun` at the start and one for each length that is tried. With the status
        ``"decrease"`` one more may return to the best of them.

    Raises
    ------
    ValueError, TypeError
        An argument, or a result of `fun`, of a wrong shape or type.

    Examples
    --------
    >>> import fastmlp as fm
    >>> found = fm.line_search(lambda w: (w @ w, 2 * w), [3.0], [-1.0], first_step=2)
    >>> found.step, found.value, found.status, found.n_evaluations
    (2.0, 1.0, 'found', 2)
    """
    if not callable(fun):
        raise type_error("fun", fun, "a function of w")
    start = as_start(w, "w")
    d = arrays.as_shape(direction, start.shape, start.dtype, "direction")
    arrays.check_finite(d, "direction", hint="")
    found = arrays.native(start.dtype).line_search(
        checked_function(fun, start.size, start.dtype),
        start,
        np.ascontiguousarray(d),
        resolve("line_search", method),
        check_positive(first_step, "first_step"),
    )
    return LineSearchResult(*found)
