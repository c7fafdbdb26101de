"""What `minimize` sees of a run: gradients, iterates, and whether it gets anywhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastmlp._data.arrays import FloatArray
from fastmlp._data.validation import type_error
from fastmlp._fit.status import warn

SLOW = 0.1  # of the first gradient: the default Adam moves each component by at most 0.1


class Observer:
    """What is seen of a run: gradients at their points, and iterates."""

    def __init__(self, function: Any, callback: Any, tol: float | None) -> None:
        self._function, self._callback, self._tol = function, callback, tol
        self._first: float | None = None  # the largest component of the gradient, at the start
        self._last = math.nan
        self._begun = self.stopped = False

    def function(self, w: FloatArray) -> tuple[float, FloatArray]:
        """Return value and gradient."""
        value, gradient = self._function(w)
        self._last = float(np.abs(gradient).max())
        if self._first is None:
            self._first = self._last
        return value, gradient

    def observe(self, w: FloatArray) -> bool:
        """Receive the start or an iterate, whose gradient is the last; return whether to stop."""
        converged = self._tol is not None and self._last <= self._tol
        begun, self._begun = self._begun, True
        if self._callback is None or not begun:
            return converged
        try:
            answer = self._callback(w)
        except StopIteration:
            answer = True
        if answer is not None and not isinstance(answer, (bool, np.bool_)):
            raise type_error("the answer of callback", answer, "True to stop, False or None")
        self.stopped |= bool(answer) and not converged
        return converged or self.stopped

    def warn_of_slowness(self, steps: int, method: Any) -> None:
        """Warn where the gradient is hardly smaller than at the start."""
        if self._first is not None and self._last > SLOW * self._first:
            warn(
                f"minimize: after {steps} steps of optimizer={method.name!r} with learning_rate="
                f"{method.learning_rate:g} the gradient is {self._last:.3g}, at the start it was "
                f"{self._first:.3g}; try optimizer='lbfgs', a larger learning_rate or more steps"
            )
