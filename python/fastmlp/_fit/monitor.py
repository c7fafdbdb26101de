"""Base classes of callbacks: of all, and of those that watch a recorded number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from fastmlp._data.validation import check_int, check_non_negative, type_error, value_error

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


Mode: TypeAlias = Literal["min", "max"]


class Callback:
    """Base class of callbacks; any object with one or more of these methods is accepted.

    Attributes
    ----------
    first_rank_only : bool
        True for callbacks that write: of the ranks of a training with `comm`, rank 0 alone calls
        them. Default: False, and all ranks do.

    Examples
    --------
    >>> import fastmlp as fm
    >>> class Show(fm.Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(epoch, sorted(logs))
    >>> net = fm.Network([1, 1], seed=0)
    >>> _ = net.fit([[0], [1]], [0, 1], epochs=2, callbacks=[Show()])
    1 ['loss']
    2 ['loss']
    """

    first_rank_only = False

    def set_trainer(self, trainer: Trainer) -> None:
        """Receive the trainer, which has the network, before training starts."""

    def on_fit_begin(self) -> None:
        """Run before the first epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> bool | None:
        """Run after epoch 1, 2, ... with its losses and metrics; return True to stop training.

        Numbers added to `logs` are recorded, and later callbacks can read them.
        """

    def on_fit_end(self) -> None:
        """Run after the last epoch, even if Ctrl-C or another exception ended training."""


class Watcher(Callback):
    """Base class of callbacks that read a recorded number, which a run has to record."""

    def __init__(self, monitor: str) -> None:
        if not isinstance(monitor, str):
            raise type_error("monitor", monitor, "a name, such as 'val_loss'")
        self.monitor = monitor

    def _value(self, logs: Mapping[str, float]) -> float:
        if self.monitor not in logs:
            expected = f"one of what is recorded: {', '.join(logs)}"
            raise value_error("monitor", self.monitor, expected)
        return logs[self.monitor]


class Monitor(Watcher):
    """Base class of callbacks that monitor a recorded number and its best value."""

    mode: str = "min"  # of pickles that have none

    def __init__(self, monitor: str, patience: int, min_delta: float, mode: str) -> None:
        super().__init__(monitor)
        if mode not in ("min", "max"):
            raise value_error("mode", mode, "'min' or 'max'")
        self.mode = mode
        self.patience = check_int(patience, "patience", min=1)
        self.min_delta = check_non_negative(min_delta, "min_delta")
        self.on_fit_begin()

    def set_trainer(self, trainer: Trainer) -> None:
        """Keep the trainer that is monitored."""
        self._trainer = trainer

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        self.best = np.inf if self.mode == "min" else -np.inf
        self.best_epoch = 0
        self._lowest, self._waiting_since = np.inf, 0  # of -value for mode="max"

    def state_dict(self) -> dict[str, Any]:
        """Return what the callback has in memory, for checkpoints."""
        names = ("best", "best_epoch", "_lowest", "_waiting_since", "_kept")
        return {name: value for name, value in vars(self).items() if name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, after `on_fit_begin`."""
        vars(self).update({name: state[name] for name in self.state_dict()})

    def _cost(self, value: float) -> float:
        """Return what is smaller for what is better."""
        return value if self.mode == "min" else -value

    def _improved(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Return whether the number is better than all before; then waiting starts again."""
        cost = self._cost(self._value(logs))
        improved = cost < self._lowest - self.min_delta
        if improved:
            self._lowest, self._waiting_since = cost, epoch
        return improved
