"""Losses and updates that are not finite: which number it is, and what may help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._fit.status import warn

if TYPE_CHECKING:
    from fastmlp._fit.epoch_result import EpochResult
    from fastmlp.network import Network
    from fastmlp.trainer import Trainer

SCALE = "scale X and y, as in X = (X - X.mean(0)) / X.std(0)"
REMEDY = f"{SCALE}, or try a smaller learning_rate"


def describe_failure(trainer: Trainer, epoch: int, result: EpochResult) -> tuple[str, str]:
    """Return what ended a run in this epoch of it, with "not_finite", and what to do."""
    place = f"in epoch {epoch}, step {result.n_steps + 1}"
    rate = "use a first-order optimizer"
    if trainer._native.can_diverge:
        rate = f"try a smaller learning_rate (now {trainer.learning_rate:.6g}) or clip_norm"
    if defect := describe_defect(trainer):
        return f"{defect}, {place}", f"{SCALE}, or {rate}"
    what = f"the loss became {result.loss} {place}"
    if epoch > 1 or result.n_steps > 0:
        return what, f"{rate}, and scale X and y"
    other = "or use dtype='float64'" if trainer.network.dtype == np.float32 else "or the data"
    advice = f"{SCALE}, check a custom loss, {other}"
    return what, f"it was so before any update, so no learning_rate can help; {advice}"


def describe_defect(trainer: Trainer) -> str:
    """Return which number is not finite, such as "v of weights[0][1, 5]"; "" where all are."""
    found = trainer._native.take_defect()
    if found is None:
        return ""
    name, index = found
    where = parameter_name(trainer.network, index)
    if name == "w":
        return f"{where} is not finite after the update"
    if name == "gradient":
        return f"the gradient by {where} is not finite"
    of = f" of {where}" if len(trainer._native.state.get(name, ())) > 1 else ""
    return f"the optimizer's {name}{of} is not finite after the update"


def checked_update(trainer: Trainer, value: float, caller: str) -> float:
    """Return the value of an update; warn where it is nan because the update was not made."""
    if math.isnan(value) and (text := describe_defect(trainer)):
        warn(f"{caller}: no update was made, because {text}; {REMEDY}")
    return value


def warn_of_defect(trainer: Trainer, caller: str) -> None:
    """Warn if the last epoch ended because an update or its result is not finite."""
    if text := describe_defect(trainer):
        warn(f"{caller}: {text}; {REMEDY}")


def parameter_name(network: Network, index: int) -> str:
    """Return the name of an entry of the flat vector: ``weights[l][i, j]`` or ``biases[l][j]``."""
    native, flat = network._native, network.parameters
    for l in range(native.n_layers):  # noqa: E741
        for name, view in (("weights", native.weight(l)), ("biases", native.bias(l))):
            if view is None:
                continue
            begin = (view.ctypes.data - flat.ctypes.data) // flat.itemsize
            if begin <= index < begin + view.size:
                order: Any = "F" if view.strides[0] < view.strides[-1] else "C"
                position = np.unravel_index(index - begin, view.shape, order=order)
                return f"{name}[{l}][{', '.join(map(str, position))}]"
    return f"parameters[{index}]"
