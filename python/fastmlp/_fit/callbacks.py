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
        The value to monitor: ``"loss"`` or one of `metrics`, with the prefix ``"val_"`` for
        validation samples, or a value that an earlier callback adds to the logs.
    patience : int, default 5
        Number of epochs without improvement after which training stops, at least 1.
    min_delta : float, default 0.0
        Changes by this much or less do not count as an improvement.
    restore_best : bool, default True
        If True, the parameters of the best epoch are restored at the end, with the optimizer state
        of that epoch in a trainer, even if Ctrl-C or another exception ends training.
    mode : {"min", "max"}, default "min"
        Whether smaller or larger values are better: ``"max"`` for accuracy, AUC, F1 and R².

    Attributes
    ----------
    best : float
        The best value so far. For ``"loss"`` with `restore_best` it is the loss of the restored
        parameters on the training samples, without dropout and noise, including penalties.
    best_epoch : int
        The epoch of the best value, counted from 1; 0 before the first.

    Raises
    ------
    ValueError, TypeError
        A parameter is out of range or has the wrong type.

    Notes
    -----
    The recorded training loss of an epoch is computed while the parameters change. With ``"loss"``
    the parameters after the epoch are therefore evaluated whenever the recorded loss has improved,
    and kept if their loss is lower. Cost: one copy of the parameters and the optimizer state per
    improving epoch, and for ``"loss"`` one forward pass over the samples. Source: Prechelt 1998.

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
        """Return the value by which epochs are compared, for the current parameters if possible."""
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

    def __getstate__(self) -> dict[str, Any]:
        """Leave the parameters kept, which are this run's, out of copies and pickles."""
        return {**vars(self), "_kept": None}

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
        The value to monitor, as for `EarlyStopping`.
    factor : float, default 0.1
        Factor by which the learning rate is multiplied, ``0 < factor < 1``.
    patience : int, default 10
        Number of epochs without improvement before the rate is lowered, at least 1; counting then
        restarts.
    min_delta : float, default 1e-4
        Changes by this much or less do not count as an improvement.
    min_learning_rate : float, default 0.0
        Lower bound of the learning rate.
    mode : {"min", "max"}, default "min"
        Whether smaller or larger values are better, as for `EarlyStopping`.

    Raises
    ------
    ValueError, TypeError
        A parameter is out of range or has the wrong type.

    Notes
    -----
    It works with any schedule, which it scales. Rprop and DeltaBarDelta raise an error, because
    they read the learning rate only once.

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
        """Store the trainer; its optimizer must use the learning rate in every step."""
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
