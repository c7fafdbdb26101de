"""Callbacks that keep models and records: files, and the libraries that collect experiments."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmlp._data.extras import require
from fastmlp._data.validation import InvalidValue, check_bool, error_prefix, value_error
from fastmlp._fit.monitor import Callback, Mode, Monitor, Watcher
from fastmlp._io import atomic

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

Path = str | os.PathLike[str]


class ModelCheckpoint(Monitor):
    """Save the trainer after epochs: ``fm.load(path)`` is its network.

    Parameters
    ----------
    path : str or path-like
        The file, replaced as a whole.
    monitor : str, default "val_loss"
        The number to watch, as for `EarlyStopping`.
    best_only : bool, default True
        If True, save only where it is better than all before.
    mode : {"min", "max"}, default "min"
        Which is better, as for `EarlyStopping`.

    Notes
    -----
    `checkpoint` of `Network.fit` is for runs that have to go on after a stop.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "best.safetensors")
    >>> net = fm.Network([1, 1], seed=0)
    >>> _ = net.fit([[0], [1]], [0, 1], epochs=3, callbacks=[fm.ModelCheckpoint(path, "loss")])
    >>> fm.load(path).epochs_trained
    3
    """

    first_rank_only = True

    @error_prefix("ModelCheckpoint")
    def __init__(
        self,
        path: Path,
        monitor: str = "val_loss",
        best_only: bool = True,
        mode: Mode = "min",
    ) -> None:
        self.path, self.best_only = os.fspath(path), check_bool(best_only, "best_only")
        super().__init__(monitor, 1, 0.0, mode)

    def set_trainer(self, trainer: Trainer) -> None:
        """Keep the trainer, and look whether there is a folder for the file."""
        super().set_trainer(trainer)
        atomic.check_folder(self.path, "ModelCheckpoint: path")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Save the trainer, where its loss is the best."""
        improved = self._improved(epoch, logs)
        if improved:
            self.best, self.best_epoch = logs[self.monitor], epoch
        if improved or not self.best_only:
            self._trainer.save(self.path)

    def __repr__(self) -> str:
        """Return the call that makes this object."""
        return (
            f"ModelCheckpoint({self.path!r}, {self.monitor!r}, best_only={self.best_only}, "
            f"mode={self.mode!r})"
        )


