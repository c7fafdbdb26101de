"""Targets that are missing: nan in y, which ``missing="mask"`` leaves out of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data import arrays
from fastmlp._data.sequences import steps_before_end
from fastmlp._data.targets import TargetSpec
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


def terms_present(
    network: Network,
    spec: TargetSpec,
    targets: NDArray[Any],
    lengths: NDArray[np.int64] | None,
    missing: Any,
) -> NDArray[np.bool_]:
    """Return ``(n, n_terms)``, False after the end of a sequence and for missing targets.

    Raises at missing classes. A loss in Python may have targets of another shape.
    """
    present = np.ones((len(targets), spec.n_terms), bool)
    if check_missing(missing):
        if network._output_activation.predicts_classes:
            raise InvalidValue(
                f"missing={missing!r} with outputs that are the classes of one target, expected "
                f"targets of their own; give whole samples sample_weight 0"
            )
        if targets.dtype != np.int64:
            present = ~np.isnan(arrays.flat_rows(targets))
    if lengths is not None and len(network.output_shape) > 1 and not spec.any_shape:
        used = steps_before_end(lengths, network.output_shape[0])
        present &= np.repeat(used, present.shape[1] // used.shape[1], axis=1)
    return present
