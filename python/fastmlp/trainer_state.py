"""A trainer as ONE versioned dictionary: what its copies and pickles share.

::

    {"format": "fastmlp.trainer", "version": 1, "network": Network, "loss": CrossEntropy(),
     "optimizer": Adam(), "batch_size": 32, "seed": 0, "l1": 0.0, "l2": 0.0,
     "regularize_biases": False, "shuffle": True,
     "progress": {"n_steps": 7, "epoch_number": 1, "first_epoch": 0, "presented": 64,
                  "rate_epoch": 0, "rate": 0.0, "scale": 1.0},
     "state": {"m": array, "v": array}, "iterate": None}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp import checks, state
from fastmlp._data import arrays
from fastmlp._fit.settings import TrainerSettings

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

FORMAT = "fastmlp.trainer"
VERSION = 1
SETTINGS = TrainerSettings.names()
PARTS = ("network", *SETTINGS, "progress", "state", "iterate")
COUNTS = {  # of the progress, with the largest value that the core can hold
    "n_steps": checks.LARGEST_INTEGER,
    "epoch_number": checks.LARGEST_EPOCH,
    "first_epoch": checks.LARGEST_EPOCH,
    "presented": checks.LARGEST_INTEGER,
    "rate_epoch": checks.LARGEST_EPOCH,
}


def describe_trainer(trainer: Trainer) -> dict[str, Any]:
    """Return a trainer as the dictionary above, with copies of its arrays."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "network": trainer.network,
        **{name: getattr(trainer, name) for name in SETTINGS},
        "progress": trainer._native.progress,
        "state": {name: array.copy() for name, array in trainer.state.items()},
        "iterate": trainer._native.iterate,
    }


def read_settings(values: Any, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of a trainer, and its progress; refuse damage."""
    state.check_parts(values, FORMAT, VERSION, PARTS, where)
    settings = {name: values[name] for name in ("network", *SETTINGS)}
    checks.integer(settings["seed"], "seed", where, least=0, most=checks.LARGEST_SEED)
    return settings, _read_progress(values["progress"], where)


def restore(trainer: Trainer, values: Mapping[str, Any], where: str) -> None:
    """Put the optimizer's vectors and numbers into a new trainer."""
    _check_names(values["state"], "state", trainer.state, where)
    for name, array in trainer.state.items():
        given = values["state"][name]
        np.copyto(array, arrays.as_shape(given, array.shape, array.dtype, f"state[{name!r}]"))
    if values["iterate"] is not None:
        if trainer.optimizer.average is None:
            expected = "None, as the optimizer keeps no average"
            checks.refuse_value(where, "iterate", values["iterate"], expected)
        shape, dtype = (trainer.network.n_parameters,), trainer.network.dtype
        trainer._native.iterate = arrays.as_shape(values["iterate"], shape, dtype, "iterate")


def _read_progress(progress: Any, where: str) -> dict[str, Any]:
    _check_names(progress, "progress", {*COUNTS, "rate", "scale"}, where)
    counts = {
        name: checks.integer(progress[name], name, where, least=0, most=most)
        for name, most in COUNTS.items()
    }
    rate = checks.not_negative(progress["rate"], "rate", where)
    return {**counts, "rate": rate, "scale": checks.positive(progress["scale"], "scale", where)}


def _check_names(given: Any, name: str, names: Any, where: str) -> None:
    """Refuse what is no dictionary of just these names."""
    if not isinstance(given, Mapping):
        checks.refuse_kind(where, name, given, "a dictionary")
    if set(given) != set(names):
        expected = ", ".join(sorted(names)) or "nothing"
        checks.refuse_value(where, name, sorted(map(str, given)), f"a dictionary of {expected}")
