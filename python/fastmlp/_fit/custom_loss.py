"""Steps and epochs for a loss written in Python: forward, loss, backward, update.

Sample weights, penalties, the order of the samples and the stopping rules are those of the native
epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import evaluate
from fastmlp._data.types import LossFunction
from fastmlp._fit.epoch_result import EpochMeans, EpochResult
from fastmlp._fit.ranks import Part

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

PROGRESS_INTERVAL = 0.1  # seconds, as kProgressInterval of the core


def step(trainer: Trainer, batch: Dataset) -> float:
    """Make one update on a batch; return its loss with penalties, nan if the update is refused."""
    part = trainer._part
    whole = _Whole(len(batch.X), None) if part is None else _Whole(part.n, part.indices)
    value, _, refused = _update(trainer, batch, None, whole)
    return math.nan if refused else value


class _Whole(NamedTuple):
    """The batch of which these samples are: all, or those at these positions."""

    n: int
    offsets: NDArray[np.int64] | None


def _update(
    trainer: Trainer, batch: Dataset, divisor: float | None, whole: _Whole
) -> tuple[float, float, bool]:
    """Make an update unless the loss is not finite: loss, penalties in it, whether refused.

    Without a divisor the batch is a data set of its own, as for `evaluate`.
    """
    native = trainer._native
    seen, weight = native.samples_seen, _total(trainer, batch)
    if weight == 0:
        if trainer.carry_state:
            native.forward(batch.X, batch.lengths)  # the state goes on
        native.samples_seen = seen + whole.n
        return 0.0, 0.0, False
    try:
        if whole.offsets is None:
            value, flat = _gradient(trainer, batch, divisor)
        else:
            value, flat = _summed(trainer, batch, divisor or weight, whole.offsets)
            native.samples_seen = seen + whole.n
        if not math.isfinite(value):
            return value, 0.0, False
        penalties = float(native.apply(flat, weight))
    except BaseException:
        native.samples_seen = seen  # a repeated step has the same random numbers
        raise
    refused = math.isnan(penalties)
    return (value, 0.0, True) if refused else (value + penalties, penalties, False)


def gradient(trainer: Trainer, batch: Dataset) -> tuple[float, float, FloatArray]:
    """Return loss, weight and gradient of a batch in training mode."""
    native, weight = trainer._native, batch.total_weight()
    if weight == 0:
        native.forward(batch.X, batch.lengths)
        return 0.0, 0.0, np.zeros_like(trainer.network.parameters)
    value, flat = _gradient(trainer, batch, None)
    return value, weight, flat


def _gradient(
    trainer: Trainer, batch: Dataset, divisor: float | None, offsets: Any = None
) -> tuple[float, FloatArray]:
    """Return the loss and its gradient, which are nan where the loss is not finite."""
    native, loss = trainer._native, cast(LossFunction, trainer.loss)
    outputs = native.forward(batch.X, batch.lengths, offsets)
    value, by_output = evaluate(loss, outputs, batch, divisor)
    if not math.isfinite(value):
        return value, np.full_like(trainer.network.parameters, math.nan)
    return value, native.backward(by_output)


def _summed(
    trainer: Trainer, batch: Dataset, divisor: float, offsets: NDArray[np.int64]
) -> tuple[float, FloatArray]:
    """Return the loss of a batch of all ranks, and its gradient."""
    value, flat = 0.0, np.zeros_like(trainer.network.parameters)
    if len(batch.X):
        if batch.weights is None:
            batch = batch._replace(weights=np.ones(len(batch.X), flat.dtype))
        value, flat = _gradient(trainer, batch, divisor, offsets)
    trainer._ranks.comm.sum(flat)
    return float(trainer._ranks.sum(value)), flat


def _total(trainer: Trainer, batch: Dataset, indices: Any = None) -> float:
    """Return the sum of weights over all ranks."""
    weight = batch.total_weight(indices)
    return weight if trainer._part is None else float(trainer._ranks.sum(weight))


def epoch(
    trainer: Trainer,
    data: Dataset,
    max_seconds: float | None,
    order: NDArray[np.int64] | None,
    more_in_first: int,
    report: Callable[[float], None] | None,
) -> EpochResult:
    """Make one pass over the samples."""
    native, means, n_steps = trainer._native, EpochMeans(), trainer.n_steps
    reported = time.perf_counter()
    deadline = math.inf if max_seconds is None else reported + max_seconds
    native.start_epoch()
    part = trainer._part
    rows = native.order(len(data.X) if part is None else part.n) if order is None else order
    batch_size = trainer.batch_size or len(rows)
    here, _ = _local(part, rows)
    mean_weight = _total(trainer, data, None if order is None else here) / len(rows)
    starts = range(more_in_first + batch_size, len(rows), batch_size)
    for start, end in pairwise([0, *starts, len(rows)]):
        now = time.perf_counter()
        if max_seconds is not None and trainer._ranks.any(now >= deadline):
            return means.result(trainer.n_steps - n_steps, "max_seconds")
        if report is not None and now > reported + PROGRESS_INTERVAL:
            reported = now
            report(start / len(rows))
        here, offsets = _local(part, rows[start:end])
        batch, n_samples = data.take(here), end - start
        weight = _total(trainer, batch)
        divisor = n_samples * mean_weight if trainer.weighting == "set" else weight
        value, penalty, refused = _update(trainer, batch, divisor, _Whole(n_samples, offsets))
        means.add(value, penalty, divisor, n_samples if weight > 0 else 0)
        if refused or not math.isfinite(value):
            return means.result(trainer.n_steps - n_steps, "not_finite")
    return means.result(trainer.n_steps - n_steps, "running")


def _local(
    part: Part | None, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the rows of a batch that are here, and of a part their positions in it."""
    if part is None:
        return rows, None
    places = np.searchsorted(part.indices, rows)
    places[places == len(part.indices)] = 0
    here = part.indices[places] == rows if len(part.indices) else np.zeros(len(rows), bool)
    offsets = np.flatnonzero(here)
    return places[offsets], offsets
