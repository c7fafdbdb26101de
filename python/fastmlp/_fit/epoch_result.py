"""`EpochResult`: the loss of an epoch and the parts of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class EpochResult(NamedTuple):
    """Means over the batches of an epoch, of their losses as they were before each update.

    Attributes
    ----------
    loss : float
        Batches weighed by their sums of weights, with penalties: what `Trainer.epoch` returns and
        `History` records. nan or inf where the epoch ended because it was not finite.
    data_loss, penalty : float
        The parts of `loss`: its mean without penalties, and that of the penalties.
    data_loss_by_count, penalty_by_count : float
        The same with batches weighed by their numbers of samples, as scikit-learn's `loss_curve_`.
        They differ where batches have weights and ``weighting="batch"``.
    n_steps, n_samples : int
        Updates made, and samples in the batches that had a weight.
    n_mistakes : int
        With a sign output and the perceptron's or the hinge loss: targets that moved the weights,
        being on the wrong side at their turn, or within the margin. 0 with others.
    status : str
        ``"running"`` after a whole pass, else why it ended, as in `History`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1])
    >>> net.parameters = [1, 0]
    >>> trainer = fm.Trainer(net, l2=0.5)
    >>> trainer.epoch([[1], [1]], [3, 3])
    2.25
    >>> trainer.last_epoch.data_loss, trainer.last_epoch.penalty
    (2.0, 0.25)
    """

    loss: float
    data_loss: float
    penalty: float
    data_loss_by_count: float
    penalty_by_count: float
    n_steps: int
    n_samples: int
    status: str
    n_mistakes: int = 0


def counted(native: Any, run: Callable[[], EpochResult]) -> EpochResult:
    """Return the result of an epoch in Python, with the state of the native trainer it used.

    It counts if it made a step and its loss is finite; that is nan where parameters are not.
    """
    index, n_steps, failed = native.epoch_number, native.n_steps, False
    try:
        result = run()
        if result.status != "not_finite" and not native.is_finite():
            result = result._replace(loss=math.nan, status="not_finite")
        failed = not math.isfinite(result.loss)
        return result
    finally:
        if native.n_steps > n_steps and not failed:
            native.epoch_number = index + 1


class EpochMeans:
    """What the batches of an epoch add up to."""

    def __init__(self) -> None:
        self._losses: list[tuple[float, float]] = []  # with penalties, and penalties
        self._divisors: list[float] = []
        self._counts: list[int] = []
        self._mistakes = 0

    def add(
        self, value: float, penalty: float, divisor: float, n_samples: int, mistakes: int = 0
    ) -> None:
        """Add a batch; one without weight has no samples."""
        self._mistakes += mistakes
        self._losses.append((value, penalty))
        self._divisors.append(divisor)
        self._counts.append(n_samples)

    def result(self, n_steps: int, status: str) -> EpochResult:
        """Return the means so far."""
        values = [value for value, _ in self._losses]
        data = [value - penalty for value, penalty in self._losses]
        penalties = [penalty for _, penalty in self._losses]
        return EpochResult(
            _mean(values, self._divisors),
            _mean(data, self._divisors),
            _mean(penalties, self._divisors),
            _mean(data, self._counts),
            _mean(penalties, self._counts),
            n_steps,
            sum(self._counts),
            status,
            self._mistakes,
        )


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / total if total else 0.0
