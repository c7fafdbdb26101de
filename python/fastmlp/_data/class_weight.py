"""Which classes a `class_weight` may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue, short_repr

BINARY = ({0, 1}, {-1, 1})
MANY = 20  # classes, which a message no longer lists


def check_class_names(class_weight: Any, targets: NDArray[Any], n_columns: int) -> None:
    """Raise if a key is no class of the network; one that y lacks at present is fine.

    A dictionary with a default, which is not read, must name all classes of y.
    """
    if not isinstance(class_weight, Mapping):
        return
    binary = n_columns == 1 and targets.ndim == 2
    present = set(np.unique(targets).tolist()) if binary else set()
    classes = _binary_classes(present) if binary else range(n_columns)
    for key in class_weight:
        if key not in classes:
            raise InvalidValue(
                f"class_weight={short_repr(class_weight)} has the key {short_repr(key)}, "
                f"expected classes among {_text(classes)}"
            )
    unnamed = (present or classes) - class_weight.keys()
    if hasattr(type(class_weight), "__missing__") and unnamed:
        raise InvalidValue(
            f"class_weight={short_repr(class_weight)} has no {_text(unnamed)}, expected all "
            f"classes, because its default is not read"
        )


def _binary_classes(present: set[Any]) -> set[Any]:
    """Return 0 and 1, or -1 and 1, where y has no other values; else the values of y."""
    return present.union(*(pair for pair in BINARY if present <= pair))


def _text(classes: Collection[Any]) -> str:
    ordered = sorted(classes)
    if len(ordered) > MANY:
        return f"{ordered[0]:g} to {ordered[-1]:g}"
    return ", ".join(f"{label:g}" for label in ordered)
