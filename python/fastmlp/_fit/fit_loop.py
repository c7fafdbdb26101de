"""The loop over epochs: callbacks, validation, time limit, and the way back from a bad end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastmlp._data.arrays import native
from fastmlp._data.dataset import Dataset
from fastmlp._fit import checkpoint, separation, sharding
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.epochs import Report, observe_epochs, run_epochs
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
        self._validation_loss = config.validation and self._loss_of(config.validation)
        self._training_loss: Callable[[], float] | None = None  # made where it is asked for

    def run(self) -> History:
        """Run all epochs, or fewer where a callback, the time or the loss ends the run.

        An exception, Ctrl-C among them, leaves the same as a normal end, up to where it came; one
        before a run goes on from its file leaves all as it was.
        """
        try:
            return self._run()
        except BaseException:
            if self._config.checkpoint is not None:
                self._config.checkpoint.undo()
            raise

    def _run(self) -> History:
        trainer, callbacks, begun = self._trainer, self._callbacks, list[Any]()
        file, all_callbacks = self._config.checkpoint, self._config.callbacks
        sharding.share_state(trainer)
        resumed = None if file is None else file.resume(trainer, all_callbacks, self._caller)
        self._ranks.agree(lambda: notify(callbacks, "set_trainer", trainer))
        self._start = time.perf_counter()
        verbose = self._config.verbose if self._ranks.is_first else 0
        self._progress = make_progress(verbose, self._config.epochs)
        self._is_shown = not self._progress.is_silent
        trainer._loop, trainer.network._history = self, self._history
        with self._ranks.ending_together(self._caller):
            try:
                sharding.share_data(trainer, self._data, self._config.part)
                for callback in callbacks:
                    notify([callback], "on_fit_begin")
                    begun.append(callback)
                if file is not None and resumed is not None:
                    self._resume(file, resumed)
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

    def _resume(self, file: checkpoint.Checkpoint, run: dict[str, Any]) -> None:
        """Go to where a checkpoint was made."""
        self._epoch, self._ending = run["epoch"], run["ending"]
        self._history.extend(run["losses"])
        vars(self._plateau).update(run["plateau"])
        file.recall(self._trainer, self._config.callbacks, run["callbacks"])

    def _keep(self, ending: str) -> None:
        """Write the checkpoint, if it is due."""
        file = self._config.checkpoint
        if file is None or not self._ranks.is_first:
            return
        if ending or self._epoch >= self._config.epochs or file.is_due(self._epoch):
            plateau = dict(vars(self._plateau))
            run = {"epoch": self._epoch, "ending": ending, "plateau": plateau}
            file.write(self._trainer, self._config.callbacks, run)

    def _run_epochs(self) -> str:
        config = self._config
        if self._can_diverge and not self._ending:
            self._trainer._native.keep(self._last_good)
        while not self._ending:
            n_left, seconds = config.epochs - self._epoch, self._seconds_left()
            if n_left <= 0:
                if config.until_plateau:
                    self._warning = self._history.separation("max_steps") or self._plateau.advice()
                return "max_steps"
            if seconds is not None and self._ranks.any(seconds == 0):
                return "max_seconds"
            if self._is_observed or self._separates:
                given = (self._trainer, self._data, n_left, seconds, self._last_good)
                observe_epochs(*given, self._epoch_ended, self._report())
            else:
                self._run_unobserved(n_left, seconds)
        return self._ending

    def _run_unobserved(self, n_left: int, seconds: float | None) -> None:
        """Run as many epochs in one call as displays and checkpoints allow."""
        file, losses = self._config.checkpoint, list[float]()
        n_epochs = n_left if file is None else min(n_left, file.epochs_left(self._epoch))
        n_epochs = min(n_epochs, self._progress.n_at_once())
        given = (self._trainer, self._data, n_epochs, seconds, self._last_good, losses)
        try:
            last = run_epochs(*given, report=self._report())
        finally:
            if losses:
                self._history.extend({"loss": losses})
                self._progress.show_past(self._epoch + 1, losses)
        self._epoch += len(losses)
        if math.isfinite(last.loss):
            self._trainer._native.settle(self._last_good, n_left > len(losses) + 1)
        self._epoch_ended(last)

    def _epoch_ended(self, last: EpochResult) -> bool:
        """Record an epoch, and how the run ends if it does; return whether to make no other."""
        config, epoch = self._config, self._epoch + 1
        self._epoch = epoch
        if not math.isfinite(last.loss):
            self._restore(epoch, last)
            self._ending = "not_finite"
            return True
        status = last.status
        refused = status == "not_finite"
        at_the_end = status in SEARCH_ENDS and len(self._history) == 0
        stop = (last.n_steps > 0 or refused or at_the_end) and self._record(epoch, last)
        stop = sharding.agreed_stop(self._trainer, stop, epoch)
        if refused:
            self._warn(epoch, last, "the parameters before this step")
        ending = status if status != "running" else "stopped" if stop else ""
        if not ending and self._separates:
            ending = "converged" if last.n_mistakes == 0 and self._separated() else ""
        elif not ending and config.until_plateau:
            at_rest = self._plateau.reached(self._history.last_loss())
            ending = "converged" if at_rest else ""
        if ending not in ("max_seconds", "not_finite"):  # which end within an epoch
            self._keep(ending)
        self._ending = ending
        return bool(ending) or (config.max_seconds is not None and self._seconds_left() == 0)

    def _report(self) -> Report | None:
        """Return what shows how far the present native call is, where anything is shown."""
        return (lambda n: self._progress.show_part(self._epoch + n)) if self._is_shown else None

    def _seconds_left(self) -> float | None:
        if self._config.max_seconds is None:
            return None
        return max(0.0, self._config.max_seconds - (time.perf_counter() - self._start))

    def _record(self, epoch: int, result: EpochResult) -> bool:
        """Record losses and metrics of a good epoch and pass them on; return True to stop."""
        logs = {"loss": result.loss}
        if self._separates:
            logs["mistakes"] = result.n_mistakes
        if self._validation_loss is not None:
            logs["val_loss"] = self._validation_loss()
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
        if self._is_shown:
            self._progress.show(epoch, logs)
        return stop

    def training_loss(self) -> float:
        """Return the loss of the samples at the present parameters, penalties included."""
        if self._training_loss is None:
            self._training_loss = self._loss_of(self._data)
        weight = float(self._ranks.sum(self._data.total_weight()))
        penalties = float(self._trainer._native.penalties(weight))
        return self._training_loss() + penalties

    def _loss_of(self, data: Dataset) -> Callable[[], float]:
        return sharding.repeated_loss(self._trainer, data)

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
