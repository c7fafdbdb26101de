"""Callbacks of `fit`: the base class, `EarlyStopping` and `ReduceOnPlateau`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.arrays import FloatArray
from fastmlp._data.validation import (
    check_bool,
    check_int,
    check_non_negative,
    check_positive,
    error_prefix,
    type_error,
    value_error,
)

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

HOOKS = ("set_trainer", "on_fit_begin", "on_epoch_end", "on_fit_end")


class Callback:
    """Base class of callbacks; any object with some of these methods is accepted.

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

    def set_trainer(self, trainer: Trainer) -> None:
        """Receive the trainer, with its network, before the first epoch."""

    def on_fit_begin(self) -> None:
        """Act before the first epoch."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool | None:
        """Act after epoch 1, 2, ... with its losses; return True to stop."""

    def on_fit_end(self) -> None:
        """Act after the last epoch, unless an exception ended the training."""


class Monitor(Callback):
    """Base class of callbacks that monitor a recorded loss and its lowest value."""

    def __init__(self, monitor: str, patience: int, min_delta: float) -> None:
        if monitor not in ("loss", "val_loss"):
            raise value_error("monitor", monitor, "'loss' or 'val_loss'")
        self.monitor = monitor
        self.patience = check_int(patience, "patience", min=1)
        self.min_delta = check_non_negative(min_delta, "min_delta")
        self.on_fit_begin()

    def set_trainer(self, trainer: Trainer) -> None:
        """Keep the trainer that is monitored."""
        self._trainer = trainer

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        self.best = np.inf
        self.best_epoch = 0

    def _improved(self, epoch: int, logs: Mapping[str, float]) -> bool:
        improved = logs[self.monitor] < self.best - self.min_delta
        if improved:
            self.best, self.best_epoch = logs[self.monitor], epoch
        return improved


class EarlyStopping(Monitor):
    """Stop when a loss has not fallen for some epochs.

    Parameters
    ----------
    monitor : {"val_loss", "loss"}, default "val_loss"
        The loss to watch; ``"val_loss"`` needs `validation_data`.
    patience : int, default 5
        Epochs without improvement before the stop, at least 1.
    min_delta : float, default 0.0
        A fall of this much or less is no improvement.
    restore_best : bool, default True
        If True, the network ends with the parameters of its best epoch.

    Attributes
    ----------
    best : float
        The lowest loss seen.
    best_epoch : int
        Its epoch, from 1; 0 before the first.

    Raises
    ------
    ValueError, TypeError
        A parameter out of its range or of the wrong kind.

    Notes
    -----
    Cost: one copy of the parameters per epoch that improves. Source: Prechelt 1998.

    Examples
    --------
    >>> import fastmlp as fm
    >>> stopping = fm.EarlyStopping("loss", patience=2, min_delta=1e-3)
    >>> net = fm.Network([1, 1], seed=0)
    >>> net.fit([[0], [1]], [0, 1], optimizer=fm.SGD(0.5), epochs=500, callbacks=[stopping]).status
    'stopped'
    """

    @error_prefix("EarlyStopping")
    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.restore_best = check_bool(restore_best, "restore_best")
        super().__init__(monitor, patience, min_delta)

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        super().on_fit_begin()
        self._best_parameters: FloatArray | None = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Keep the parameters of the best epoch; stop when the best is `patience` epochs old."""
        if self._improved(epoch, logs) and self.restore_best:
            self._best_parameters = self._trainer.network.parameters.copy()
        return epoch - self.best_epoch >= self.patience

    def on_fit_end(self) -> None:
        """Restore the parameters of the best epoch."""
        if self._best_parameters is not None:
            self._trainer.network.parameters = self._best_parameters
            self._best_parameters = None

    def __repr__(self) -> str:
        """Return the call that makes this object."""
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"min_delta={self.min_delta}, restore_best={self.restore_best})"
        )


class ReduceOnPlateau(Monitor):
    """Multiply the learning rate when a loss has not fallen for some epochs.

    Parameters
    ----------
    monitor : {"val_loss", "loss"}, default "val_loss"
        The loss to watch; ``"val_loss"`` needs `validation_data`.
    factor : float, default 0.1
        Factor on the rate, ``0 < factor < 1``.
    patience : int, default 10
        Epochs without improvement before that, at least 1; then counting restarts.
    min_delta : float, default 1e-4
        A fall of this much or less is no improvement.
    min_learning_rate : float, default 0.0
        The rate is not lowered to less than this.

    Raises
    ------
    ValueError, TypeError
        A parameter out of its range or of the wrong kind.

    Notes
    -----
    It scales the rate of any schedule. Rprop and DeltaBarDelta use only the initial learning rate,
    so it has no effect on them.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0), optimizer=fm.SGD(0.5))
    >>> plateau = fm.ReduceOnPlateau("loss", factor=0.5, patience=3)
    >>> _ = trainer.run([[0], [1]], [0, 1], epochs=100, callbacks=[plateau])
    >>> trainer.learning_rate < 0.5
    True
    """

    @error_prefix("ReduceOnPlateau")
    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        min_learning_rate: float = 0.0,
    ) -> None:
        self.factor = check_positive(factor, "factor")
        if self.factor >= 1:
            raise value_error("factor", factor, "0 < factor < 1")
        self.min_learning_rate = check_non_negative(min_learning_rate, "min_learning_rate")
        super().__init__(monitor, patience, min_delta)

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        super().on_fit_begin()
        self._waiting_since = 0

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Lower the rate when the best epoch, and the last lowering, are `patience` epochs old."""
        if self._improved(epoch, logs):
            self._waiting_since = epoch
        if epoch - self._waiting_since < self.patience:
            return
        self._waiting_since = epoch
        rate = self._trainer.learning_rate
        lowered = max(self.factor * rate, self.min_learning_rate)
        if 0 < lowered < rate:
            self._trainer.scale_learning_rate(lowered / rate)

    def __repr__(self) -> str:
        """Return the call that makes this object."""
        return (
            f"ReduceOnPlateau(monitor={self.monitor!r}, factor={self.factor}, "
            f"patience={self.patience}, min_delta={self.min_delta}, "
            f"min_learning_rate={self.min_learning_rate})"
        )


def check_callbacks(callbacks: Any, recorded: Sequence[str]) -> list[Any]:
    """Return the callbacks as a list; raise at objects without hooks and unrecorded losses."""
    expected = "a list of callbacks"
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise type_error("callbacks", callbacks, expected)
    members = list(callbacks)
    for member in members:
        if isinstance(member, type) or not any(hasattr(member, hook) for hook in HOOKS):
            raise type_error("callbacks", member, f"objects with one of {', '.join(HOOKS)}")
        for hook in HOOKS:
            if not callable(method := getattr(member, hook, len)):
                raise type_error(f"callbacks: {hook}", method, "a method")
        if isinstance(member, Monitor) and member.monitor not in recorded:
            recorded_names = ", ".join(recorded)
            expected = f"one of what is recorded: {recorded_names}; give validation_data"
            raise value_error("monitor", member.monitor, expected)
    return members


def notify(callbacks: Iterable[Any], hook: str, *arguments: Any) -> bool:
    """Call `hook` where it exists; return True if any callback returned True."""
    answers = [
        getattr(callback, hook)(*arguments) for callback in callbacks if hasattr(callback, hook)
    ]
    return any(answer is not None and bool(answer) for answer in answers)
