"""Steps and epochs for a loss written in Python: forward, loss, backward, update.

Sample weights, penalties, the order of the samples and the stopping rules are those of the native
epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import evaluate
from fastmlp._data.types import LossFunction
from fastmlp._fit.epoch_result import EpochMeans, EpochResult

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

PROGRESS_INTERVAL = 0.1  # seconds, as kProgressInterval of the core


def step(trainer: Trainer, batch: Dataset) -> float:
    """Make one update on a batch; return its loss with penalties, nan if the update is refused."""
    value, _, refused = _update(trainer, batch, None)
    return math.nan if refused else value


def _update(trainer: Trainer, batch: Dataset, divisor: float | None) -> tuple[float, float, bool]:
    """Make an update unless the loss is not finite: loss, penalties in it, whether refused.

    Without a divisor the batch is a data set of its own, as for `evaluate`.
    """
    native = trainer._native
    seen, weight = native.samples_seen, batch.total_weight()
    if weight == 0:
        if trainer.carry_state:
            native.forward(batch.X, batch.lengths)  # the state goes on
        native.samples_seen = seen + len(batch.X)
        return 0.0, 0.0, False
    try:
        loss = cast(LossFunction, trainer.loss)
        outputs = native.forward(batch.X, batch.lengths)
        value, by_output = evaluate(loss, outputs, batch, divisor)
        if not math.isfinite(value):
            return value, 0.0, False
        penalties = float(native.apply(native.backward(by_output), weight))
    except BaseException:
        native.samples_seen = seen  # a repeated step has the same random numbers
        raise
    refused = math.isnan(penalties)
    return (value, 0.0, True) if refused else (value + penalties, penalties, False)


def epoch(
    trainer: Trainer,
    data: Dataset,
    max_seconds: float | None,
    order: NDArray[np.int64] | None,
    more_in_first: int,
    report: Callable[[float], None] | None,
) -> EpochResult:
    """Make one pass over the samples; it counts if it made a step and its loss is finite."""
    native = trainer._native
    index, n_steps, failed = native.epoch_number, native.n_steps, False
    try:
        result = _pass(trainer, data, max_seconds, order, more_in_first, report)
        if result.status != "not_finite" and not native.is_finite():
            result = result._replace(loss=math.nan, status="not_finite")
        failed = not math.isfinite(result.loss)
        return result
    finally:
        if native.n_steps > n_steps and not failed:
            native.epoch_number = index + 1


def _pass(
    trainer: Trainer,
    data: Dataset,
    max_seconds: float | None,
    order: NDArray[np.int64] | None,
    more_in_first: int,
    report: Callable[[float], None] | None,
) -> EpochResult:
    native, means, n_steps = trainer._native, EpochMeans(), trainer.n_steps
    reported = time.perf_counter()
    deadline = math.inf if max_seconds is None else reported + max_seconds
    native.start_epoch()
    rows = native.order(len(data.X)) if order is None else order
    batch_size = trainer.batch_size or len(rows)
    mean_weight = data.total_weight(order) / len(rows)
    starts = range(more_in_first + batch_size, len(rows), batch_size)
    for start, end in pairwise([0, *starts, len(rows)]):
        now = time.perf_counter()
        if now >= deadline:
            return means.result(trainer.n_steps - n_steps, "max_seconds")
        if report is not None and now > reported + PROGRESS_INTERVAL:
            reported = now
            report(start / len(rows))
        batch = data.take(rows[start:end])
        n_samples, weight = len(batch.X), batch.total_weight()
        divisor = n_samples * mean_weight if trainer.weighting == "set" else weight
        value, penalty, refused = _update(trainer, batch, divisor)
        means.add(value, penalty, divisor, n_samples if weight > 0 else 0)
        if refused or not math.isfinite(value):
            return means.result(trainer.n_steps - n_steps, "not_finite")
    return means.result(trainer.n_steps - n_steps, "running")
