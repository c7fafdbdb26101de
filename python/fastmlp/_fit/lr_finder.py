"""`find_learning_rate`: train copies of a network at many rates; suggest the best of them."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.losses import mean_loss
from fastmlp._data.types import InputLike, LossLike, Missing, OptimizerLike
from fastmlp._data.validation import (
    InvalidValue,
    check_int,
    check_positive,
    error_prefix,
    resolve,
    value_error,
)
from fastmlp._fit import one_step
from fastmlp._fit.callbacks import check_rate_is_used
from fastmlp.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastmlp.network import Network

PER_DECADE = 2  # rates tried
SHORT = 10  # all rates are tried with this fraction of the steps, and with so many at least
KEPT = 4  # rates that are tried with all steps
TAIL = 4  # the loss of training is that of the last of so many parts of the steps
HELD_OUT = (
    5  # one sample in so many is not trained on, but where there are fewer than twice as many
)
MAX_HELD_OUT = 2000


@dataclass(frozen=True, eq=False)
class LearningRateCurve:
    """The loss over the learning rate.

    Attributes
    ----------
    learning_rates, losses : ndarray of shape (n,)
        The rates tried, in ascending order, and the loss that a short run reached with each; inf if
        it was not finite.
    suggestion : float
        The rate with which a longer run reached the lowest loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X = [[i / 50] for i in range(100)]
    >>> curve = fm.find_learning_rate(fm.Network([1, 1], seed=0), X, X, steps=50)
    >>> curve.suggestion in curve.learning_rates
    True
    """

    learning_rates: FloatArray
    losses: FloatArray
    suggestion: float

    def __repr__(self) -> str:
        """Return the suggestion, and the range that was tried."""
        rates = self.learning_rates
        tried = (
            f"{len(rates)} rates from {rates[0]:.2g} to {rates[-1]:.2g}" if len(rates) else "none"
        )
        return f"LearningRateCurve(suggestion={self.suggestion:.3g}, {tried})"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve and its suggestion on `ax` or a new figure; needs the extra ``plot``."""
        from fastmlp.plot._curves import learning_rate_curve

        return learning_rate_curve(self, ax)


@error_prefix("find_learning_rate")
def find_learning_rate(
    network: Network,
    X: InputLike,
    y: ArrayLike,
    *,
    loss: LossLike | None = None,
    optimizer: OptimizerLike = "adam",
    batch_size: int = 32,
    lengths: ArrayLike | None = None,
    missing: Missing | None = None,
    steps: int = 1000,
    start: float = 1e-6,
    end: float = 100.0,
) -> LearningRateCurve:
    """Train copies of the network with many learning rates, and suggest the best rate.

    Parameters
    ----------
    network : Network
        The network from which each copy starts; it does not change.
    X, y, loss, batch_size, lengths, missing
        As in `Network.fit`.
    optimizer : str or optimizer, default "adam"
        Its learning rate is ignored. Rprop and DeltaBarDelta raise an error, because they adapt
        their own step sizes.
    steps : int, default 1000
        Number of updates with each of the four best rates, at least 10; all rates are first tried
        with a tenth of it. Choose about as many as training will have, because high rates do well
        at first.
    start, end : float, default 1e-6 and 100.0
        The lowest and the highest rate; two per decade are tried.

    Returns
    -------
    LearningRateCurve
        All rates with their losses after a tenth of the steps, and the suggested rate, which has
        the lowest loss after all steps. A loss is the mean of two: the training loss over the last
        quarter of the steps, and the loss of held-out samples, a fifth of all, at most 2000.

    Raises
    ------
    ValueError, TypeError
        An argument is invalid, or no rate gives a finite loss.

    Notes
    -----
    Cost: 5.7 times `steps` updates by default.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> curve = fm.find_learning_rate(fm.Network([1, 16, 1], seed=0), X, X**2)
    >>> 1e-3 < curve.suggestion < 1.0
    True
    """
    low, high = check_positive(start, "start"), check_positive(end, "end")
    if high <= low:
        raise value_error("end", end, f"more than start={low}")
    n_steps = check_int(steps, "steps", min=10)
    optimizer = _with_rate(optimizer, low)
    trainer = Trainer(network.copy(), loss, optimizer, batch_size=batch_size, missing=missing)
    data = read_training_data(network, trainer.loss, X, y, lengths=lengths, missing=missing)
    batches, held_out = _split(trainer, data, n_steps)
    n_rates = 1 + math.ceil(PER_DECADE * math.log10(high / low))
    rates: FloatArray = np.geomspace(low, high, n_rates)

    def reached(some: FloatArray, n: int) -> FloatArray:
        losses = [_loss_reached(trainer, data, batches[:n], held_out, r) for r in some.tolist()]
        return np.array(losses)

    losses = reached(rates, max(SHORT, n_steps // SHORT))
    if not np.isfinite(losses).any():
        raise InvalidValue(
            f"the loss is finite at no rate from start={low} to end={high}, expected one that "
            f"trains; lower start, or check the loss"
        )
    best = rates[np.sort(np.argsort(losses)[:KEPT])]
    return LearningRateCurve(rates, losses, float(best[np.argmin(reached(best, n_steps))]))


def _with_rate(optimizer: Any, rate: float) -> Any:
    member = resolve("optimizer", optimizer)
    check_rate_is_used(member)
    return member.replace(learning_rate=rate)


def _split(trainer: Trainer, data: Dataset, n_steps: int) -> tuple[list[Any], Dataset]:
    """Return the indices of `n_steps` batches, epoch after epoch, and the samples held out."""
    n_samples = len(data.X)
    size = trainer.batch_size or n_samples
    order = copy.copy(trainer)._native
    rows = order.order(n_samples)
    n_held = min(n_samples // HELD_OUT, MAX_HELD_OUT) if n_samples >= 2 * HELD_OUT else 0
    trained = rows[n_held:]
    batches: list[Any] = []
    while len(batches) < n_steps:
        indices = trained[order.order(len(trained))]
        batches += [indices[begin : begin + size] for begin in range(0, len(indices), size)]
        order.epoch_number += 1
    return batches[:n_steps], data.take(rows[:n_held]) if n_held else data


def _loss_reached(
    start: Trainer, data: Dataset, batches: list[Any], held_out: Dataset, rate: float
) -> float:
    """Return the loss of a copy of a trainer trained on the batches.

    Both parts are needed: training shows the noise of high rates, new samples what is overfitted.
    """
    trainer = copy.copy(start)
    trainer.scale_learning_rate(rate / trainer.learning_rate)
    losses: list[float] = []
    for batch in batches:
        losses.append(one_step.step_on(trainer, data.take(batch)))
        if not math.isfinite(losses[-1]):
            return math.inf
    tail = losses[-max(1, len(losses) // TAIL) :]
    trained = math.fsum(tail) / len(tail)
    loss = 0.5 * (trained + mean_loss(trainer.network, trainer.loss, held_out))
    return loss if math.isfinite(loss) else math.inf
