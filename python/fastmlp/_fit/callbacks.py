"""Callbacks of `fit`: `EarlyStopping` and `ReduceOnPlateau`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmlp._data.arrays import native
from fastmlp._data.validation import (
    InvalidArgument,
    check_bool,
    check_non_negative,
    check_positive,
    error_prefix,
    value_error,
)
from fastmlp._fit.monitor import Mode, Monitor

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


class EarlyStopping(Monitor):
    """Stop when a loss or metric has not improved for some epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        The number to watch: ``"loss"``, one of `metrics`, either with ``"val_"`` where there is a
        validation, or what a callback before this one adds to the logs.
    patience : int, default 5
        Epochs without improvement before the stop, at least 1.
    min_delta : float, default 0.0
        A change for the better by this much or less is no improvement.
    restore_best : bool, default True
        If True, the network ends with the parameters of its best epoch, and the trainer with the
        state of the optimizer there; also where Ctrl-C or another exception ends the training.
    mode : {"min", "max"}, default "min"
        Which is better: ``"max"`` for accuracy, AUC, F1 and R².

    Attributes
    ----------
    best : float
        The best value seen. For ``"loss"`` with `restore_best` it is that of the parameters that
        are restored: the loss of the training samples without dropout and noise, penalties
        included.
    best_epoch : int
        Its epoch, from 1; 0 before the first.

    Raises
    ------
    ValueError, TypeError
        A parameter out of its range or of the wrong kind.

    Notes
    -----
    The loss of an epoch is that of the parameters during it, not of those after it. So with
    ``"loss"`` the latter are evaluated where the former improved, and kept if they are better.
    Cost: one copy of the parameters and of the optimizer's state per epoch that improves, and for
    ``"loss"`` one forward pass over the samples. Source: Prechelt 1998.

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
        mode: Mode = "min",
    ) -> None:
        self.restore_best = check_bool(restore_best, "restore_best")
        super().__init__(monitor, patience, min_delta, mode)

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        super().on_fit_begin()
        self._kept: Any = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Keep the parameters of the best epoch; stop `patience` epochs after an improvement."""
        if self._improved(epoch, logs):
            self._compare(epoch, self._compared(logs))
        return epoch - self._waiting_since >= self.patience

    def _compared(self, logs: Mapping[str, float]) -> float:
        """Return the number by which epochs are compared, of the present parameters if possible."""
        loop = self._trainer._loop if self.restore_best and self.monitor == "loss" else None
        return logs[self.monitor] if loop is None else loop.training_loss()

    def _compare(self, epoch: int, value: float) -> None:
        if not self._cost(value) < self._cost(self.best):
            return
        kept = None
        if self.restore_best:
            kept = native(self._trainer.network.dtype).Snapshot()
            self._trainer._native.keep(kept)
        # Between these stores no interrupt is served, so all belong to one epoch.
        self.best, self.best_epoch, self._kept = value, epoch, kept

    def on_fit_end(self) -> None:
        """Restore the parameters of the best epoch."""
        if self._kept is not None:
            self._trainer._native.go_back(self._kept)
            self._kept = None

    def __repr__(self) -> str:
        """Return the call that makes this object."""
        return (
            f"EarlyStopping(monitor={self.monitor!r}, patience={self.patience}, "
            f"min_delta={self.min_delta}, restore_best={self.restore_best}, mode={self.mode!r})"
        )


class ReduceOnPlateau(Monitor):
    """Multiply the learning rate when a loss or metric has not improved for some epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        The number to watch, as for `EarlyStopping`.
    factor : float, default 0.1
        Factor on the rate, ``0 < factor < 1``.
    patience : int, default 10
        Epochs without improvement before that, at least 1; then counting restarts.
    min_delta : float, default 1e-4
        A change for the better by this much or less is no improvement.
    min_learning_rate : float, default 0.0
        The rate is not lowered to less than this.
    mode : {"min", "max"}, default "min"
        Which is better, as for `EarlyStopping`.

    Raises
    ------
    ValueError, TypeError
        A parameter out of its range or of the wrong kind.

    Notes
    -----
    It scales the rate of any schedule. Rprop and DeltaBarDelta, which read the learning rate only
    once, are refused.

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
        mode: Mode = "min",
    ) -> None:
        self.factor = check_positive(factor, "factor")
        if self.factor >= 1:
            raise value_error("factor", factor, "0 < factor < 1")
        self.min_learning_rate = check_non_negative(min_learning_rate, "min_learning_rate")
        super().__init__(monitor, patience, min_delta, mode)

    def set_trainer(self, trainer: Trainer) -> None:
        """Keep the trainer that is monitored; its rule must use its learning rate."""
        try:
            check_rate_is_used(trainer.optimizer)
        except InvalidArgument as error:
            raise error.named("ReduceOnPlateau") from None
        super().set_trainer(trainer)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Lower the rate when the best epoch, and the last lowering, are `patience` epochs old."""
        if self._improved(epoch, logs):
            self.best, self.best_epoch = logs[self.monitor], epoch
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
            f"min_learning_rate={self.min_learning_rate}, mode={self.mode!r})"
        )


def check_rate_is_used(optimizer: Any) -> None:
    """Raise if later changes of the learning rate have no effect.

    Some rules read it once, and methods that search have none.
    """
    if getattr(optimizer, "uses_initial_rate_only", True):
        raise value_error("optimizer", optimizer, "a rule that reads its rate at every step")
