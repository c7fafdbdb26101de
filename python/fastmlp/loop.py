"""The loop over epochs: callbacks, validation, time, and the way back from a loss gone bad."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastmlp import _core, checks
from fastmlp.callbacks import check_callbacks, notify
from fastmlp.checks import integer
from fastmlp.data import Data, check_training_data, read_data
from fastmlp.history import History
from fastmlp.own_loss import EpochResult
from fastmlp.progress import make_progress
from fastmlp.status import TrainingWarning

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


@dataclass(frozen=True)
class Plan:
    """What a run was asked to do, checked."""

    epochs: int
    validation: Data | None
    callbacks: list[Any]
    max_seconds: float | None
    verbose: int

    @classmethod
    def checked(
        cls,
        trainer: Trainer,
        epochs: Any,
        validation_data: Any,
        callbacks: Any,
        max_seconds: Any,
        verbose: Any,
        where: str,
    ) -> Plan:
        """Check the arguments of `Trainer.run`, before anything is changed."""
        validation = _read_validation(trainer, validation_data, where)
        recorded = ["loss"] if validation is None else ["loss", "val_loss"]
        return cls(
            integer(epochs, "epochs", where, least=1),
            validation,
            check_callbacks(callbacks, recorded, where),
            checks.seconds(max_seconds, "max_seconds", where),
            _verbosity(verbose, where),
        )


class Loop:
    """One run of a trainer over its data."""

    def __init__(self, trainer: Trainer, data: Data, plan: Plan, where: str) -> None:
        self._trainer = trainer
        self._data = data
        self._plan = plan
        self._where = where
        self._history = History()
        self._last_good = trainer.network.parameters.copy()
        self._n_steps = 0

    def run(self) -> History:
        """Run all epochs, or as many as the plan and the loss allow."""
        callbacks = self._plan.callbacks
        self._start = time.perf_counter()
        self._progress = make_progress(self._plan.verbose, self._plan.epochs)
        try:
            notify(callbacks, "set_trainer", self._trainer)
            notify(callbacks, "on_fit_begin")
            self._history.status = self._run_epochs()
            notify(callbacks, "on_fit_end")
        finally:
            self._progress.close()
        return self._history

    def _run_epochs(self) -> str:
        epoch = 0
        while epoch < self._plan.epochs:
            if self._seconds_left() == 0:
                return "max_seconds"
            losses, last = self._next_epochs(self._plan.epochs - epoch)
            if losses:
                self._history.extend({"loss": losses})
            epoch += len(losses) + 1
            if self._went_wrong(last):
                self._restore(epoch, last)
                return "not_finite"
            stop = last.n_steps > 0 and self._record(epoch, last)
            if last.status == "max_seconds":
                self._trainer._native.show_average()
                return "max_seconds"
            if stop:
                return "stopped"
        return "max_steps"

    def _next_epochs(self, left: int) -> tuple[list[float], EpochResult]:
        """Make one epoch where somebody is told of each, else as many as may be."""
        plan = self._plan
        watched = (
            plan.validation is not None
            or plan.verbose > 0
            or any(hasattr(callback, "on_epoch_end") for callback in plan.callbacks)
        )
        most = 1 if watched else left
        seconds = self._seconds_left()
        return self._trainer._epochs(self._data, most, seconds, self._last_good, self._where)

    def _seconds_left(self) -> float | None:
        if self._plan.max_seconds is None:
            return None
        return max(0.0, self._plan.max_seconds - (time.perf_counter() - self._start))

    def _went_wrong(self, result: EpochResult) -> bool:
        parameters = self._trainer.network.parameters
        return result.status == "not_finite" or _core.first_non_finite(parameters) >= 0

    def _record(self, epoch: int, result: EpochResult) -> bool:
        """Note the losses of a good epoch and pass them on; return whether to stop."""
        self._trainer._native.show_average()
        if epoch < self._plan.epochs:
            self._last_good[:] = self._trainer.network.parameters
        logs = {"loss": result.loss}
        if self._plan.validation is not None:
            network, loss = self._trainer.network, self._trainer.loss
            logs["val_loss"] = network._data_loss(self._plan.validation, loss, self._where)
        self._history.append(logs)
        self._progress.show(epoch, logs)
        return notify(self._plan.callbacks, "on_epoch_end", epoch, logs)

    def _restore(self, epoch: int, result: EpochResult) -> None:
        """Go back to the last good epoch and say so."""
        self._trainer.network.parameters = self._last_good
        kept = f"the parameters of epoch {epoch - 1}" if epoch > 1 else "the initial parameters"
        rate = getattr(self._trainer.optimizer, "learning_rate", None)
        warnings.warn(
            f"{self._where}: {_what_failed(result)} in epoch {epoch}, step {result.n_steps + 1}; "
            f"{kept} are kept; try a smaller learning_rate (now {rate}) or clip_norm",
            TrainingWarning,
            stacklevel=5 + self._trainer._calls_above,
        )


def _verbosity(verbose: Any, where: str) -> int:
    number = int(verbose) if isinstance(verbose, bool) else verbose
    return integer(number, "verbose", where, least=0, most=2)


def _what_failed(result: EpochResult) -> str:
    if result.status == "not_finite":
        return f"the loss became {result.loss}"
    return "a parameter became nan or inf"


def _read_validation(trainer: Trainer, validation_data: Any, where: str) -> Data | None:
    if validation_data is None:
        return None
    where = f"{where}: validation_data"
    expected = "(X, y) or (X, y, sample_weight)"
    if not isinstance(validation_data, (tuple, list)):
        raise TypeError(f"{where} is of type {type(validation_data).__name__}, expected {expected}")
    if len(validation_data) not in (2, 3):
        raise ValueError(f"{where} has {len(validation_data)} members, expected {expected}")
    X, y, *weight = validation_data
    sample_weight = weight[0] if weight else None
    data = read_data(trainer.network, trainer.loss, X, y, where, sample_weight=sample_weight)
    check_training_data(data, where, trainer.loss)
    return data
