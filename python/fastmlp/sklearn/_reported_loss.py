"""The loss that scikit-learn reports, from sums over the batches of an epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._fit import sharding
from fastmlp._fit.ranks import Part, Ranks
from fastmlp.trainer import Trainer


class ReportedLoss:
    """Data loss and penalty in scikit-learn's units.

    The loss of a batch is its mean by weight, and batches count by their number of samples. A
    squared error is the mean over the outputs, while the gradient is that of the sum. The deviance
    of counts has ``y log y - y``, which depends on no parameter.
    """

    def __init__(self, trainer: Trainer, data: Dataset, part: Part | None) -> None:
        loss: Any = trainer.loss
        self._trainer, self._loss, self._batch_size = trainer, loss, trainer.batch_size
        key = "" if is_custom_loss(loss) else loss.name
        self._divisor = trainer.network.n_outputs if key == "squared_error" else 1
        constants: Any = _constants(data) if key == "poisson" else None
        self._constants, self._weights = constants, data.weights
        if part is not None and key == "poisson":
            self._constants = trainer._ranks.assembled(constants, part)
            ones = np.ones(len(data.X))
            self._weights = trainer._ranks.factors_of_all(data.weights, ones, part)

    def of(self, result: Any, order: Any) -> float:
        """Return the loss of an epoch, of which the core returned this result."""
        constant = 0.0 if self._constants is None else self._mean_by_count(order)
        return float(result.data_loss_by_count / self._divisor + constant + result.penalty_by_count)

    def on(self, data: Dataset) -> float:
        """Return the data loss of samples at the present parameters."""
        loss = sharding.repeated_loss(self._trainer, data)() / self._divisor
        return loss + mean_constant(self._loss, data, self._trainer._ranks)

    def _mean_by_count(self, order: Any) -> float:
        """Return the mean of the batches' constants, each a mean by weight; 0 without weight."""
        constants = self._constants[order]
        if self._weights is None:
            return float(constants.mean())
        weights = self._weights[order]
        starts = np.arange(0, len(order), self._batch_size or len(order))
        sums, totals = np.add.reduceat([weights * constants, weights], starts, axis=1)
        means = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
        return float(means @ np.diff(np.append(starts, len(order))) / len(order))


def mean_constant(loss: Any, data: Dataset, ranks: Ranks) -> float:
    """Return the part of the mean loss that depends on no parameter and that ours leaves out."""
    if is_custom_loss(loss) or loss.name != "poisson":
        return 0.0
    weight, mean = data.total_weight(), np.average(_constants(data), weights=data.weights)
    total, weights = ranks.sum([weight * mean, weight])
    return float(total / weights)


def _constants(data: Dataset) -> Any:
    """Return ``sum_j y_j log y_j - y_j`` for each sample, with 0 log 0 = 0."""
    y = data.targets
    positive = np.where(y > 0, y, 1)
    return (y * np.log(positive) - y).sum(axis=1)
