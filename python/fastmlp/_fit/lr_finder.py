"""`find_learning_rate`: train with a rising rate; suggest the rate of the fastest fall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import read_training_data
from fastmlp._data.validation import check_int, check_positive, error_prefix, resolve, value_error
from fastmlp._fit.callbacks import check_rate_is_used
from fastmlp.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastmlp.network import Network

DIVERGED = 4.0  # a smoothed loss this many times the lowest one ends the search
SMOOTHING = 0.8


@dataclass(frozen=True, eq=False)
class LearningRateCurve:
    """The loss over the learning rate.

    Attributes
    ----------
    learning_rates, losses : ndarray of shape (n,)
        The rates tried, rising, and the smoothed loss at each.
    suggestion : float
        The rate at which the loss fell fastest.
    """

    learning_rates: FloatArray
    losses: FloatArray
    suggestion: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve and its suggestion on `ax` or a new figure; needs the extra ``plot``."""
        from fastmlp.plot import learning_rate_curve

        return learning_rate_curve(self, ax)


@error_prefix("find_learning_rate")
def find_learning_rate(
    network: Network,
    X: Any,
    y: Any,
    *,
    loss: Any = None,
    optimizer: Any = "adam",
    batch_size: int = 32,
    steps: int = 100,
    start: float = 1e-6,
    end: float = 1.0,
) -> LearningRateCurve:
    """Try learning rates on a copy of the network, rising from step to step (Smith 2017).

    Parameters
    ----------
    network : Network
        Where to start; it is not changed.
    X, y, loss, batch_size
        As in `Network.fit`.
    optimizer : str or optimizer, default "adam"
        Its learning rate is ignored.
    steps : int, default 100
        Updates, at least 10; the rate grows from `start` to `end` by a constant factor.
    start, end : float, default 1e-6 and 1.0
        The lowest and the highest rate.

    Returns
    -------
    LearningRateCurve
        Rates, smoothed losses and a suggestion; it ends early where the loss diverges.

    Raises
    ------
    ValueError, TypeError
        Anything that does not fit.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> curve = fm.find_learning_rate(fm.Network([1, 16, 1], seed=0), X, X**2)
    >>> 1e-6 < curve.suggestion < 1.0
    True
    """
    low, high = check_positive(start, "start"), check_positive(end, "end")
    if high <= low:
        raise value_error("end", end, f"more than start={low}")
    n_steps = check_int(steps, "steps", min=10)
    growth = math.log(high / low) / (n_steps - 1)
    trainer = Trainer(network.copy(), loss, _with_rate(optimizer, low), batch_size=batch_size)
    data = read_training_data(network, trainer.loss, X, y)
    rates: list[float] = []
    losses: list[float] = []
    for batch in _batches(trainer, len(data.X), n_steps):
        value = trainer._step(data.take(batch))
        smoothed = value if not losses else SMOOTHING * losses[-1] + (1 - SMOOTHING) * value
        if not math.isfinite(smoothed) or smoothed > DIVERGED * min([*losses, smoothed]):
            break
        rates.append(trainer.learning_rate)
        losses.append(smoothed)
        trainer.scale_learning_rate(math.exp(growth))
    return _curve(np.array(rates), np.array(losses), low)


def _with_rate(optimizer: Any, rate: float) -> Any:
    member = resolve("optimizer", optimizer)
    check_rate_is_used(member)
    return type(member)(**{**member.get_params(deep=False), "learning_rate": rate})


def _batches(trainer: Trainer, n_samples: int, n_steps: int) -> list[Any]:
    """Return the indices of `n_steps` batches, epoch after epoch."""
    batches: list[Any] = []
    while len(batches) < n_steps:
        order = trainer._native.batches(n_samples)
        size = trainer.batch_size
        batches += [order[begin : begin + size] for begin in range(0, n_samples, size)]
        trainer._native.epoch_number += 1
    return batches[:n_steps]


def _curve(rates: FloatArray, losses: FloatArray, low: float) -> LearningRateCurve:
    """Suggest the rate of the steepest fall of the loss over log(rate)."""
    if len(rates) < 3:
        return LearningRateCurve(rates, losses, low)
    slope = np.gradient(losses, np.log(rates))
    return LearningRateCurve(rates, losses, float(rates[np.argmin(slope)]))
