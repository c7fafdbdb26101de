"""`minimize`: the optimizers on any function of a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.functions import as_start, checked_function, checked_hvp, with_gradient
from fastmlp._data.types import OptimizerLike
from fastmlp._data.validation import (
    InvalidValue,
    check_bool,
    check_int,
    check_non_negative,
    check_seconds,
    error_prefix,
    resolve,
    type_error,
)
from fastmlp._fit.observer import Observer
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
        ``"converged"``, ``"no_progress"``, ``"max_steps"``, ``"max_seconds"``, ``"stopped"``,
        ``"line_search_failed"`` or ``"not_finite"``; `advice` explains it.
    n_steps : int
        Number of accepted iterations.
    n_evaluations : int
        Number of points at which the function was evaluated, not counting finite differences for
        Hessian products.
    path : ndarray of shape (n_steps + 1, dim) or None
        The initial point and the point after each step, if `record_path=True`.

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
    fun: Callable[[FloatArray], Any],
    w0: ArrayLike,
    optimizer: OptimizerLike = "adam",
    *,
    jac: bool | Callable[[FloatArray], ArrayLike] = True,
    steps: int = 100,
    tol: float | None = None,
    hvp: Callable[[FloatArray, FloatArray], ArrayLike] | None = None,
    callback: Callable[[FloatArray], bool | None] | None = None,
    max_seconds: float | None = None,
    record_path: bool = False,
) -> Result:
    """Minimize a function of a vector, using its gradient.

    Parameters
    ----------
    fun : callable
        ``fun(w) -> (value, gradient)`` with w and gradient of shape ``(dim,)``. It may store and
        modify its argument.
    w0 : array_like of shape (dim,)
        Initial point; it is not modified. float32 is computed in float32, other dtypes in float64.
    optimizer : str or optimizer, default "adam"
        A name, or an object such as ``fm.SGD(0.1, momentum=0.9)``.
    jac : bool or callable, default True
        As in SciPy. True: `fun` returns value and gradient. A callable: `fun` returns only the
        value, and ``jac(w)`` the gradient. False: `fun` returns only the value, and the gradient is
        approximated by central differences.
    steps : int, default 100
        Maximum number of iterations.
    tol : float, optional
        Stop as ``"converged"`` when no component of the gradient is larger in magnitude. It is
        `gtol` of second-order methods; update rules make one more step.
    hvp : callable, optional
        ``hvp(w, v)`` returns the product of the Hessian at w with v, for methods that use it. By
        default the product is a difference of two gradients.
    callback : callable, optional
        ``callback(w)`` is called after each iteration with a copy of the point. If it returns True
        or raises StopIteration, the run ends as ``"stopped"`` after the current step.
    max_seconds : float, optional
        Time limit.
    record_path : bool, default False
        If True, the result contains the whole path.

    Returns
    -------
    Result
        The last point, its value and the status of the run. Cost: one call of `fun` per step and
        one at the end; for second-order methods `n_evaluations`, plus two per Hessian product
        without `hvp`. With ``jac=False`` each evaluation takes ``2 dim + 1`` calls.

    Raises
    ------
    ValueError, TypeError
        An argument or a result of `fun` has the wrong shape or type. Exceptions raised by `fun`
        propagate.

    Warns
    -----
    TrainingWarning
        The 100 default steps were made, but the gradient has hardly decreased.

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
    if hvp is not None and not callable(hvp):
        raise type_error("hvp", hvp, "a function of w and v, or None")
    if not callable(jac) and not check_bool(jac, "jac"):
        jac = False
    if callback is not None and not callable(callback):
        raise type_error("callback", callback, "a function of w, or None")
    start, method = as_start(w0), resolve("optimizer", optimizer)
    pair = fun if jac is True else with_gradient(fun, jac, start.dtype)
    limit = None if tol is None else check_non_negative(tol, "tol")
    if limit is not None and hasattr(method, "gtol"):
        method, limit = method.replace(gtol=limit), None
    observer = Observer(checked_function(pair, start.size, start.dtype), callback, limit)
    found = arrays.native(start.dtype).minimize(
        observer.function,
        start,
        method,
        check_int(steps, "steps", min=0),
        None if hvp is None else checked_hvp(hvp, start.size, start.dtype),
        check_seconds(max_seconds, "max_seconds"),
        check_bool(record_path, "record_path"),
        observer.observe if callback is not None or limit is not None else None,
    )
    result = Result(*found)
    if observer.stopped and result.status == "converged":
        result = replace(result, status="stopped")
    if (optimizer, steps, result.status) == ("adam", 100, "max_steps"):  # the defaults
        observer.warn_of_slowness(steps, method)
    return result


