"""An epoch over batches that come one after the other, each read while the last one is used."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data import arrays
from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.validation import InvalidType, InvalidValue, argument_prefix
from fastmlp._fit.epoch_result import EpochMeans, EpochResult
from fastmlp._fit.one_step import update
from fastmlp._fit.validation_data import n_rows

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

BATCH = "(X, y), (X, y, sample_weight) or (X, y, sample_weight, lengths)"


def epoch(
    trainer: Trainer, batches: Iterable[Any], class_weight: Any, max_seconds: float | None
) -> EpochResult:
    """Make an update on each batch, which is a data set of its own."""
    native, means, n_steps = trainer._native, EpochMeans(), trainer.n_steps
    deadline = math.inf if max_seconds is None else time.perf_counter() + max_seconds
    status = "running"
    native.start_epoch()
    started = False
    for batch in _read(trainer, batches, class_weight):
        if time.perf_counter() >= deadline:
            status = "max_seconds"
            break
        if trainer.carry_state and not started:
            trainer.network._state = None
        started = True
        weight = batch.total_weight()
        penalty = float(native.penalties(weight)) if weight > 0 else 0.0
        value = update(trainer, batch)
        of_batch = (len(batch.X), native.mistakes) if weight > 0 else (0, 0)
        means.add(value, penalty, weight, *of_batch)
        if not math.isfinite(value):
            status = "not_finite"
            break
    if not started and status == "running":
        raise InvalidValue("X has no batches, expected at least one; an iterator serves once")
    return means.result(trainer.n_steps - n_steps, status)


def _read(trainer: Trainer, batches: Iterable[Any], class_weight: Any) -> Iterator[Dataset]:
    """Read the batches, the next one in a thread while the last one is used."""
    iterator, end = enumerate(iter(batches)), object()

    def read() -> Dataset | None:
        i, batch = next(iterator, (0, end))
        if batch is end:
            return None
        return argument_prefix(f"batch {i}: ")(_dataset)(trainer, batch, class_weight)

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(read)
        while (batch := coming.result()) is not None:
            coming = thread.submit(read)
            yield batch


def _dataset(trainer: Trainer, batch: Any, class_weight: Any) -> Dataset:
    if not isinstance(batch, (tuple, list)):
        raise InvalidType(f"it is of type {type(batch).__name__}, expected {BATCH}")
    if len(batch) not in (2, 3, 4):
        raise InvalidValue(f"it has {len(batch)} members, expected {BATCH}")
    X, y, weights, lengths = (*batch, None, None)[:4]
    given = (X, y, weights, class_weight, lengths, trainer.missing)
    # A batch without weight is passed over, as within an epoch.
    is_part = n_rows(X, "X") > 0
    data = read_training_data(trainer.network, trainer.loss, *given, is_part=is_part)
    trainer.network._remember_names(X)
    return _own(trainer, data)


def _own(trainer: Trainer, data: Dataset) -> Dataset:
    """Return samples in memory of their own, because iterators use theirs again."""
    X = data.X
    if isinstance(X, arrays.SPARSE):
        parts = map(np.array, X.arrays)
        X = arrays.native(trainer.network.dtype).SparseMatrix(*parts, X.shape[1])
    elif isinstance(X, np.ndarray):
        X = X.copy()
    weights = None if data.weights is None else data.weights.copy()
    return data._replace(X=X, targets=data.targets.copy(), weights=weights, leases=())
