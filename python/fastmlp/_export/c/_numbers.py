"""Numbers as text of C, exactly, and weights as integers with a scale for each row."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import DType, FloatArray

LEVELS = {"int8": 127, "int16": 32767}


def literal(value: float, dtype: DType) -> str:
    """Return a number of this precision in hexadecimal, which loses no digit."""
    number = float(dtype.type(value))
    mantissa, exponent = number.hex().split("p")
    if number == 0:
        return "-0.0" if mantissa.startswith("-") else "0"
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{short}p{int(exponent)}{'f' if dtype == np.float32 else ''}"


def initializer(values: Iterable[str]) -> str:
    """Return the text of a table in braces, in lines of at most 100 characters."""
    return (
        "{\n"
        + "\n".join(
            wrap(
                ", ".join(values),
                98,
                initial_indent="  ",
                subsequent_indent="  ",
                break_on_hyphens=False,
            )
        )
        + "}"
    )


def normal(values: NDArray[Any]) -> FloatArray:
    """Return the values with 0 in place of subnormal numbers, which the core reads as 0."""
    tiny = np.finfo(values.dtype).tiny
    return np.where(np.abs(values) < tiny, np.copysign(values.dtype.type(0), values), values)


def quantized(weights: FloatArray, levels: int) -> tuple[NDArray[np.int16], FloatArray]:
    """Return q and the scale s of each row: weights are s q, with |q| <= levels."""
    scale = normal(np.abs(weights).max(axis=1) / weights.dtype.type(levels))
    safe = np.where(scale > 0, scale, 1)
    q = np.clip(np.rint(weights / safe[:, None]), -levels, levels)
    return (q * (scale > 0)[:, None]).astype(np.int16), scale
