"""The loop over epochs: callbacks, validation, time limit, and recovery from a divergence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from fastmlp import _core
from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.feature_names import check_names, names_of
from fastmlp._data.losses import is_custom_loss, mean_loss
from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    argument_prefix,
    check_int,
    check_seconds,
)
from fastmlp._fit import custom_loss
from fastmlp._fit.callbacks import check_callbacks, notify
from fastmlp._fit.custom_loss import EpochResult
from fastmlp._fit.history import History
from fastmlp._fit.progress import make_progress
from fastmlp._fit.status import warn

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


@dataclass(frozen=True, eq=False)
class FitConfig:
    """The keywords of `Trainer.run` that control the loop, checked."""

    epochs: int
    validation: Dataset | None
    callbacks: list[Any]
    max_seconds: float | None
    verbose: int

    @classmethod
    def checked(cls, trainer: Trainer, given: Mapping[str, Any]) -> Self:
        """Check the arguments of a call, ``{name: value}``."""
        validation = given["validation_data"]
        data = None if validation is None else _read_validation(trainer, validation, given["X"])
        recorded = ["loss"] if validation is None else ["loss", "val_loss"]
        verbose = given["verbose"]
        return cls(
            epochs=check_int(given["epochs"], "epochs", min=1),
            validation=data,
            callbacks=check_callbacks(given["callbacks"], recorded),
            max_seconds=check_seconds(given["max_seconds"], "max_seconds"),
            verbose=check_int(
                int(verbose) if isinstance(verbose, bool) else verbose, "verbose", min=0, max=2
            ),
        )


class FitLoop:
    """One run of a trainer over its data; `caller` is the public function, for warnings."""

    def __init__(self, trainer: Trainer, data: Dataset, config: FitConfig, caller: str) -> None:
        self._trainer = trainer
        self._data = data
        self._config = config
        self._caller = caller
        self._history = History()
        self._last_good = trainer.network.parameters.copy()

    def run(self) -> History:
        """Run all epochs, or fewer where a callback, the time or the loss ends the run."""
        callbacks = self._config.callbacks
        self._start = time.perf_counter()
        self._progress = make_progress(self._config.verbose, self._config.epochs)
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
        while epoch < self._config.epochs:
            if self._seconds_left() == 0:
                return "max_seconds"
            losses, last = self._next_epochs(self._config.epochs - epoch)
            if losses:
                self._history.extend({"loss": losses})
            epoch += len(losses) + 1
            if self._diverged(last):
                self._restore(epoch, last)
                return "not_finite"
            stop = last.n_steps > 0 and self._record(epoch, last)
            if last.status != "running":
                self._trainer._native.swap_in_average()
                return last.status
            if stop:
                return "stopped"
        return "max_steps"

    def _next_epochs(self, n_left: int) -> tuple[list[float], EpochResult]:
        """Run one epoch if anything observes epochs, otherwise all that remain."""
        config = self._config
        observed = (
            config.validation is not None
            or config.verbose > 0
            or any(hasattr(callback, "on_epoch_end") for callback in config.callbacks)
        )
        n_epochs = 1 if observed else n_left
        seconds = self._seconds_left()
        return run_epochs(self._trainer, self._data, n_epochs, seconds, self._last_good)

    def _seconds_left(self) -> float | None:
        if self._config.max_seconds is None:
            return None
        return max(0.0, self._config.max_seconds - (time.perf_counter() - self._start))

    def _diverged(self, result: EpochResult) -> bool:
        parameters = self._trainer.network.parameters
        return result.status == "not_finite" or _core.first_non_finite(parameters) >= 0

    def _record(self, epoch: int, result: EpochResult) -> bool:
        """Record the losses of a good epoch and pass them on; return True to stop."""
        trainer = self._trainer
        trainer._native.swap_in_average()
        if epoch < self._config.epochs:
            self._last_good[:] = trainer.network.parameters
        logs = {"loss": result.loss}
        if self._config.validation is not None:
            logs["val_loss"] = mean_loss(trainer.network, trainer.loss, self._config.validation)
        self._history.append(logs)
        self._progress.show(epoch, logs)
        return notify(self._config.callbacks, "on_epoch_end", epoch, logs)

    def _restore(self, epoch: int, result: EpochResult) -> None:
        """Restore the parameters of the last good epoch, and warn."""
        self._trainer.network.parameters = self._last_good
        kept = f"the parameters of epoch {epoch - 1}" if epoch > 1 else "the initial parameters"
        rate = getattr(self._trainer.optimizer, "learning_rate", None)
        failure = (
            f"the loss became {result.loss}"
            if result.status == "not_finite"
            else "a parameter became nan or inf"
        )
        warn(
            f"{self._caller}: {failure} in epoch {epoch}, step {result.n_steps + 1}; "
            f"{kept} are kept; try a smaller learning_rate (now {rate}) or clip_norm"
        )


def run_epochs(
    trainer: Trainer,
    data: Dataset,
    n_epochs: int,
    max_seconds: float | None,
    last_good: FloatArray,
) -> tuple[list[float], EpochResult]:
    """Run one epoch or more; return the losses of all but the last, and the result of the last.

    `last_good` receives the parameters after the last but one. A custom loss runs one epoch.
    """
    native = trainer._native
    index = native.epoch_number
    try:
        if is_custom_loss(trainer.loss):
            return [], custom_loss.epoch(trainer, data, max_seconds)
        losses, last = native.epochs(*data, n_epochs, max_seconds, last_good)
        return losses, last
    finally:
        trainer.network.epochs_trained += native.epoch_number - index


def _read_validation(trainer: Trainer, validation_data: Any, X: Any) -> Dataset:
    """Read the samples of a validation, whose columns must be those of X."""
    expected = "(X, y) or (X, y, sample_weight)"
    if not isinstance(validation_data, (tuple, list)):
        kind = type(validation_data).__name__
        raise InvalidType(f"validation_data is of type {kind}, expected {expected}")
    if len(validation_data) not in (2, 3):
        n_members = len(validation_data)
        raise InvalidValue(f"validation_data has {n_members} members, expected {expected}")
    in_validation = argument_prefix("validation_data: ")
    in_validation(check_names)(validation_data[0], names_of(X))
    return in_validation(read_training_data)(trainer.network, trainer.loss, *validation_data)
