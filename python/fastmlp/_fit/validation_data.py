"""The samples of a validation: given, or the last ones of the training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.feature_names import check_names, names_of
from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    argument_prefix,
    check_positive,
    type_error,
    value_error,
)
from fastmlp._fit.ranks import Part

if TYPE_CHECKING:
    from fastmlp.network import Network

PARTS = ("X", "y", "sample_weight", "lengths")  # in the order of `validation_data`


def split(
    given: Mapping[str, Any], part: Part | None
) -> tuple[Mapping[str, Any], Any, Part | None]:
    """Return the arguments of the training, `validation_data`, and the part that is left.

    `validation_split` is the share of the samples, the last ones, that are those of the validation;
    of a part of them, those that are here.
    """
    share, validation_data = given["validation_split"], given["validation_data"]
    if share is None:
        return given, validation_data, part
    if validation_data is not None:
        raise value_error("validation_split", share, "None, as validation_data is given")
    n_samples = n_rows(given["X"], "X")
    n_all = n_samples if part is None else part.n
    n_first = n_all - round(check_positive(share, "validation_split") * n_all)
    if not 0 < n_first < n_all:
        raise value_error(
            "validation_split", share, f"a share that leaves samples on both sides of {n_all}"
        )
    n_all_first = n_first
    if part is not None:
        n_first = int(np.searchsorted(part.indices, n_first))
        part = Part(n_all_first, part.indices[:n_first])
    first, last = {**given}, []
    for name in PARTS:
        value = given[name]
        if value is not None and n_rows(value, name) != n_samples:
            raise InvalidValue(
                f"{name} has {n_rows(value, name)} rows, expected {n_samples}, as X has"
            )
        first[name] = rows_of(value, slice(n_first))
        last.append(rows_of(value, slice(n_first, None)))
    return first, last, part


def n_rows(value: Any, name: str) -> int:
    """Return the number of rows of an array, a frame, a sparse matrix or a list."""
    try:
        return int(value.shape[0]) if hasattr(value, "shape") else len(value)
    except (IndexError, TypeError):
        raise type_error(name, value, "rows to divide") from None


def rows_of(value: Any, rows: slice) -> Any:
    """Return rows of an array, a frame, a sparse matrix or a list; None of None."""
    if value is None:
        return None
    if hasattr(value, "tocsr"):
        value = value.tocsr()
    return getattr(value, "iloc", value)[rows]


def read_validation(
    network: Network, loss: Any, missing: Any, validation_data: Any, X: Any, is_part: bool = False
) -> Dataset:
    """Read the samples of a validation, whose columns must be those of X."""
    expected = "(X, y), (X, y, sample_weight) or (X, y, sample_weight, lengths)"
    if not isinstance(validation_data, (tuple, list)):
        kind = type(validation_data).__name__
        raise InvalidType(f"validation_data is of type {kind}, expected {expected}")
    if len(validation_data) not in (2, 3, 4):
        n_members = len(validation_data)
        raise InvalidValue(f"validation_data has {n_members} members, expected {expected}")
    in_validation = argument_prefix("validation_data: ")
    in_validation(check_names)(validation_data[0], names_of(X))
    X_val, y, weights, lengths = (*validation_data, None, None)[:4]
    return in_validation(read_training_data)(
        network, loss, X_val, y, weights, None, lengths, missing, is_part
    )
