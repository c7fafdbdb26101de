"""Files of trainers, and checkpoints, from which a run goes on bit for bit."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fastmlp._data.arrays import native
from fastmlp._data.validation import (
    InvalidValue,
    check_int,
    error_prefix,
    short_repr,
    type_error,
    value_error,
)
from fastmlp._fit import carrying
from fastmlp._fit.settings import NATIVE_SNAPSHOTS, TrainerSettings, reseed
from fastmlp._io import atomic, files, functions, layout, serialization
from fastmlp._io.members import MEMBERS
from fastmlp.layers import own_activations

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

NETWORK = ("dtype", "inputs", "layers")
SETTINGS = [name for name in TrainerSettings._fields if name not in ("seed", "n_threads")]


@error_prefix("Trainer.save")
def save(self: Trainer, path: files.Path) -> None:
    """Write the trainer with its network to a file, from which `Trainer.load` goes on.

    The file is replaced as a whole, as by `Network.save`; `fm.load` reads its network.
    """
    files.save(path, _values(self))


@error_prefix("Trainer.load")
def load(
    cls: type[Trainer],
    path: files.Path,
    *,
    loss: Any = None,
    learning_rate: Any = None,
    activation: Any = None,
    max_time_steps: int = layout.MAX_TIME_STEPS,
) -> Trainer:
    """Return the trainer of a file; training goes on as if never stopped, bit for bit.

    Parameters
    ----------
    path : str or path-like
        A file of `save` or a checkpoint.
    loss, learning_rate : callable, optional
        The functions in Python that the trainer had, which files do not contain.
    activation : Activation or (f, derivative), or a list of them, optional
        The network's own activations, as in `fastmlp.load`.
    max_time_steps : int, default 20000
        The most steps of all recurrent layers together, as in `fastmlp.load`.

    Raises
    ------
    ModelFileError
        The file is damaged, foreign, of a later version, or of a network without trainer.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import os, tempfile
    >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0))
    >>> path = os.path.join(tempfile.mkdtemp(), "run.ckpt")
    >>> trainer.save(path)
    >>> fm.Trainer.load(path).epoch([[1]], [2]) == trainer.epoch([[1]], [2])
    True
    """
    given = {"loss": loss, "learning_rate": learning_rate}
    given = {name: value for name, value in given.items() if value is not None}
    kind, own = serialization.TRAINER_FORMAT, functions.activations(activation)
    trainer: Trainer = files.restore(path, "Trainer.load", kind, given | own, max_time_steps)
    functions.check_all_used([trainer.network], activation)
    for name, value in given.items():
        owner = trainer if name == "loss" else trainer.optimizer
        if getattr(owner, name, None) is not value:
            raise InvalidValue(f"{name}={short_repr(value)}, expected none: the file has its own")
    loaded = cls.__new__(cls)
    loaded._become(trainer, {})
    return loaded


def _values(trainer: Trainer) -> dict[str, Any]:
    network = files.network_values(trainer.network)
    return {**serialization.pickled_trainer(trainer), "network": network}


class Checkpoint:
    """The file of a run: the trainer after an epoch, how the run ended, memories of callbacks."""

    def __init__(self, path: files.Path, every: int) -> None:
        self._path = path
        self.every = every
        self.undo = _nothing  # what `resume` has done to the trainer

    @classmethod
    def checked(cls, path: Any, every: Any) -> Self | None:
        """Return the checkpoint of a call's arguments, None without a path."""
        every = check_int(every, "checkpoint_every", min=1)
        if path is None:
            return None
        if not isinstance(path, (str, os.PathLike)):
            raise type_error("checkpoint", path, "a path")
        return cls(path, every)

    def is_due(self, epoch: int) -> bool:
        """Return whether the file is written after this epoch."""
        return epoch % self.every == 0

    def epochs_left(self, epoch: int) -> int:
        """Return the number of epochs from this one to the next file."""
        return self.every - epoch % self.every

    def write(self, trainer: Trainer, callbacks: Sequence[Any], run: Mapping[str, Any]) -> None:
        """Replace the file."""
        memories = [_memory(trainer, callback) for callback in callbacks]
        files.save(self._path, {**_values(trainer), "run": {**run, "callbacks": memories}})

    def resume(self, trainer: Trainer, callbacks: Sequence[Any], caller: str) -> Any:
        """Bring the trainer to where the file is, if there is one; return ``"run"`` of it."""
        rate = getattr(trainer.optimizer, "learning_rate", None)
        given = {"loss": trainer.loss, "learning_rate": rate}
        given = {n: f for n, f in given.items() if callable(f) and not isinstance(f, MEMBERS)}
        given |= functions.activations(own_activations(trainer.network.layers) or None)

        def made(values: dict[str, Any]) -> dict[str, Any]:
            run = _checked(trainer, callbacks, values)
            self.undo = _undoing(trainer)
            _adopt(trainer, values)
            return run

        def look() -> None:
            if ranks.is_first:
                atomic.check_folder(self._path, where)

        ranks, where = trainer._ranks, f"{caller}: checkpoint"
        ranks.agree(look)
        try:
            with ranks.file_of_first(self._path) as path:
                return ranks.agree(lambda: files.read(path, where, given, made))
        except FileNotFoundError:
            return None

    def recall(self, trainer: Trainer, callbacks: Sequence[Any], memories: Any) -> None:
        """Give the callbacks what they had in memory; the run goes on then."""
        for callback, memory in zip(callbacks, memories, strict=True):
            is_called = trainer._ranks.is_first or not getattr(callback, "first_rank_only", False)
            if is_called and memory["state"] is not None:
                state = {name: _snapshot(trainer, value) for name, value in memory["state"].items()}
                callback.load_state_dict(state)
        self.undo = _nothing


