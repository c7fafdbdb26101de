"""Steps and epochs for a loss written in Python: forward, loss, backward, update.

Sample weights, penalties, the order of the samples and the stopping rules are those of the native
epoch.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple, cast

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import evaluate
from fastmlp._data.types import LossFunction

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


class EpochResult(NamedTuple):
    """Mean loss of an epoch, number of updates, and the reason for its end, as the core returns."""

    loss: float
    n_steps: int
    status: str


def step(trainer: Trainer, batch: Dataset) -> float:
    """Make one update on a batch; return its loss with penalties, nan if the update is refused."""
    value, refused = _update(trainer, batch, None)
    return math.nan if refused else value


def _update(trainer: Trainer, batch: Dataset, divisor: float | None) -> tuple[float, bool]:
    """Make an update unless the loss is not finite; return it, and whether the core refuses.

    Without a divisor the batch is a data set of its own, as for `evaluate`.
    """
    native = trainer._native
    seen = native.samples_seen
    if batch.total_weight() == 0:
        native.samples_seen = seen + len(batch.X)
        return 0.0, False
    try:
        loss = cast(LossFunction, trainer.loss)
        outputs = native.forward(batch.X)
        value, by_output = evaluate(loss, outputs, batch.targets, batch.weights, divisor)
        if not math.isfinite(value):
            return value, False
        penalties = native.apply(native.backward(by_output))
    except BaseException:
        native.samples_seen = seen  # a repeated step has the same random numbers
        raise
    refused = math.isnan(penalties)
    return value if refused else value + penalties, refused


def epoch(trainer: Trainer, data: Dataset, max_seconds: float | None) -> EpochResult:
    """Make one pass over the samples; it counts if it made a step and its loss is finite."""
    native = trainer._native
    index, n_steps, failed = native.epoch_number, native.n_steps, False
    try:
        result = _pass(trainer, data, max_seconds)
        if result.status != "not_finite" and not native.is_finite():
            result = EpochResult(math.nan, result.n_steps, "not_finite")
        failed = not math.isfinite(result.loss)
        return result
    finally:
        if native.n_steps > n_steps and not failed:
            native.epoch_number = index + 1


def _pass(trainer: Trainer, data: Dataset, max_seconds: float | None) -> EpochResult:
    native, batch_size = trainer._native, trainer.batch_size or len(data.X)
    deadline = math.inf if max_seconds is None else time.perf_counter() + max_seconds
    order = native.batches(len(data.X))
    mean_weight = data.total_weight() / len(data.X)
    total = divisors = 0.0
    n_steps = 0
    for start in range(0, len(order), batch_size):
        if time.perf_counter() >= deadline:
            return EpochResult(_mean(total, divisors), n_steps, "max_seconds")
        batch = data.take(order[start : start + batch_size])
        by_set = trainer.weighting == "set"
        divisor = len(batch.X) * mean_weight if by_set else batch.total_weight()
        divisors += divisor
        value, refused = _update(trainer, batch, divisor)
        total += value * divisor
        if refused or not math.isfinite(value):
            return EpochResult(_mean(total, divisors), n_steps, "not_finite")
        n_steps += batch.total_weight() > 0
    return EpochResult(_mean(total, divisors), n_steps, "running")


def _mean(total: float, divisors: float) -> float:
    return total / divisors if divisors else 0.0
