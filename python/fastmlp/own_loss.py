"""Steps and epochs for a loss written in Python: forward, loss, backward, update.

The native epoch does the same without leaving the core; sample weights, penalties, the order of
the samples and the stops follow the same rules here.
"""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

from fastmlp.data import Data
from fastmlp.losses import OwnLoss, evaluate


class EpochResult(NamedTuple):
    """What the core tells of an epoch: mean loss, updates made, and why it ended."""

    loss: float
    n_steps: int
    status: str


def step(native: Any, loss: OwnLoss, batch: Data, where: str) -> float:
    """Make one update on a batch; return its loss with penalties, without update if not finite."""
    if batch.total_weight() == 0:
        native.presented += len(batch.X)
        return 0.0
    outputs = native.forward(batch.X)
    value, by_output = evaluate(loss, outputs, batch.targets, batch.weights, where)
    if math.isfinite(value):
        value += native.apply(native.backward(by_output))  # it returns the penalties
    return value


def epoch(
    native: Any,
    loss: OwnLoss,
    data: Data,
    batch_size: int,
    max_seconds: float | None,
    where: str,
) -> EpochResult:
    """Make one pass over the samples, as `Trainer.epoch` of the core does."""
    deadline = math.inf if max_seconds is None else time.perf_counter() + max_seconds
    order = native.batches(len(data.X))
    total = weight = 0.0
    n_steps = 0
    for start in range(0, len(order), batch_size):
        native.presented = start  # noise follows from the place in the epoch
        if time.perf_counter() >= deadline:
            return EpochResult(_mean(total, weight), n_steps, "max_seconds")
        batch = data.take(order[start : start + batch_size])
        if batch.total_weight() == 0:
            continue
        value = step(native, loss, batch, where)
        if not math.isfinite(value):
            native.presented = start
            return EpochResult(value, n_steps, "not_finite")
        n_steps += 1
        total += value * batch.total_weight()
        weight += batch.total_weight()
    native.presented = 0
    return EpochResult(_mean(total, weight), n_steps, "running")


def _mean(total: float, weight: float) -> float:
    return total / weight if weight else 0.0