@error_prefix("least_squares")
def least_squares(
    residuals: Callable[[FloatArray], ArrayLike],
    w0: ArrayLike,
    jacobian: Callable[[FloatArray], ArrayLike] | None = None,
    *,
    optimizer: OptimizerLike = "levenberg_marquardt",
    steps: int = 100,
    max_seconds: float | None = None,
    record_path: bool = False,
) -> Result:
    """Minimize half the sum of squares of residuals by Levenberg and Marquardt's method.

    Parameters
    ----------
    residuals : callable
        ``residuals(w) -> (m,)`` with w of shape ``(dim,)``.
    w0 : array_like of shape (dim,)
        Initial point; it is not changed. float32 is computed in float32, other dtypes in float64.
    jacobian : callable, optional
        ``jacobian(w) -> (m, dim)``, derivatives of the residuals by w; without it forward
        differences, of dim further calls of `residuals`.
    optimizer : LevenbergMarquardt, default "levenberg_marquardt"
        A value such as ``fm.LevenbergMarquardt(gtol=1e-9)``.
    steps, max_seconds, record_path
        As for `minimize`.

    Returns
    -------
    Result
        The last point, ``1/2 sum r**2`` there, and the status. `n_evaluations` counts points at
        which residuals were wanted, with or without their derivatives.

    Raises
    ------
    ValueError, TypeError
        An argument, or a result of the functions, of a wrong shape or type. Exceptions of the
        functions pass through.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> t = np.linspace(0, 1, 20)
    >>> y = 3 * np.exp(-2 * t)
    >>> result = fm.least_squares(lambda w: w[0] * np.exp(w[1] * t) - y, [1.0, 0.0])
    >>> result.w.round(4), result.status
    (array([ 3., -2.]), 'converged')
    """
    if not callable(residuals):
        raise type_error("residuals", residuals, "a function of w")
    if jacobian is not None and not callable(jacobian):
        raise type_error("jacobian", jacobian, "a function of w, or None")
    method = resolve("optimizer", optimizer)
    if not getattr(method, "needs_residuals", False):
        raise type_error("optimizer", optimizer, "an fm.LevenbergMarquardt")
    start = as_start(w0)
    checked = _CheckedResiduals(residuals, jacobian, start.dtype)
    found = arrays.native(start.dtype).least_squares(
        checked.residuals,
        start,
        checked.jacobian,
        method,
        check_int(steps, "steps", min=0),
        check_seconds(max_seconds, "max_seconds"),
        check_bool(record_path, "record_path"),
    )
    return Result(*found)


class _CheckedResiduals:
    """Residuals and their Jacobian, checked and converted to native arrays."""

    def __init__(self, residuals: Any, jacobian: Any, dtype: DType) -> None:
        self._residuals, self._jacobian, self._dtype = residuals, jacobian, dtype
        self._length: int | None = None

    def residuals(self, w: FloatArray) -> FloatArray:
        """Return a copy, because the function may write its next residuals into the same array."""
        given = arrays.read(self._residuals(w), "residuals")
        if given.ndim != 1 or given.size == 0 or self._length not in (None, given.size):
            expected = "(m,)" if self._length is None else f"({self._length},), as before"
            raise InvalidValue(f"residuals returned shape {given.shape}, expected {expected}")
        self._length = given.size
        return arrays.convert(given, self._dtype, "residuals").copy()

    def jacobian(self, w: FloatArray) -> FloatArray:
        assert self._length is not None  # the core computes the residuals first
        if self._jacobian is None:
            return self._differences(w)
        shape = (self._length, w.size)
        return arrays.as_shape(self._jacobian(w), shape, self._dtype, "jacobian")

    def _differences(self, w: FloatArray) -> FloatArray:
        """Return (r(w + h e) - r(w)) / h for all unit vectors e, h = sqrt(eps) max(1, |w_i|)."""
        here = self.residuals(w.copy())
        steps = np.sqrt(np.finfo(self._dtype).eps) * np.maximum(1, np.abs(w))
        columns = []
        for i, step in enumerate(steps):
            beside = w.copy()
            beside[i] += step
            columns.append((self.residuals(beside.copy()) - here) / (beside[i] - w[i]))
        return np.ascontiguousarray(np.transpose(columns))
