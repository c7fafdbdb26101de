"""`minimize`: the optimizers on any function, to watch them on a bowl, a cliff or a saddle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmlp import _core, arrays, checks
from fastmlp.arrays import DType, FloatArray
from fastmlp.status import ADVICE


@dataclass(frozen=True, eq=False)
class Result:
    """How a minimization ended.

    Attributes
    ----------
    w : ndarray of shape (dim,)
        The last point.
    value : float
        The value of the function there.
    status : str
        ``"max_steps"``, ``"max_seconds"`` or ``"not_finite"``.
    n_steps : int
        Number of accepted iterations.
    n_evaluations : int
        Number of calls of the function.
    path : ndarray of shape (n_steps + 1, dim) or None
        The start and the point after each step, where it was asked for.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.minimize(lambda w: (w @ w, 2 * w), [1.0], fm.SGD(0.5), steps=1).advice
    'all steps or epochs were made; go on with more of them if the value still falls'
    """

    w: FloatArray
    value: float
    status: str
    n_steps: int
    n_evaluations: int
    path: FloatArray | None = None

    @property
    def advice(self) -> str:
        """What the status means and what may be done."""
        return ADVICE[self.status]


def minimize(
    fun: Callable[[FloatArray], tuple[Any, Any]],
    w0: Any,
    optimizer: Any = "adam",
    *,
    steps: int = 100,
    max_seconds: float | None = None,
    record_path: bool = False,
) -> Result:
    """Minimize a function of a vector by its gradient.

    Parameters
    ----------
    fun : callable
        ``fun(w) -> (value, gradient)`` with w and gradient of shape ``(dim,)``; it may keep and
        change the w it gets.
    w0 : array_like of shape (dim,)
        Where to start; it is not changed. float32 is computed in float32, all else in float64.
    optimizer : str or optimizer, default "adam"
        A name, or a value such as ``fm.SGD(0.1, momentum=0.9)``.
    steps : int, default 100
        Number of iterations at most.
    max_seconds : float, optional
        Stop after this time.
    record_path : bool, default False
        Whether the result has the whole path.

    Returns
    -------
    Result
        The last point, its value and how the run ended. Cost: one call of `fun` per step and one
        at the end.

    Raises
    ------
    ValueError, TypeError
        An argument, or what `fun` returns, of a wrong shape or kind. What `fun` raises passes
        through.

    Examples
    --------
    >>> import fastmlp as fm
    >>> result = fm.minimize(lambda w: (w @ w, 2 * w), [3.0, -4.0], fm.SGD(0.25), steps=20)
    >>> result.w.round(3) + 0.0
    array([0., 0.])
    >>> result.status, result.n_steps
    ('max_steps', 20)
    """
    where = "minimize"
    if not callable(fun):
        checks.refuse_kind(where, "fun", fun, "a function of w")
    start = _start(w0, where)
    found = arrays.native(start.dtype).minimize(
        _checked(fun, start.size, start.dtype),
        start,
        _core.make("optimizer", optimizer, where),
        checks.integer(steps, "steps", where, least=0),
        checks.seconds(max_seconds, "max_seconds", where),
        checks.flag(record_path, "record_path", where),
    )
    return Result(*found)


def _start(w0: Any, where: str) -> FloatArray:
    array = arrays.read(w0, "w0", where)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{where}: w0 has shape {array.shape}, expected (dim,) with dim >= 1")
    is_single = array.dtype.kind == "f" and array.dtype.itemsize == np.dtype(np.float32).itemsize
    dtype = np.dtype(np.float32 if is_single else np.float64)
    start = arrays.convert(array, dtype, "w0", where)
    arrays.check_finite(start, "w0", where, hint="")
    return start


def _checked(
    fun: Callable[[FloatArray], tuple[Any, Any]], dim: int, dtype: DType
) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """Return `fun` with a float and a native gradient coming out."""

    def checked(w: FloatArray) -> tuple[float, FloatArray]:
        pair = fun(w)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"minimize: fun returned {type(pair).__name__}, expected (value, gradient)"
            )
        value = arrays.read(pair[0], "value of fun", "minimize")
        if value.size != 1:
            raise ValueError(f"minimize: value of fun has shape {value.shape}, expected ()")
        gradient = arrays.as_shape(pair[1], (dim,), dtype, "gradient of fun", "minimize")
        return float(value.item()), gradient

    return checked
