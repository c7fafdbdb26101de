"""The learning rate of a `fastmlp.Trainer`: read, set and scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmlp._data.validation import check_positive, error_prefix, value_error
from fastmlp._fit.callbacks import check_rate_is_used

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


def rate(self: Trainer) -> float:
    """Return the learning rate of the next step; assigning scales a schedule to it, to rounding.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1]), optimizer=fm.SGD(0.5))
    >>> trainer.learning_rate = 0.25
    >>> trainer.learning_rate
    0.25
    """
    return float(self._native.learning_rate)


@error_prefix("Trainer")
def set_rate(self: Trainer, value: float) -> None:
    """Scale the rates of all later steps, so that the next one is `value`."""
    given = check_positive(value, "learning_rate")
    check_rate_is_used(self.optimizer)
    if (now := rate(self)) == 0:
        raise value_error("learning_rate", value, "none to be set while the schedule is at 0")
    self._native.scale_learning_rate(given / now)


@error_prefix("Trainer.scale_learning_rate")
def scale_learning_rate(self: Trainer, factor: float) -> None:
    """Multiply the learning rate of all later steps by `factor`, with any schedule.

    Rprop and DeltaBarDelta, which read the learning rate only once, are refused.
    """
    check_rate_is_used(self.optimizer)
    self._native.scale_learning_rate(check_positive(factor, "factor"))
