"""Epochs of a trainer, native or of a custom loss, and what its network keeps of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._fit import carrying, custom_loss, streaming
from fastmlp._fit.epoch_result import EpochResult, counted

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

Report: TypeAlias = Callable[[float], None]  # of how many epochs a call has made, as 1.25


def run_epochs(
    trainer: Trainer,
    data: Dataset,
    n_epochs: int,
    max_seconds: float | None,
    last_good: Any,
    losses: list[float],
    order: NDArray[np.int64] | None = None,
    more_in_first: int = 0,
    report: Report | None = None,
) -> EpochResult:
    """Run one epoch or more; return the result of the last, which the trainer keeps.

    `losses` receives those of the others, also where an exception ends the call, and `last_good`
    what the trainer keeps after the last but one. A custom loss and a given order run one epoch,
    whose first batch has `more_in_first` samples more than others. `report` is called in between.
    """
    ledger = _Ledger(trainer)

    def run() -> EpochResult:
        if is_custom_loss(trainer.loss):
            own = (trainer, data, max_seconds, order, more_in_first, report)
            return counted(trainer._native, lambda: custom_loss.epoch(*own))
        given = (n_epochs, max_seconds, last_good, losses, order, data.lengths, more_in_first)
        return EpochResult(*trainer._native.epochs(*data.arrays, *given, report))

    try:
        if trainer.carry_state:
            state = carrying.first_state(trainer)
            last = carrying.carried(trainer, state, run, lambda r: math.isfinite(r.loss))
        else:
            last = run()
        vars(trainer)["_last_epoch"] = last  # past __setattr__, for speed
        return last
    finally:
        ledger.update()


def run_batches(
    trainer: Trainer, batches: Iterable[Any], class_weight: Any, max_seconds: float | None
) -> EpochResult:
    """Run an epoch over the batches of an iterable; return its result, which the trainer keeps."""
    ledger, native = _Ledger(trainer), trainer._native
    given = (trainer, batches, class_weight, max_seconds)
    try:
        last = counted(native, lambda: streaming.epoch(*given))
        vars(trainer)["_last_epoch"] = last  # past __setattr__, for speed
        return last
    finally:
        ledger.update()


def observe_epochs(
    trainer: Trainer,
    data: Dataset,
    n_epochs: int,
    max_seconds: float | None,
    last_good: Any,
    observe: Callable[[EpochResult], bool],
    report: Report | None,
) -> None:
    """Run epochs, at most so many, until `observe` returns True after one or the time is over.

    The other arguments are those of `run_epochs`. After a good epoch the network has the average,
    where one is kept, and `last_good` is that epoch. It is one with a loss in Python, with a
    carried state, and on ranks, which agree after each on whether there is another.
    """
    native_trainer = trainer._native
    if is_custom_loss(trainer.loss) or trainer.carry_state or trainer._ranks.shared:
        last = run_epochs(trainer, data, 1, max_seconds, last_good, [], report=report)
        if math.isfinite(last.loss):
            native_trainer.settle(last_good, n_epochs > 1)
        observe(last)
        return
    ledger, attributes = _Ledger(trainer), vars(trainer)

    def ended(parts: tuple[Any, ...]) -> bool:
        ledger.update()
        attributes["_last_epoch"] = last = EpochResult._make(parts)
        return observe(last)

    given = (n_epochs, max_seconds, last_good, ended, data.lengths, report)
    try:
        native_trainer.observed_epochs(*data.arrays, *given)
    finally:
        ledger.update()


def run_passes(
    trainer: Trainer, data: Dataset, orders: NDArray[np.int64], results: list[tuple[Any, ...]]
) -> None:
    """Run an epoch in the order of each row of `orders`, until one ends early.

    `results` receives the parts of an `EpochResult` of each, also where an exception ends the
    call. Not for losses and schedules in Python.
    """
    ledger = _Ledger(trainer)
    try:
        trainer._native.passes(*data.arrays, orders, results, data.lengths)
    finally:
        ledger.update()


class _Ledger:
    """What a network knows of its trainer: the number of epochs, and the loss once it has one."""

    def __init__(self, trainer: Trainer) -> None:
        self._native, self._loss = trainer._native, trainer.loss
        self._network = vars(trainer.network)  # past __setattr__, for speed
        self._n_epochs, self._n_steps = self._native.epoch_number, self._native.n_steps
        self._has_loss = False

    def update(self) -> None:
        """Tell the network of what has been trained since the last update; not to be interrupted.

        There is no call between the stores, so no signal is handled there.
        """
        n_epochs = self._native.epoch_number
        self._network["epochs_trained"] += n_epochs - self._n_epochs
        self._n_epochs = n_epochs
        if not self._has_loss and self._native.n_steps > self._n_steps:
            self._network["_trained_loss"] = self._loss
            self._has_loss = True