class CSVLogger(Callback):
    """Write a line of losses per epoch to a CSV file, which a run that goes on continues.

    A value that some epochs do not have is empty there. The column "epoch" is always the number of
    the epoch: a metric of this name has no column.

    Parameters
    ----------
    path : str or path-like
        The file; a new run replaces it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "losses.csv")
    >>> net = fm.Network([1, 1], init="zeros")
    >>> _ = net.fit([[0]], [1], epochs=1, callbacks=[fm.CSVLogger(path)])
    >>> print(path.read_text())
    epoch,loss
    1,0.5
    <BLANKLINE>
    """

    first_rank_only = True

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)

    def set_trainer(self, trainer: Trainer) -> None:
        """Look whether there is a folder for the file."""
        atomic.check_folder(self.path, "CSVLogger: path")

    def on_fit_begin(self) -> None:
        """Begin a new file at the first epoch."""
        self._size, self._n_rows, self._names = 0, 0, list[str]()
        self._kept = list[dict[str, str]]()  # rows before a stop, to be written again

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Write a line; all of them again where there is a new column, or after a stop."""
        lines = [{**{name: repr(float(x)) for name, x in logs.items()}, "epoch": str(epoch)}]
        new = [name for name in ("epoch", *logs) if name not in self._names]
        if new and self._size:
            self._kept = self._read(self._size)
        if new:
            self._size, self._names = 0, list(dict.fromkeys([*self._names, *new]))
        lines, self._kept = [*self._kept, *lines], []
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._names, restval="", lineterminator="\n")
        if self._size == 0:
            writer.writeheader()
        writer.writerows(lines)
        data = text.getvalue().encode()
        if len(lines) > 1:
            atomic.write(self.path, [data])
        else:
            with open(self.path, "r+b" if self._size else "wb") as file:
                file.seek(self._size)
                file.truncate()
                file.write(data)
        self._size, self._n_rows = self._size + len(data), self._n_rows + 1

    def _read(self, size: int = -1) -> list[dict[str, str]]:
        """Return the rows in the file, or in so many bytes of it, and take over its columns."""
        with open(self.path, "rb") as file:
            reader = csv.DictReader(io.StringIO(file.read(size).decode(), newline=""))
        self._names = list(reader.fieldnames or ())
        return list(reader)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of rows so far, and the columns."""
        return {"rows": self._n_rows, "names": self._names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after these rows."""
        try:
            rows = self._read(state.get("size", -1))  # in bytes, before there were rows
        except FileNotFoundError:
            expected = "the file of the run that goes on; without it remove the checkpoint too"
            raise value_error("CSVLogger: path", self.path, expected) from None
        n, names = state.get("rows", len(rows)), state.get("names", self._names)
        if len(rows) < n or not set(names).issubset(self._names):
            found = f"{len(rows)} rows of {self._names}"
            raise InvalidValue(f"CSVLogger: {self.path!r} has {found}, expected {n} of {names}")
        self._kept = [{name: row[name] for name in names} for row in rows[:n]]
        self._n_rows, self._names = n, list(names)


class Logging(Callback):
    """Log the losses of each epoch as information to a logger of Python.

    Parameters
    ----------
    logger : str, default "fastmlp"
        Its name.

    Examples
    --------
    >>> import logging, sys
    >>> import fastmlp as fm
    >>> logging.getLogger("first").setLevel("INFO")
    >>> logging.getLogger("first").addHandler(logging.StreamHandler(sys.stdout))
    >>> net = fm.Network([1, 1], init="zeros")
    >>> _ = net.fit([[0]], [1], epochs=1, callbacks=[fm.Logging("first")])
    epoch 1: loss=0.5
    """

    first_rank_only = True

    def __init__(self, logger: str = "fastmlp") -> None:
        self.logger = logger

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Log the losses."""
        import logging

        losses = ", ".join(f"{name}={value:.6g}" for name, value in logs.items())
        logging.getLogger(self.logger).info("epoch %d: %s", epoch, losses)


class TensorBoard(Callback):
    """Write the losses for TensorBoard into a folder; needs tensorboard.

    Parameters
    ----------
    folder : str or path-like
        The folder of the run; ``tensorboard --logdir`` reads it.

    Examples
    --------
    >>> import fastmlp as fm
    >>> logs = fm.TensorBoard("runs/first")  # of fit(callbacks=[logs]); tensorboard --logdir runs
    """

    first_rank_only = True

    def __init__(self, folder: Path) -> None:
        self.folder = os.fspath(folder)

    def on_fit_begin(self) -> None:
        """Open a new file in the folder."""
        self._writer = require("tensorboard.summary", "TensorBoard", "records").Writer(self.folder)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Write the losses."""
        for name, value in logs.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def on_fit_end(self) -> None:
        """Close the file."""
        self._writer.close()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open file out of copies and pickles."""
        return {name: value for name, value in vars(self).items() if name != "_writer"}


class MLflow(Callback):
    """Log the trainer's settings and losses to the active run of MLflow; needs mlflow.

    Examples
    --------
    >>> import fastmlp as fm
    >>> logs = fm.MLflow()  # of fit(callbacks=[logs]), within mlflow.start_run()
    """

    first_rank_only = True

    def set_trainer(self, trainer: Trainer) -> None:
        """Log the settings, with the network's call."""
        mlflow = require("mlflow", "MLflow", "records")
        names = ("optimizer", "loss", "batch_size", "seed", "l1", "l2", "network")
        mlflow.log_params({name: repr(getattr(trainer, name)) for name in names})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Log the losses."""
        require("mlflow", "MLflow", "records").log_metrics(dict(logs), step=epoch)


class OptunaPruning(Watcher):
    """Report a loss to a trial of Optuna, and end the training where it is pruned.

    Parameters
    ----------
    trial : optuna.Trial
        The trial that an objective receives; ``optuna.TrialPruned`` ends `fit` with it.
    monitor : str, default "val_loss"
        The loss or metric that is reported.

    Examples
    --------
    >>> import fastmlp as fm
    >>> def objective(trial):
    ...     pruning = fm.OptunaPruning(trial, "loss")
    ...     rate = trial.suggest_float("rate", 1e-4, 1, log=True)
    ...     net = fm.Network([1, 1], seed=0)
    ...     history = net.fit([[0]], [1], optimizer=fm.SGD(rate), epochs=9, callbacks=[pruning])
    ...     return history["loss"][-1]
    """

    @error_prefix("OptunaPruning")
    def __init__(self, trial: Any, monitor: str = "val_loss") -> None:
        self.trial = trial
        super().__init__(monitor)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Report the loss; raise where the trial is pruned."""
        value = self._value(logs)
        self.trial.report(value, epoch)
        if self.trial.should_prune():
            optuna = require("optuna", "OptunaPruning", "records")
            raise optuna.TrialPruned(f"{self.monitor}={value:.6g} in epoch {epoch}")
