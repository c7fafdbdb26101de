"""The rule of ``epochs=None``: train until the loss no longer falls, within a bound."""

from __future__ import annotations

import math

MAX_EPOCHS = 200
MAX_STEPS = 1000  # of methods that stop by themselves
PATIENCE = 10
TOLERANCE = 1e-4  # a fall by less than this, relative to the lowest loss, is no improvement


class Plateau:
    """A loss that has not improved for some epochs."""

    def __init__(self) -> None:
        self._lowest = self._needed = math.inf  # the lowest loss, and what would improve on it
        self._waiting = 0

    def reached(self, loss: float) -> bool:
        """Receive the loss of the next epoch; return whether to stop after it."""
        self._waiting += 1
        if loss < self._needed:
            self._waiting = 0
            self._lowest, self._needed = loss, loss - TOLERANCE * abs(loss)
        return self._waiting >= PATIENCE

    def advice(self) -> str:
        """Return what to do where the bound is met before the plateau."""
        return (
            f"the loss still fell in the last {PATIENCE} of {MAX_EPOCHS} epochs, the bound of "
            f"epochs=None, to {self._lowest:.4g}; train again to go on from here, give more "
            f"epochs=, or a larger learning_rate"
        )
