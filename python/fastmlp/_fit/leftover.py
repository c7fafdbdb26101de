"""Samples that do not fill a batch and join the next pass: ``epoch(..., carry=True)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue, check_int, type_error

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

Indices = NDArray[np.int64]

NO_SAMPLES: Indices = np.empty(0, np.int64)


def joined(trainer: Trainer, order: Indices | None, n_samples: int) -> tuple[Indices, int, Indices]:
    """Return the order of whole batches, after those carried here, their number, and what is left.

    The first batch has the carried samples too.
    """
    name = "X" if order is None else "order"
    rows = trainer._native.order(n_samples) if order is None else order
    size = trainer.batch_size or len(rows)
    carried = trainer._leftover
    if trainer.carry_state:
        raise InvalidValue(
            "carry=True makes first batches larger, expected False, as carry_state=True: sample i "
            "of a batch goes on in the next"
        )
    if len(rows) < size:
        raise InvalidValue(
            f"{name} has {len(rows)} samples, expected at least batch_size={size}, as carry=True "
            "uses whole batches alone"
        )
    if len(carried) and carried.max() >= n_samples:
        raise InvalidValue(
            f"X has {n_samples} samples, expected those of the last call, whose sample "
            f"{carried.max()} is carried"
        )
    end = len(rows) - len(rows) % size
    return np.concatenate([carried, rows[:end]]), len(carried), rows[end:].copy()


def entries(trainer: Trainer) -> dict[str, Any]:
    """Return the part of a trainer's dictionary, none where nothing is left."""
    left = trainer._leftover.tolist()
    return {"carried_samples": left} if left else {}


def carried_samples(values: Mapping[str, Any]) -> Indices:
    """Return what is left by the dictionary of a trainer."""
    given = values.get("carried_samples", [])
    if not isinstance(given, (list, tuple)):
        raise type_error("carried_samples", given, "a list of indices")
    return np.array([check_int(index, "carried_samples", min=0) for index in given], np.int64)
