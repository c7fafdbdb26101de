"""Who is told of each epoch: callbacks of fastmlp, and of scikit-learn from 1.9 on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastmlp._fit.hooks import check_callbacks, epoch_ended, fit_ended, notify
from fastmlp.trainer import Trainer


class Observers:
    """The callbacks of one call of `fit`."""

    def __init__(
        self, estimator: Any, callbacks: Any, recorded: Mapping[str, str | None], n_epochs: int
    ) -> None:
        self._estimator = estimator
        self._own = check_callbacks(() if callbacks is None else callbacks, recorded)
        self._begun: list[Any] = []
        self._context: Any = None
        if getattr(estimator, "_skl_callbacks", None):
            self._context = estimator._init_callback_context(max_subtasks=n_epochs)

    @property
    def any(self) -> bool:
        """Whether there is anybody."""
        return bool(self._own) or self._context is not None

    def begin(self, trainer: Trainer | None = None) -> None:
        """Tell of the beginning."""
        notify(self._own, "set_trainer", trainer)
        for callback in self._own:
            notify([callback], "on_fit_begin")
            self._begun.append(callback)
        if self._context is not None:
            self._context.call_on_fit_task_begin(estimator=self._estimator)

    def epoch_begins(self, samples: Mapping[str, Any]) -> Any:
        """Return the task of an epoch for scikit-learn's callbacks."""
        if self._context is None:
            return None
        task = self._context.subcontext(task_name="epoch")
        return task.call_on_fit_task_begin(estimator=self._estimator, **samples)

    def epoch_ended(
        self,
        task: Any,
        epoch: int,
        logs: dict[str, float],
        samples: Mapping[str, Any],
        fitted: Callable[[], dict[str, Any]],
    ) -> bool:
        """Tell of the end of an epoch; return whether anyone wants to stop.

        `fitted` returns attributes of an estimator as if the training had ended here.
        """
        stop = bool(self._own) and epoch_ended(self._own, epoch, logs)
        if task is not None:
            stop |= task.call_on_fit_task_end(
                estimator=self._estimator, **samples, reconstruction_attributes=fitted
            )
        return stop

    def end(self, samples: Mapping[str, Any], fitted: Callable[[], dict[str, Any]]) -> None:
        """Tell of the end; `fit_ended` of fastmlp's callbacks also after an exception."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator, **samples, reconstruction_attributes=fitted
            )

    def close(self) -> None:
        """End what began, also after an exception."""
        fit_ended(self._begun)
