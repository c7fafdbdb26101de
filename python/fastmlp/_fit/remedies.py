"""What is wrong with a layer by what a batch shows of it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastmlp.diagnosis import LayerDiagnosis

# Of the error signal of the output layer, and of the last step; a gradient that is kept over
# hundreds of steps may grow with their number.
FADES, EXPLODES, EXPLODES_OVER_TIME = 1e-3, 100.0, 1000.0
MOST = 0.5  # of a layer's values or units


def judged(found: Sequence[LayerDiagnosis], layers: Sequence[Any]) -> list[LayerDiagnosis]:
    """Add to each layer what is wrong with it; an output may well be flat, being sure."""
    judged: list[LayerDiagnosis] = []
    reference, blocked = found[-1].signal, False
    parametric = [layer for layer in layers if layer.has_parameters]
    for layer, report in zip(reversed(parametric), reversed(found), strict=True):
        troubles: dict[str, str] = {}
        if judged:  # a hidden layer
            troubles |= _flat(report)
        blocked = blocked or bool(troubles)  # the layers before it receive little: one cause
        troubles |= _faded(report, reference, blocked) | _over_time(report, layer)
        advice = "; ".join(troubles.values())
        judged.append(report._replace(trouble=", ".join(troubles), advice=advice))
    return judged[::-1]


def _flat(report: LayerDiagnosis) -> dict[str, str]:
    if report.dead >= MOST:
        text = (
            f"{report.dead:.0%} of the units are dead, their slope is 0 for all samples; use "
            f"leaky_relu, a smaller learning_rate, or biases of 0"
        )
        return {"dead": text}
    if report.saturated >= MOST:
        text = (
            f"{report.saturated:.0%} of the outputs are saturated, at a limit of the activation; "
            f"scale the inputs or the weights down, or use relu"
        )
        return {"saturated": text}
    return {}


def _faded(report: LayerDiagnosis, reference: float, blocked: bool) -> dict[str, str]:
    if not np.isfinite(report.signal) or not np.isfinite(report.gradient_norm):
        text = "the gradient is exploding, it is not finite; use smaller weights or scale the data"
        return {"exploding": text}
    if report.signal > EXPLODES * reference > 0:
        text = (
            f"the gradient is exploding, {report.signal / reference:.2g} times that at the output; "
            f"use clip_norm, or smaller weights such as those of he_normal"
        )
        return {"exploding": text}
    if report.signal < FADES * reference and not blocked:
        text = (
            f"the gradient is vanishing, {report.signal / reference:.2g} of that at the output; "
            f"use relu with init='he_normal', fm.Skip, or fewer layers"
        )
        return {"vanishing": text}
    return {}


def _over_time(report: LayerDiagnosis, layer: Any) -> dict[str, str]:
    signals = report.over_time
    if signals is None or layer.bidirectional or not np.isfinite(signals).all():
        return {}  # in both directions either end is the last step of one of them
    last = float(signals[-1])
    if signals.max() > EXPLODES_OVER_TIME * last > 0:
        text = (
            f"the gradient is exploding over time, {signals.max() / last:.2g} times that of the "
            f"last of {len(signals)} steps; use clip_norm, or a smaller recurrent_init"
        )
        return {"exploding": text}
    if signals.min() < FADES * last:
        text = (
            f"the gradient is vanishing over time, {signals.min() / last:.2g} of that of the last "
            f"of {len(signals)} steps; use fm.LSTM with forget_bias, or shorter sequences"
        )
        return {"vanishing": text}
    return {}
