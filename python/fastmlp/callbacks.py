"""What `fit` tells others after each epoch; `EarlyStopping` and `ReduceOnPlateau`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp.arrays import FloatArray
from fastmlp.checks import flag, integer, not_negative, positive, refuse_kind, refuse_value

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

HOOKS = ("set_trainer", "on_fit_begin", "on_epoch_end", "on_fit_end")


class Callback:
    """A base for callbacks; any object with some of these methods will do.

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
        """Act after the last epoch, however the training ended but by an exception."""


class Monitor(Callback):
    """What watches a recorded loss, and when that has fallen to a new lowest value."""

    def __init__(self, monitor: str, patience: int, min_delta: float) -> None:
        where = type(self).__name__
        if monitor not in ("loss", "val_loss"):
            refuse_value(where, "monitor", monitor, "'loss' or 'val_loss'")
        self.monitor = monitor
        self.patience = integer(patience, "patience", where, least=1)
        self.min_delta = not_negative(min_delta, "min_delta", where)
        self.on_fit_begin()

    def set_trainer(self, trainer: Trainer) -> None:
        """Remember the training that is watched."""
        self._trainer = trainer

    def on_fit_begin(self) -> None:
        """Forget the training before."""
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
        Whether the network ends with the parameters of its best epoch.

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

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.restore_best = flag(restore_best, "restore_best", "EarlyStopping")
        super().__init__(monitor, patience, min_delta)

    def on_fit_begin(self) -> None:
        """Forget the training before."""
        super().on_fit_begin()
        self._best_parameters: FloatArray | None = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Keep the parameters of the best epoch; stop when the best is `patience` epochs old."""
        if self._improved(epoch, logs) and self.restore_best:
            self._best_parameters = self._trainer.network.parameters.copy()
        return epoch - self.best_epoch >= self.patience

    def on_fit_end(self) -> None:
        """Go back to the best epoch."""
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
        What the rate is multiplied by, ``0 < factor < 1``.
    patience : int, default 10
        Epochs without improvement before that, at least 1; then they are counted anew.
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
    It scales the rate whatever its schedule. Rprop and DeltaBarDelta take their learning rate at
    the start alone, so it has no effect on them.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0), optimizer=fm.SGD(0.5))
    >>> plateau = fm.ReduceOnPlateau("loss", factor=0.5, patience=3)
    >>> _ = trainer.run([[0], [1]], [0, 1], epochs=100, callbacks=[plateau])
    >>> trainer.learning_rate < 0.5
    True
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        min_learning_rate: float = 0.0,
    ) -> None:
        where = "ReduceOnPlateau"
        self.factor = positive(factor, "factor", where)
        if self.factor >= 1:
            refuse_value(where, "factor", factor, "0 < factor < 1")
        self.min_learning_rate = not_negative(min_learning_rate, "min_learning_rate", where)
        super().__init__(monitor, patience, min_delta)

    def on_fit_begin(self) -> None:
        """Forget the training before."""
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


def check_callbacks(callbacks: Any, recorded: Sequence[str], where: str) -> list[Any]:
    """Return the callbacks as a list; refuse what has no hook, or watches what is not recorded."""
    expected = "a list of callbacks"
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        refuse_kind(where, "callbacks", callbacks, expected)
    members = list(callbacks)
    for member in members:
        if isinstance(member, type) or not any(hasattr(member, hook) for hook in HOOKS):
            refuse_kind(where, "callbacks", member, f"objects with one of {', '.join(HOOKS)}")
        for hook in HOOKS:
            if not callable(method := getattr(member, hook, len)):
                refuse_kind(where, f"callbacks: {hook}", method, "a method")
        if isinstance(member, Monitor) and member.monitor not in recorded:
            recorded_names = ", ".join(recorded)
            expected = f"one of what is recorded: {recorded_names}; give validation_data"
            refuse_value(where, "monitor", member.monitor, expected)
    return members


def notify(callbacks: Iterable[Any], hook: str, *arguments: Any) -> bool:
    """Call `hook` wherever it exists; return whether any of them asked to stop."""
    answers = [
        getattr(callback, hook)(*arguments) for callback in callbacks if hasattr(callback, hook)
    ]
    return any(answer is not None and bool(answer) for answer in answers)
