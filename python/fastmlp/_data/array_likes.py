"""What NumPy reads as an array of real numbers, and what has to be said of anything else."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidType, InvalidValue

REAL_KINDS = "biuf"
TEXT_KINDS = "OUST"  # objects and strings, in which numbers may be written


class InParts:
    """An array in parts, each in memory of its own, that is read where it lies."""

    parts: tuple[NDArray[Any], ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def is_stored_dtype(dtype: np.dtype[Any]) -> bool:
    """Return True for numbers that the core converts as it reads them."""
    return dtype.kind in REAL_KINDS and dtype.itemsize <= 8 and dtype.isnative


def array_from(value: Any, name: str) -> NDArray[Any]:
    """Return what NumPy makes of `value`."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        if "inhomogeneous" in str(error):
            raise InvalidValue(
                f"{name} is ragged (its rows differ in length), expected a full array"
            ) from None
        raise InvalidType(
            f"{name} of type {type(value).__name__} cannot be read as an array ({error}), "
            f"expected numbers"
        ) from error


def plain_numbers(value: Any, array: NDArray[Any]) -> NDArray[Any]:
    """Convert pandas columns of mixed or nullable dtypes, which NumPy reads as objects."""
    if array.dtype != object or not _is_pandas(value):
        return array
    dtypes = list(value.dtypes) if value.ndim == 2 else [value.dtype]
    if not all(dtype.kind in REAL_KINDS for dtype in dtypes):
        return array
    return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))


def _is_pandas(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas"


def raise_dtype(value: Any, array: NDArray[Any], name: str, hint: str) -> NoReturn:
    """Raise the error for an array that is not of real numbers, with advice."""
    if hasattr(value, "toarray"):
        raise InvalidType(
            f"{name} is sparse ({type(value).__name__}), expected a dense array; "
            f"use {name}.toarray()"
        )
    given = f"is of type {type(value).__name__}" if array.ndim == 0 else f"has dtype {array.dtype}"
    if array.ndim == 2 and _is_pandas(value):
        columns = [item for item in value.dtypes.items() if item[1].kind not in REAL_KINDS]
        given = f"has column {columns[0][0]!r} of dtype {columns[0][1]}"
    elif array.ndim > 0 and array.dtype.kind in TEXT_KINDS:
        hint = hint or f"; np.array({name}, float) reads numbers from text and objects"
    raise InvalidType(f"{name} {given}, expected real numbers (bool, int or float){hint}")
