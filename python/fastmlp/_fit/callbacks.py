"""Callbacks of `fit`: the base class, `EarlyStopping` and `ReduceOnPlateau`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.arrays import native
from fastmlp._data.validation import (
    InvalidArgument,
    check_bool,
    check_int,
    check_non_negative,
    check_positive,
    error_prefix,
    value_error,
)

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


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
        """Act after epoch 1, 2, ... with its losses; return True to stop, else False or None."""

    def on_fit_end(self) -> None:
        """Act after the last epoch, also where Ctrl-C or another exception ended the training."""


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
        self._lowest, self._waiting_since = np.inf, 0

    def state_dict(self) -> dict[str, Any]:
        """Return what the callback has in memory, for checkpoints."""
        names = ("best", "best_epoch", "_lowest", "_waiting_since", "_kept")
        return {name: value for name, value in vars(self).items() if name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, after `on_fit_begin`."""
        vars(self).update({name: state[name] for name in self.state_dict()})

    def _improved(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Return whether the loss fell below all before; then waiting starts again."""
        improved = logs[self.monitor] < self._lowest - self.min_delta
        if improved:
            self._lowest, self._waiting_since = logs[self.monitor], epoch
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
        If True, the network ends with the parameters of its best epoch, and the trainer with the
        state of the optimizer there; also where Ctrl-C or another exception ends the training.

    Attributes
    ----------
    best : float
        The lowest loss seen. For ``"loss"`` with `restore_best` it is that of the parameters that
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
    ) -> None:
        self.restore_best = check_bool(restore_best, "restore_best")
        super().__init__(monitor, patience, min_delta)

    def on_fit_begin(self) -> None:
        """Reset at the start of a run."""
        super().on_fit_begin()
        self._kept: Any = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Keep the parameters of the best epoch; stop `patience` epochs after an improvement."""
        if self._improved(epoch, logs):
            self._compare(epoch, self._loss(logs))
        return epoch - self._waiting_since >= self.patience

    def _loss(self, logs: Mapping[str, float]) -> float:
        """Return the loss by which epochs are compared, of the present parameters if possible."""
        loop = self._trainer._loop if self.restore_best and self.monitor == "loss" else None
        return logs[self.monitor] if loop is None else loop.training_loss()

    def _compare(self, epoch: int, loss: float) -> None:
        if not loss < self.best:
            return
        kept = None
        if self.restore_best:
            kept = native(self._trainer.network.dtype).Snapshot()
            self._trainer._native.keep(kept)
        # Between these stores no interrupt is served, so all belong to one epoch.
        self.best, self.best_epoch, self._kept = loss, epoch, kept

    def on_fit_end(self) -> None:
        """Restore the parameters of the best epoch."""
        if self._kept is not None:
            self._trainer._native.go_back(self._kept)
            self._kept = None

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
    ) -> None:
        self.factor = check_positive(factor, "factor")
        if self.factor >= 1:
            raise value_error("factor", factor, "0 < factor < 1")
        self.min_learning_rate = check_non_negative(min_learning_rate, "min_learning_rate")
        super().__init__(monitor, patience, min_delta)

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
            f"min_learning_rate={self.min_learning_rate})"
        )


def check_rate_is_used(optimizer: Any) -> None:
    """Raise if later changes of the learning rate have no effect.

    Some rules read it once, and methods that search have none.
    """
    if getattr(optimizer, "uses_initial_rate_only", True):
        raise value_error("optimizer", optimizer, "a rule that reads its rate at every step")
