"""What `fit` tells others after each epoch, and `EarlyStopping`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp.arrays import FloatArray
from fastmlp.checks import flag, integer, not_negative, refuse_kind, refuse_value

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


class EarlyStopping(Callback):
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
        if monitor not in ("loss", "val_loss"):
            refuse_value("EarlyStopping", "monitor", monitor, "'loss' or 'val_loss'")
        self.monitor = monitor
        self.patience = integer(patience, "patience", "EarlyStopping", least=1)
        self.min_delta = not_negative(min_delta, "min_delta", "EarlyStopping")
        self.restore_best = flag(restore_best, "restore_best", "EarlyStopping")
        self._begin()

    def _begin(self) -> None:
        self.best = np.inf
        self.best_epoch = 0
        self._best_parameters: FloatArray | None = None

    def set_trainer(self, trainer: Trainer) -> None:
        """Remember whose parameters to keep."""
        self._network = trainer.network

    def on_fit_begin(self) -> None:
        """Forget the training before."""
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Keep the parameters of the best epoch; stop when the best is `patience` epochs old."""
        if logs[self.monitor] < self.best - self.min_delta:
            self.best, self.best_epoch = logs[self.monitor], epoch
            if self.restore_best:
                self._best_parameters = self._network.parameters.copy()
        return epoch - self.best_epoch >= self.patience

    def on_fit_end(self) -> None:
        """Go back to the best epoch."""
        if self._best_parameters is not None:
            self._network.parameters = self._best_parameters
            self._best_parameters = None

    def __repr__(self) -> str:
        """Return the call that makes this object."""
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"min_delta={self.min_delta}, restore_best={self.restore_best})"
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
        if isinstance(member, EarlyStopping) and member.monitor not in recorded:
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
