"""The loop over epochs: callbacks, validation, time limit, and the way back from a bad end."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import native
from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._fit import carrying, checkpoint, custom_loss, separation, sharding
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.failure import describe_failure
from fastmlp._fit.fit_config import FitConfig
from fastmlp._fit.history import History
from fastmlp._fit.hooks import epoch_ended, fit_ended, notify
from fastmlp._fit.metrics import Metrics
from fastmlp._fit.plateau import Plateau
from fastmlp._fit.progress import make_progress
from fastmlp._fit.status import warn

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


# How methods that search end, also where they start at a minimum.
SEARCH_ENDS = ("converged", "no_progress", "line_search_failed")


class FitLoop:
    """One run of a trainer over its data; `caller` is the public function, for warnings."""

    def __init__(
        self, trainer: Trainer, config: FitConfig, metrics: list[Metrics], caller: str
    ) -> None:
        self._trainer = trainer
        self._ranks = trainer._ranks
        self._metrics = metrics
        self._callbacks = sharding.callbacks_here(trainer, config.callbacks)
        self._data = config.data
        self._config = config
        self._caller = caller
        self._history = History()
        self._plateau = Plateau()
        self._warning, self._epoch, self._ending = "", 0, ""
        self._is_observed = config.observes_epochs() or self._ranks.shared
        self._can_diverge = trainer._native.can_diverge
        self._last_good = native(trainer.network.dtype).Snapshot()
        self._separates = separation.is_perceptron(trainer)

    def run(self) -> History:
        """Run all epochs, or fewer where a callback, the time or the loss ends the run.

        An exception, Ctrl-C among them, leaves the same as a normal end, up to where it came.
        """
        trainer, callbacks, begun = self._trainer, self._callbacks, list[Any]()
        file, all_callbacks = self._config.checkpoint, self._config.callbacks
        sharding.share_state(trainer)
        resumed = None if file is None else file.resume(trainer, all_callbacks, self._caller)
        self._ranks.agree(lambda: notify(callbacks, "set_trainer", trainer))
        self._start = time.perf_counter()
        verbose = self._config.verbose if self._ranks.is_first else 0
        self._progress = make_progress(verbose, self._config.epochs)
        trainer._loop, trainer.network._history = self, self._history
        with self._ranks.ending_together(self._caller):
            try:
                sharding.share_data(trainer, self._data, self._config.part)
                for callback in callbacks:
                    notify([callback], "on_fit_begin")
                    begun.append(callback)
                if resumed is not None:
                    self._resume(resumed)
                self._history.status = self._run_epochs()
            except BaseException:
                self._history.status = "interrupted"
                raise
            finally:
                self._end(begun)
        if self._warning and self._ranks.is_first:
            warn(f"{self._caller}: {self._warning}")
        return self._history

    def _end(self, callbacks: list[Any]) -> None:
        try:
            self._trainer._native.swap_in_average()
        finally:
            try:
                fit_ended(callbacks)
            finally:
                sharding.unshare(self._trainer)
                self._trainer._loop = None
                self._progress.close()

    def _resume(self, run: dict[str, Any]) -> None:
        """Go to where a checkpoint was made."""
        self._epoch, self._ending = run["epoch"], run["ending"]
        self._history.extend(run["losses"])
        vars(self._plateau).update(run["plateau"])
        checkpoint.recall(self._trainer, self._config.callbacks, run["callbacks"])

    def _keep(self, ending: str) -> None:
        """Write the checkpoint, if it is due."""
        file, plateau = self._config.checkpoint, dict(vars(self._plateau))
        at_the_end = bool(ending) or self._epoch >= self._config.epochs
        due = file is not None and (at_the_end or file.is_due(self._epoch))
        if file is not None and due and self._ranks.is_first:
            run = {"epoch": self._epoch, "ending": ending, "plateau": plateau}
            file.write(self._trainer, self._config.callbacks, run)

    def _run_epochs(self) -> str:
        config, epoch, trainer = self._config, self._epoch, self._trainer
        if self._ending:
            return self._ending
        if self._can_diverge:
            self._trainer._native.keep(self._last_good)
        while epoch < config.epochs:
            seconds = self._seconds_left()
            if seconds is not None and self._ranks.any(seconds == 0):
                return "max_seconds"
            losses: list[float] = []
            try:
                last = self._next_epochs(config.epochs - epoch, seconds, losses)
            finally:
                if losses:
                    self._history.extend({"loss": losses})
                    self._progress.show_past(epoch + 1, losses)
            epoch = self._epoch = epoch + len(losses) + 1
            if not math.isfinite(last.loss):
                self._restore(epoch, last)
                return "not_finite"
            refused = last.status == "not_finite"
            at_the_end = last.status in SEARCH_ENDS and len(self._history) == 0
            stop = (last.n_steps > 0 or refused or at_the_end) and self._record(epoch, last)
            stop = sharding.agreed_stop(trainer, stop, epoch)
            if refused:
                self._warn(epoch, last, "the parameters before this step")
            ending = last.status if last.status != "running" else "stopped" if stop else ""
            if not ending and self._separates:
                ending = "converged" if last.n_mistakes == 0 and self._separated() else ""
            elif not ending and config.until_plateau:
                at_rest = self._plateau.reached(self._history.last_loss())
                ending = "converged" if at_rest else ""
            if ending not in ("max_seconds", "not_finite"):  # which end within an epoch
                self._keep(ending)
            if ending:
                return ending
        if config.until_plateau:
            self._warning = self._history.separation("max_steps") or self._plateau.advice()
        return "max_steps"

    def _next_epochs(self, n_left: int, seconds: float | None, losses: list[float]) -> EpochResult:
        """Run one epoch if anything observes epochs, otherwise all that remain."""
        file = self._config.checkpoint
        n_epochs = n_left if file is None else min(n_left, file.epochs_left(self._epoch))
        one = self._is_observed or self._separates
        n_epochs = 1 if one else min(n_epochs, self._progress.n_at_once())
        return run_epochs(self._trainer, self._data, n_epochs, seconds, self._last_good, losses)

    def _seconds_left(self) -> float | None:
        if self._config.max_seconds is None:
            return None
        return max(0.0, self._config.max_seconds - (time.perf_counter() - self._start))

    def _record(self, epoch: int, result: EpochResult) -> bool:
        """Record losses and metrics of a good epoch and pass them on; return True to stop."""
        trainer = self._trainer
        trainer._native.swap_in_average()
        if epoch < self._config.epochs and self._can_diverge:
            trainer._native.keep(self._last_good)
        logs = {"loss": result.loss}
        if self._separates:
            logs["mistakes"] = result.n_mistakes
        if self._config.validation is not None:
            logs["val_loss"] = sharding.mean_loss(trainer, self._config.validation)
        for metrics in self._metrics:
            logs |= metrics.values()
        history, n_own = self._history, len(logs)
        history.append(logs)
        try:
            stop = epoch_ended(self._callbacks, epoch, logs)
        except BaseException:
            history.complete({})  # nan for what is missing
            raise
        if len(logs) > n_own or len(history) > n_own:
            history.complete(logs)
        self._progress.show(epoch, logs)
        return stop

    def training_loss(self) -> float:
        """Return the loss of the samples at the present parameters, penalties included."""
        trainer = self._trainer
        weight = float(self._ranks.sum(self._data.total_weight()))
        penalties = float(trainer._native.penalties(weight))
        return sharding.mean_loss(trainer, self._data) + penalties

    def _separated(self) -> bool:
        wrong = len(self._data.X) > 0 and not separation.is_separated(self._trainer, self._data)
        return not self._ranks.any(wrong)

    def _restore(self, epoch: int, result: EpochResult) -> None:
        """Go back to the last good epoch, and say so."""
        kept = f"the parameters of epoch {epoch - 1}" if epoch > 1 else "the initial parameters"
        self._warn(epoch, result, kept)
        if self._can_diverge:  # a search keeps its best point itself
            self._trainer._native.go_back(self._last_good)

    def _warn(self, epoch: int, result: EpochResult, kept: str) -> None:
        failure, advice = describe_failure(self._trainer, epoch, result)
        self._warning = f"{failure}; {kept} are kept; {advice}"


def run_epochs(
    trainer: Trainer,
    data: Dataset,
    n_epochs: int,
    max_seconds: float | None,
    last_good: Any,
    losses: list[float],
    order: NDArray[np.int64] | None = None,
    more_in_first: int = 0,
) -> EpochResult:
    """Run one epoch or more; return the result of the last, which the trainer keeps.

    `losses` receives those of the others, also where an exception ends the call, and `last_good`
    what the trainer keeps after the last but one. A custom loss and a given order run one epoch,
    whose first batch has `more_in_first` samples more than others.
    """
    native_trainer = trainer._native
    index, n_steps = native_trainer.epoch_number, native_trainer.n_steps

    def run() -> EpochResult:
        if is_custom_loss(trainer.loss):
            return custom_loss.epoch(trainer, data, max_seconds, order, more_in_first)
        given = (n_epochs, max_seconds, last_good, losses, order, data.lengths, more_in_first)
        return EpochResult(*native_trainer.epochs(*data.arrays, *given))

    try:
        if trainer.carry_state:
            state = carrying.first_state(trainer)
            last = carrying.carried(trainer, state, run, lambda r: math.isfinite(r.loss))
        else:
            last = run()
        vars(trainer)["_last_epoch"] = last  # past __setattr__, for speed
        return last
    finally:
        _remember(trainer, index, n_steps)


def run_passes(
    trainer: Trainer, data: Dataset, orders: NDArray[np.int64], results: list[tuple[Any, ...]]
) -> None:
    """Run an epoch in the order of each row of `orders`, until one ends early.

    `results` receives the parts of an `EpochResult` of each, also where an exception ends the
    call. Not for losses and schedules in Python.
    """
    native_trainer = trainer._native
    index, n_steps = native_trainer.epoch_number, native_trainer.n_steps
    try:
        native_trainer.passes(*data.arrays, orders, results, data.lengths)
    finally:
        _remember(trainer, index, n_steps)


def _remember(trainer: Trainer, index: int, n_steps: int) -> None:
    """Tell the network of epochs since the one of this index, and of its loss if it was trained."""
    network = vars(trainer.network)  # past __setattr__, for speed
    network["epochs_trained"] += trainer._native.epoch_number - index
    if trainer._native.n_steps > n_steps:
        network["_trained_loss"] = trainer.loss
