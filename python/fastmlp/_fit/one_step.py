"""The method of `fastmlp.Trainer` for one update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from fastmlp._data import types
from fastmlp._data.dataset import Dataset, read_dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.threads import limited
from fastmlp._data.validation import InvalidArgument
from fastmlp._fit import carrying, custom_loss, failure, sharding
from fastmlp._fit.lock import LockErrors

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

LOCK_ERRORS = LockErrors("Trainer.step")


def step(
    self: Trainer,
    X: types.InputLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    class_weight: types.ClassWeight | None = None,
    lengths: ArrayLike | None = None,
) -> float:
    """Make one update on a batch; return its loss before the update, including penalties.

    The arguments are those of `Network.fit`; nan is not checked for. No update is made if the
    weights sum to 0, or if the loss or the update is not finite; the last case returns nan. With
    `comm` the batch is the rows of all ranks.
    """
    try:
        given = (X, y, sample_weight, class_weight, lengths, self.missing)
        if self._ranks.shared:
            return _shared_step(self, given)
        batch = read_dataset(self.network, self.loss, *given)
        if self.n_threads is None:
            value = step_on(self, batch)
        else:
            with limited(self.n_threads):
                value = step_on(self, batch)
    except InvalidArgument as error:
        raise error.named("Trainer.step") from error.__cause__
    if batch.X is not X:
        self.network._remember_names(X)
    return failure.checked_update(self, value, "Trainer.step")


def _shared_step(trainer: Trainer, given: tuple[Any, ...]) -> float:
    values = (*map(sharding.rows, given), True)

    def read() -> Dataset:
        return read_dataset(trainer.network, trainer.loss, *values)

    with (
        limited(trainer.n_threads),
        LOCK_ERRORS,
        trainer.network._in_training,
        sharding.shared_data(trainer, given[0], read) as batch,
        trainer._ranks.ending_together("Trainer.step"),
    ):
        trainer._forward_shape = None
        trainer.network._remember_names(values[0])
        value = _update(trainer, batch)
    return failure.checked_update(trainer, value, "Trainer.step")


def step_on(trainer: Trainer, batch: Dataset) -> float:
    """Make one update on a batch that was read; return its loss."""
    with LOCK_ERRORS, trainer.network._in_training:
        return update(trainer, batch)


def update(trainer: Trainer, batch: Dataset) -> float:
    """Make one update in a call that trains, from the state that is carried."""
    vars(trainer)["_forward_shape"] = None  # past __setattr__, for speed
    if not trainer.carry_state:
        return _update(trainer, batch)
    state = carrying.batch_state(trainer, len(batch.X))
    return carrying.carried(trainer, state, lambda: _update(trainer, batch), math.isfinite)


def _update(trainer: Trainer, batch: Dataset) -> float:
    if is_custom_loss(trainer.loss):
        value = custom_loss.step(trainer, batch)
    else:
        value = float(trainer._native.step(*batch.arrays, batch.lengths))
    vars(trainer.network)["_trained_loss"] = trainer.loss
    return value
