"""The loop over epochs with scikit-learn's order of samples, rules of stopping and messages."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from fastmlp._data.arrays import native
from fastmlp._data.losses import is_custom_loss
from fastmlp._fit import sharding
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.epochs import run_epochs, run_passes
from fastmlp._fit.fit_loop import SEARCH_ENDS
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.ranks import Part
from fastmlp._fit.status import warn
from fastmlp.sklearn._draws import Draws
from fastmlp.sklearn._held_out import Samples, Score
from fastmlp.sklearn._model import Model
from fastmlp.sklearn._observers import Observers
from fastmlp.sklearn._optimizers import Rate, has_rate_in_python
from fastmlp.sklearn._reported_loss import ReportedLoss
from fastmlp.trainer import Trainer

MOST_INDICES = 200_000  # of samples, in the orders of epochs that are made at once


class Epochs:
    """One call of `fit` or `partial_fit`; results go into the attributes of the estimator."""

    def __init__(
        self,
        estimator: Any,
        model: Model,
        trainer: Trainer,
        rate: Rate,
        samples: Samples,
        *,
        held_out: Score | None,
        validation: Samples | None,
        observers: Observers,
        draws: Draws,
        given_X: Callable[[], Any],
        part: Part | None,
    ) -> None:
        self._estimator = estimator
        self._model = model
        self._rate = rate
        self._trainer = trainer
        self._n_samples = samples.n if part is None else part.n
        self._part, self._ranks = part, trainer._ranks
        self._data = samples.data
        self._y = samples.y
        self._held_out = held_out
        self._validation = validation
        self._observers = observers
        self._draws = draws
        self._given_X = given_X
        self._reported = ReportedLoss(trainer, self._data, part)
        self._snapshot = native(model.network.dtype).Snapshot()
        self._made: deque[tuple[tuple[Any, ...], Any]] = deque()  # epochs that are not recorded yet
        self.best: Any = None  # the parameters to end with
        self._is_observed = bool(
            part is not None
            or held_out is not None
            or validation is not None
            or observers.any
            or estimator.verbose
            or estimator.max_seconds is not None
            or is_custom_loss(trainer.loss)
            or has_rate_in_python(trainer.optimizer)
        )
        self.diverged = False  # and no better parameters brought back

    def run(self, n_epochs: int, caller: str, *, warns: bool) -> None:
        """Run the epochs, or fewer; `warns` of more that are needed."""
        estimator, given = self._estimator, self._for_callbacks()
        self._start = time.perf_counter()
        self._trainer._loop = self  # type: ignore[assignment]  # for training_loss
        estimator.n_iter_ = 0
        try:
            lock = self._model.network._in_training
            with LockErrors(caller), lock, self._ranks.ending_together("fit"):
                sharding.share_data(self._trainer, self._data, self._part)
                self._observers.begin(self._trainer)
                self._run(n_epochs, warns and self._ranks.is_first)
        except KeyboardInterrupt:
            if self._ranks.size > 1:
                raise
            while self._made:
                self._reported_status(*self._made.popleft())
                self._record()
            warn("Training interrupted by user.", UserWarning)
        finally:
            self._trainer._native.swap_in_average()
            sharding.unshare(self._trainer)
            self._observers.close()
            self._trainer._loop = None
        if self.best is not None:
            self._model.network.parameters = self.best
            self.diverged = False
        self._observers.end(given, self._fitted)

    def _run(self, n_epochs: int, warns: bool) -> None:
        estimator, given = self._estimator, self._for_callbacks()
        passes = self._passes(n_epochs)
        for _ in range(n_epochs):
            task = self._observers.epoch_begins(given) if self._is_observed else None
            status = next(passes)
            if status == "max_seconds":
                return
            logs = self._record()
            stop = self._stalled() or status in SEARCH_ENDS
            if self._is_observed:
                stop |= self._observers.epoch_ended(
                    task, estimator.n_iter_, logs, given, self._fitted
                )
            if sharding.agreed_stop(self._trainer, bool(stop), estimator.n_iter_):
                return
        if warns:
            warn(
                f"Stochastic Optimizer: Maximum iterations ({n_epochs}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
            )

    def _passes(self, n_epochs: int) -> Iterator[str]:
        """Make the epochs; set ``loss_`` after each and yield how it ended.

        After a loss that is not finite there are no more updates, as none would change a nan; the
        epochs are counted on.
        """
        order: Any = np.arange(self._n_samples)
        n_left = n_epochs
        while n_left > 0:
            orders = self._orders(order, self._n_at_once(n_left))
            order = orders[-1]
            n_left -= len(orders)
            results: list[tuple[Any, ...]] = []
            try:
                self._train(orders, results)
            finally:  # what was made before Ctrl-C counts
                self._made.extend(zip(results, orders, strict=False))
            while self._made:
                yield self._reported_status(*self._made.popleft())
            yield from ("running" for _ in orders[len(results) :])

    def _n_at_once(self, n_left: int) -> int:
        """Return for how many epochs nobody looks at the network, and none can be the last.

        One more than `n_iter_no_change` without improvement end the training.
        """
        if self._is_observed:
            return 1
        estimator = self._estimator
        n_sure = estimator.n_iter_no_change + 1 - estimator._no_improvement_count
        return int(max(1, min(n_left, n_sure, MOST_INDICES // self._n_samples)))

    def _orders(self, last: Any, n_epochs: int) -> Any:
        if not self._estimator.shuffle:
            return np.tile(last, (n_epochs, 1))
        return self._draws.orders(last, n_epochs)

    def _train(self, orders: Any, results: list[tuple[Any, ...]]) -> None:
        """Make passes in these orders; `results` receives what they have reached."""
        if self.diverged:
            return
        if len(orders) > 1:
            return run_passes(self._trainer, self._data, orders, results)
        limit = self._estimator.max_seconds
        if limit is not None:
            limit = max(0.0, limit - (time.perf_counter() - self._start))
        results.append(
            run_epochs(self._trainer, self._data, 1, limit, self._snapshot, [], orders[0])
        )

    def _reported_status(self, parts: tuple[Any, ...], order: Any) -> str:
        result = EpochResult._make(parts)
        if result.status != "max_seconds":
            self.diverged = result.status == "not_finite" or not math.isfinite(result.loss)
            self._estimator.loss_ = math.nan if self.diverged else self._reported.of(result, order)
        return result.status

    def _record(self) -> dict[str, float]:
        """Record an epoch that was made, and count it; return what callbacks are told of it."""
        estimator = self._estimator
        loss = estimator.loss_
        estimator.n_iter_ += 1
        estimator.t_ += self._n_samples
        estimator.loss_curve_.append(loss)
        logs = {"loss": loss}
        if self._is_observed:
            self._observe(logs)
        if self._held_out is None:
            self._count(-loss, -estimator.best_loss_)
            estimator.best_loss_ = min(estimator.best_loss_, loss)
        self._rate.epoch_ended(estimator.t_)
        return logs

    def _observe(self, logs: dict[str, float]) -> None:
        """Print, validate and score the network as it is after an epoch."""
        estimator = self._estimator
        self._trainer._native.swap_in_average()
        if estimator.verbose and self._ranks.is_first:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        if self._validation is not None:
            logs["val_loss"] = self._reported.on(self._validation.data)
            estimator.validation_loss_curve_.append(logs["val_loss"])
        if self._held_out is not None:
            logs["val_score"] = self._score(self._held_out)

    def _count(self, score: float, best: float) -> None:
        """Count epochs that did not bring the score above the best by `tol`; nan is no such."""
        estimator = self._estimator
        stalled = score < best + estimator.tol
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if stalled else 0

    def _stalled(self) -> bool:
        """Return whether to stop, as too many epochs did not improve."""
        estimator = self._estimator
        if not estimator._no_improvement_count > estimator.n_iter_no_change:
            return False
        what = "Training loss" if self._held_out is None else "Validation score"
        ending = self._rate.stalled()
        if estimator.verbose:
            print(
                f"{what} did not improve more than tol={estimator.tol:f} for "
                f"{estimator.n_iter_no_change} consecutive epochs. "
                f"{ending or f'Setting learning rate to {self._rate.learning_rate:f}'}"
            )
        if not ending:
            estimator._no_improvement_count = 0
        return bool(ending)

    def training_loss(self) -> float:
        """Return the loss of the samples at the present parameters, for fastmlp's callbacks."""
        return self._reported.on(self._data) + float(
            self._trainer._native.penalties(float(self._ranks.sum(self._data.total_weight())))
        )

    def _fitted(self) -> dict[str, Any]:
        """Return copies of the parameters, for an estimator as if the training had ended here."""
        fitted: dict[str, Any] = self._estimator._copied_parameters()
        return fitted

    def _for_callbacks(self) -> dict[str, Any]:
        """Return the samples as scikit-learn's callbacks receive them."""
        weights = self._data.weights
        metadata = None if weights is None else {"sample_weight": weights}
        return {"X": self._given_X, "y": self._y, "metadata": metadata}

    def _score(self, held_out: Score) -> float:
        """Record the score of the samples held out, and keep the best parameters."""
        estimator = self._estimator
        score = held_out(self.diverged)
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        self._count(score, estimator.best_validation_score_)
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            # A diverged network has no parameters to end with, though labels have a score.
            self.best = None if self.diverged else self._model.network.parameters.copy()
        return score