def _nothing() -> None:
    """Stand for `Checkpoint.undo` where the trainer is as it was, or goes on."""


def _undoing(trainer: Trainer) -> Callable[[], None]:
    """Return a function that brings trainer and network back to what they are now."""
    network, parts = trainer.network, (dict(vars(trainer)), dict(vars(trainer.network)))
    parameters, state = network.parameters.copy(), trainer._native.state_dict()

    def undo() -> None:
        for owner, values in zip((trainer, network), parts, strict=True):
            vars(owner).clear()
            vars(owner).update(values)
        trainer._native.load_state_dict(state)
        np.copyto(network.parameters, parameters)

    return undo


def _checked(trainer: Trainer, callbacks: Sequence[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return ``"run"`` of a file's values, which has to be one of the same settings."""
    network, run = trainer.network, values.get("run")
    if run is None:
        raise InvalidValue("it has no run, expected the checkpoint of one; use fm.load")
    saved = values["network"]
    later = serialization.LATER
    here = {**later, **serialization.pickled_trainer(trainer), **network.__getstate__()}
    pairs = {name: (saved[name], here[name]) for name in NETWORK}
    pairs["precision"] = saved.get("precision"), network.precision
    values = {**later, **values}
    pairs |= {name: (values[name], here[name]) for name in SETTINGS}
    kinds = [type(callback).__name__ for callback in callbacks]
    pairs["callbacks"] = [memory["kind"] for memory in run["callbacks"]], kinds
    for name, (found, expected) in pairs.items():
        if found != expected:
            raise InvalidValue(
                f"it is of a run with {name}={short_repr(found)}, expected "
                f"{short_repr(expected)}; give another path, or remove the file"
            )
    for callback, memory in zip(callbacks, run["callbacks"], strict=True):
        if memory["state"] is not None and not hasattr(callback, "load_state_dict"):
            expected = "an object with load_state_dict, as the file has a state of it"
            raise value_error("callbacks", callback, expected)
    return {**run, "losses": saved["history"]["losses"]}


def _adopt(trainer: Trainer, values: dict[str, Any]) -> None:
    """Put the file's values into the trainer."""
    network, saved = trainer.network, values["network"]
    reseed(trainer, values["seed"])
    serialization.load_state(trainer, values["state"])
    carrying.load(network, values)
    layout.assign(network, saved["parameters"])
    vars(network)["seed"] = saved["seed"]
    network.epochs_trained = saved["epochs_trained"]


def _memory(trainer: Trainer, callback: Any) -> dict[str, Any]:
    """Return the kind of a callback and its `state_dict`, with snapshots as arrays."""
    state = callback.state_dict() if hasattr(callback, "state_dict") else None
    if state is not None:
        state = {name: _arrays(trainer, value) for name, value in state.items()}
    return {"kind": type(callback).__name__, "state": state}


def _arrays(trainer: Trainer, value: Any) -> Any:
    if not isinstance(value, NATIVE_SNAPSHOTS):
        return value
    twin = copy.copy(trainer)
    twin._native.go_back(value)
    w = twin.network.parameters
    state = twin._native.state_dict()
    return {"snapshot": {"parameters": layout.named(twin.network, w), "state": state}}


def _snapshot(trainer: Trainer, value: Any) -> Any:
    if not isinstance(value, Mapping) or set(value) != {"snapshot"}:
        return value
    twin, kept = copy.copy(trainer), value["snapshot"]
    layout.assign(twin.network, kept["parameters"])
    serialization.load_state(twin, kept["state"])
    snapshot = native(trainer.network.dtype).Snapshot()
    twin._native.keep(snapshot)
    return snapshot
