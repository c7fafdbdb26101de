"""Scalars from outside, checked once: each function returns the plain value or refuses it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

LARGEST_INTEGER = 2**63 - 1
LARGEST_SEED = 2**64 - 1
LARGEST_EPOCH = 2**32 - 1
LONGEST_REPR = 80
LONGEST_INTEGER = 512  # bits


def shown(value: object) -> str:
    """Return the repr of a value as far as it fits in a message."""
    if isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
        return f"an integer of {value.bit_length()} bits"  # Python refuses to write the longest
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_REPR else f"{text[:LONGEST_REPR]}..."


def refuse_value(where: str, name: str, value: object, expected: str) -> NoReturn:
    """Raise the ValueError of this package for a value of the right kind out of its range."""
    raise ValueError(f"{where}: {name}={shown(value)}, expected {expected}")


def refuse_kind(where: str, name: str, value: object, expected: str) -> NoReturn:
    """Raise the TypeError of this package for a value of the wrong kind."""
    raise TypeError(f"{where}: {name}={shown(value)} ({type(value).__name__}), expected {expected}")


def integer(value: Any, name: str, where: str, *, least: int, most: int = LARGEST_INTEGER) -> int:
    """Return `value` as an int with ``least <= value <= most``."""
    expected = f"an integer >= {least}"
    if isinstance(value, (bool, np.bool_)):
        refuse_kind(where, name, value, expected)
    try:
        number = operator.index(value)
    except TypeError:
        refuse_kind(where, name, value, expected)
    if number < least:
        refuse_value(where, name, number, expected)
    if number > most:
        refuse_value(where, name, number, f"an integer <= {most}")
    return number


def not_negative(value: Any, name: str, where: str) -> float:
    """Return `value` as a finite float >= 0."""
    return _number(value, name, where, lambda number: number >= 0, "a finite number >= 0")


def positive(value: Any, name: str, where: str) -> float:
    """Return `value` as a finite float > 0."""
    return _number(value, name, where, lambda number: number > 0, "a finite number > 0")


def fraction(value: Any, name: str, where: str) -> float:
    """Return `value` as a float with ``0 <= value < 1``."""
    return _number(value, name, where, lambda number: 0 <= number < 1, f"0 <= {name} < 1")


def _number(
    value: Any, name: str, where: str, fits: Callable[[float], bool], expected: str
) -> float:
    if isinstance(value, (bool, np.bool_, str, bytes)) or getattr(value, "ndim", 0) != 0:
        refuse_kind(where, name, value, expected)
    try:
        number = float(value)
    except (TypeError, ValueError):
        refuse_kind(where, name, value, expected)
    except OverflowError:
        refuse_value(where, name, value, expected)
    if not (math.isfinite(number) and fits(number)):
        refuse_value(where, name, value, expected)
    return number


def seconds(value: Any, name: str, where: str) -> float | None:
    """Return a time limit as a float, or None where there is none."""
    return None if value is None else not_negative(value, name, where)


def flag(value: Any, name: str, where: str) -> bool:
    """Return `value` as a bool; 0 and 1 are not flags."""
    if not isinstance(value, (bool, np.bool_)):
        refuse_kind(where, name, value, "True or False")
    return bool(value)


def seed(value: Any, where: str) -> int:
    """Return a seed of 64 bits; None draws a fresh one from the operating system."""
    if value is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    return integer(value, "seed", where, least=0, most=LARGEST_SEED)


def epochs_trained(value: Any, where: str) -> int:
    """Return the number of an epoch, which the core keeps in 32 bits."""
    return integer(value, "epochs_trained", where, least=0, most=LARGEST_EPOCH)


def dtype(value: Any, where: str) -> np.dtype[Any]:
    """Return float32 or float64 as a native NumPy dtype."""
    expected = "'float32' or 'float64'"
    if value is None:
        refuse_kind(where, "dtype", value, expected)
    try:
        kind: np.dtype[Any] = np.dtype(value)
    except TypeError:
        refuse_value(where, "dtype", value, expected)
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        refuse_value(where, "dtype", value, expected)
    return kind
