"""Functions of a vector that callers write in Python, and their results, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.validation import InvalidType, InvalidValue


def as_start(w0: Any, name: str = "w0") -> FloatArray:
    """Return w0 as a vector of floats, without nan and inf."""
    array = arrays.read(w0, name)
    if array.ndim != 1 or array.size == 0:
        raise InvalidValue(f"{name} has shape {array.shape}, expected (dim,) with dim >= 1")
    start = arrays.as_float_array(array, name)
    arrays.check_finite(start, name, hint="")
    return start


def as_value(value: Any) -> float:
    """Return the value of a function as a float."""
    array = arrays.read(value, "value of fun")
    if array.size != 1:
        raise InvalidValue(f"value of fun has shape {array.shape}, expected ()")
    return float(array.item())


def checked_function(
    fun: Callable[[FloatArray], tuple[ArrayLike, ArrayLike]], dim: int, dtype: DType
) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """Return `fun` with its results checked and converted to a float and a native gradient."""

    def checked(w: FloatArray) -> tuple[float, FloatArray]:
        pair = fun(w)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InvalidType(f"fun returned {type(pair).__name__}, expected (value, gradient)")
        gradient = arrays.as_shape(pair[1], (dim,), dtype, "gradient of fun")
        return as_value(pair[0]), gradient

    return checked


def with_gradient(
    fun: Callable[[FloatArray], ArrayLike], jac: Any, dtype: DType
) -> Callable[[FloatArray], tuple[ArrayLike, ArrayLike]]:
    """Return a function of value and gradient: that of `jac`, or central differences for False.

    ``(f(w + h e) - f(w - h e)) / 2h`` for all unit vectors e, ``h = eps**(1/3) max(1, |w_i|)``.
    """

    def differences(w: FloatArray) -> FloatArray:
        steps = np.finfo(dtype).eps ** (1 / 3) * np.maximum(1, np.abs(w))
        gradient = np.empty_like(w)
        for i, step in enumerate(steps):
            above, below = w.copy(), w.copy()
            above[i] += step
            below[i] -= step
            width = float(above[i]) - float(below[i])
            gradient[i] = (as_value(fun(above)) - as_value(fun(below))) / width
        return gradient

    gradient = jac if callable(jac) else differences
    return lambda w: (as_value(fun(w.copy())), gradient(w))


def checked_hvp(
    hvp: Callable[[FloatArray, FloatArray], ArrayLike], dim: int, dtype: DType
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """Return `hvp` with its result checked and converted to a native vector."""

    def checked(w: FloatArray, v: FloatArray) -> FloatArray:
        return arrays.as_shape(hvp(w, v), (dim,), dtype, "product of hvp")

    return checked
