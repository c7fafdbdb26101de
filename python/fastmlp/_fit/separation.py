"""The end of a perceptron: an epoch without a mistake, after which all samples are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp import _core
from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


def is_perceptron(trainer: Trainer) -> bool:
    """Return whether the loss has a gradient only where a sign output is wrong or unsure."""
    loss: Any = trainer.loss
    has_sign = isinstance(trainer.network._output_activation, _core.Sign)
    return has_sign and not is_custom_loss(loss) and bool(loss.labels_pm1)


def is_separated(trainer: Trainer, data: Dataset) -> bool:
    """Return whether all samples with a weight are on their side."""
    right = (trainer.network._native.predict(data.X) == data.targets).all(axis=1)
    return bool(right.all() if data.weights is None else right[np.asarray(data.weights) > 0].all())
