"""`minimize`: the optimizers on any function of a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.types import OptimizerLike
from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    check_bool,
    check_int,
    check_seconds,
    error_prefix,
    resolve,
    type_error,
)
from fastmlp._fit.status import ADVICE


@dataclass(frozen=True, eq=False)
class Result:
    """Result of a minimization.

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
        The start and the point after each step, if `record_path=True`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.minimize(lambda w: (w @ w, 2 * w), [1.0], fm.SGD(0.5), steps=1).advice
    'all steps or epochs were made; continue if the value still falls'
    """

    w: FloatArray
    value: float
    status: str
    n_steps: int
    n_evaluations: int
    path: FloatArray | None = None

    def __repr__(self) -> str:
        """Return the value and how it was reached; w and the path may be long."""
        return (
            f"Result(value={self.value:.6g}, status={self.status!r}, n_steps={self.n_steps}, "
            f"n_evaluations={self.n_evaluations}, w of shape {self.w.shape})"
        )

    @property
    def advice(self) -> str:
        """Meaning of the status, and what to do."""
        return ADVICE[self.status]


@error_prefix("minimize")
def minimize(
    fun: Callable[[FloatArray], tuple[ArrayLike, ArrayLike]],
    w0: ArrayLike,
    optimizer: OptimizerLike = "adam",
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
        change its argument w.
    w0 : array_like of shape (dim,)
        Initial point; it is not changed. float32 is computed in float32, other dtypes in float64.
    optimizer : str or optimizer, default "adam"
        A name, or a value such as ``fm.SGD(0.1, momentum=0.9)``.
    steps : int, default 100
        Number of iterations at most.
    max_seconds : float, optional
        Stop after this time.
    record_path : bool, default False
        If True, the result contains the whole path.

    Returns
    -------
    Result
        The last point, its value and the status of the run. Cost: one call of `fun` per step and
        one at the end.

    Raises
    ------
    ValueError, TypeError
        An argument, or a result of `fun`, of a wrong shape or type. Exceptions of `fun` pass
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
    if not callable(fun):
        raise type_error("fun", fun, "a function of w")
    start = _start(w0)
    found = arrays.native(start.dtype).minimize(
        _checked(fun, start.size, start.dtype),
        start,
        resolve("optimizer", optimizer),
        check_int(steps, "steps", min=0),
        check_seconds(max_seconds, "max_seconds"),
        check_bool(record_path, "record_path"),
    )
    return Result(*found)


def _start(w0: Any) -> FloatArray:
    array = arrays.read(w0, "w0")
    if array.ndim != 1 or array.size == 0:
        raise InvalidValue(f"w0 has shape {array.shape}, expected (dim,) with dim >= 1")
    start = arrays.as_float_array(array, "w0")
    arrays.check_finite(start, "w0", hint="")
    return start


def _checked(
    fun: Callable[[FloatArray], tuple[ArrayLike, ArrayLike]], dim: int, dtype: DType
) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """Return `fun` with its results checked and converted to a float and a native gradient."""

    def checked(w: FloatArray) -> tuple[float, FloatArray]:
        pair = fun(w)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InvalidType(f"fun returned {type(pair).__name__}, expected (value, gradient)")
        value = arrays.read(pair[0], "value of fun")
        if value.size != 1:
            raise InvalidValue(f"value of fun has shape {value.shape}, expected ()")
        gradient = arrays.as_shape(pair[1], (dim,), dtype, "gradient of fun")
        return float(value.item()), gradient

    return checked
