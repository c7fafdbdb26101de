"""The method of `fastmlp.Trainer` for one pass over the samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from fastmlp._data import arrays, types
from fastmlp._data.dataset import Dataset, read_order, read_training_data
from fastmlp._data.threads import limited
from fastmlp._data.validation import (
    InvalidType,
    check_bool,
    check_seconds,
    error_prefix,
    value_error,
)
from fastmlp._fit import carrying, failure, leftover, sharding
from fastmlp._fit.epochs import run_batches, run_epochs
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.ranks import digest

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

LOCK_ERRORS = LockErrors("Trainer.epoch")


@error_prefix("Trainer.epoch")
def epoch(
    self: Trainer,
    X: types.InputLike | Iterable[tuple[Any, ...]],
    y: ArrayLike | None = None,
    *,
    order: ArrayLike | None = None,
    carry: bool = False,
    sample_weight: ArrayLike | None = None,
    class_weight: types.ClassWeight | None = None,
    lengths: ArrayLike | None = None,
    max_seconds: float | None = None,
) -> float:
    """Make one shuffled pass over the samples; return the mean loss, including penalties.

    The pass ends early if a loss or an update is not finite. `last_epoch` has the parts of the
    loss.

    Parameters
    ----------
    X, y, sample_weight, class_weight, lengths, max_seconds
        As for `Network.fit`. Without y, X is an iterable of batches ``(X, y)``, ``(X, y,
        sample_weight)`` or ``(X, y, sample_weight, lengths)``, such as a generator that reads
        files. Each gives one update, as by `step`, and while it is made, a thread gets the next
        one from the iterator.
    order : array_like of int, shape (n,), optional
        Indices of the samples in the order of the pass, with or without repetitions and omissions.
        Results equal those of ``epoch(X[order], y[order])`` without shuffling, but X is not copied.
        The last batch contains the remaining samples. Default: a new random order, or ascending
        for ``shuffle=False``.
    carry : bool, default False
        If True, samples that do not fill the last batch are not used now, but join the first batch
        of the next call with ``carry=True`` on the same X, as in TensorFlow Playground. A call
        without it discards them.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1], init="zeros"), optimizer=fm.SGD(0.5))
    >>> trainer.epoch([[1], [1]], [2, 2]), trainer.n_steps
    (2.0, 1)
    >>> trainer.epoch([[1], [2], [3]], [2, 2, 2], order=[0, 0])
    0.0
    >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0), batch_size=2)
    >>> for _ in range(2):
    ...     _ = trainer.epoch([[1], [2], [3]], [2, 2, 2], carry=True)
    >>> trainer.last_epoch.n_samples  # the one that was left, and two
    3
    >>> batches = (([[i], [i + 1]], [i, i]) for i in range(10))
    >>> _ = trainer.epoch(batches)
    >>> trainer.last_epoch.n_samples, trainer.last_epoch.n_steps
    (20, 10)
    """
    limit = check_seconds(max_seconds, "max_seconds")
    if y is None:
        parts = {"order": order, "sample_weight": sample_weight, "lengths": lengths}
        return _epoch_of_batches(self, X, {**parts, "carry": carry or None}, class_weight, limit)
    snapshot = arrays.native(self.network.dtype).Snapshot()
    ranks = self._ranks
    if check_bool(carry, "carry") and ranks.shared:
        raise value_error("carry", carry, "False, as comm is given")
    given: tuple[Any, ...] = (X, y, sample_weight, class_weight, lengths, self.missing)
    values = (*map(sharding.rows, given), ranks.shared)

    def read() -> Dataset:
        return read_training_data(self.network, self.loss, *values)

    with (
        limited(self.n_threads),
        LOCK_ERRORS,
        self.network._in_training,
        sharding.shared_data(self, X, read) as data,
    ):
        n_samples = len(data.X) if self._part is None else self._part.n
        rows = ranks.agree(lambda: read_order(order, n_samples))
        order_here = "None" if rows is None else str(digest(rows))
        ranks.check_same({"order": order_here, "max_seconds": str(limit is not None)})
        name, n_rows = ("X", n_samples) if rows is None else ("order", len(rows))
        carrying.check_rows(self, n_rows, name)
        n_carried, left = 0, leftover.NO_SAMPLES
        if carry:
            rows, n_carried, left = leftover.joined(self, rows, n_samples)
        with ranks.ending_together("Trainer.epoch"):
            self._forward_shape = None
            self.network._remember_names(values[0])
            loss = run_epochs(self, data, 1, limit, snapshot, [], rows, n_carried).loss
            self._leftover = left
            sharding.agreed_stop(self, False, self._native.epoch_number)
    failure.warn_of_defect(self, "Trainer.epoch")
    return loss


def _epoch_of_batches(
    trainer: Trainer,
    batches: Any,
    others: Mapping[str, Any],
    class_weight: Any,
    max_seconds: float | None,
) -> float:
    if hasattr(batches, "shape") or not isinstance(batches, Iterable):
        expected = "targets, unless X is an iterable of batches (X, y)"
        raise InvalidType(f"y is of type NoneType, expected {expected}")
    if trainer._ranks.shared:
        expected = "None for batches of an iterable, of which ranks may have different numbers"
        raise value_error("comm", trainer.comm, f"{expected}; use Trainer.step")
    for name, value in others.items():
        if value is not None:
            neutral = False if name == "carry" else None
            raise value_error(name, value, f"{neutral}, as X is an iterable of batches")
    with limited(trainer.n_threads), LOCK_ERRORS, trainer.network._in_training:
        loss = run_batches(trainer, batches, class_weight, max_seconds).loss
        trainer._leftover = leftover.NO_SAMPLES
    failure.warn_of_defect(trainer, "Trainer.epoch")
    return loss
