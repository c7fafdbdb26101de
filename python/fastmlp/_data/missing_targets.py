"""Targets that are missing: nan in y, which ``missing="mask"`` leaves out of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import FloatArray
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.sequences import steps_before_end
from fastmlp._data.validation import InvalidValue, type_error, value_error

if TYPE_CHECKING:
    from fastmlp.network import Network


def check_missing(value: Any) -> str | None:
    """Return None or "mask"."""
    if value is not None and not isinstance(value, str):
        raise type_error("missing", value, "None or 'mask'")
    if value not in (None, "mask"):
        raise value_error("missing", value, "None or 'mask'")
    return value


def weights_of_present(
    network: Network,
    loss: Any,
    targets: NDArray[Any],
    weights: FloatArray | None,
    lengths: NDArray[np.int64] | None,
    missing: Any,
) -> FloatArray | None:
    """Return the sample weights, 0 for samples without any target; raise at classes."""
    check_missing(missing)
    if network._output_activation.predicts_classes or targets.dtype == np.int64:
        raise InvalidValue(
            f"missing={missing!r} with outputs that are the classes of one target, expected "
            f"targets of their own; give whole samples sample_weight 0"
        )
    present = ~np.isnan(targets).reshape(len(targets), -1)
    if lengths is not None and len(network.output_shape) > 1 and not is_custom_loss(loss):
        used = steps_before_end(lengths, network.output_shape[0])
        present &= np.repeat(used, present.shape[1] // used.shape[1], axis=1)
    some = present.any(axis=1)
    if some.all():
        return weights
    kept = np.ones(len(targets), network.dtype) if weights is None else weights
    return np.where(some, kept, 0).astype(network.dtype)
