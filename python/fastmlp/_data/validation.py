"""Validation of scalar arguments, and the error messages of this package.

Helpers raise `InvalidValue` and `InvalidType`, whose messages start at the argument. Each public
function has the decorator `error_prefix`, which adds its name: ``Network.loss: X has ...``.
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import operator
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from fastmlp import _core
from fastmlp._data.near_names import hint

P = ParamSpec("P")
R = TypeVar("R")

MAX_INT = 2**63 - 1
MAX_SEED = 2**64 - 1
MAX_EPOCH = 2**32 - 1
MAX_REPR_LENGTH = 80
MAX_REPR_BITS = 512  # of an integer; Python does not print the longest ones


class InvalidArgument(Exception):
    """An invalid argument, with a message that does not yet contain the name of the function."""

    def named(self, where: str) -> Exception:
        """Return the error that users receive: ``ValueError("where: message")``."""
        kind = ValueError if isinstance(self, ValueError) else TypeError
        return kind(f"{where}: {self}")


class InvalidValue(InvalidArgument, ValueError):
    """An argument of the right type with a wrong value."""


class InvalidType(InvalidArgument, TypeError):
    """An argument of a wrong type."""


def _converting(
    convert: Callable[[InvalidArgument], Exception],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def converted(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except InvalidArgument as error:
                raise convert(error) from error.__cause__
            except TypeError:
                if (unknown := _unknown_keyword(function, kwargs)) is None:
                    raise
            raise convert(unknown)

        return converted

    return decorate


def _unknown_keyword(
    function: Callable[..., object], given: Mapping[str, object]
) -> InvalidType | None:
    """Return the error for a keyword that a function does not have, None where it has all."""
    parameters = inspect.signature(function).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return None
    names = [name for name in parameters if name not in ("self", "cls")]
    for name in given:
        if name not in names:
            expected = f"expected some of: {', '.join(names)}"
            return InvalidType(f"{name} is not a parameter; {expected}{hint(name, names)}")
    return None


def error_prefix(where: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that raises invalid arguments as ``ValueError("where: message")``.

    Other exceptions, among them those of user functions, pass through unchanged. The wrapper takes
    half a microsecond, so the shortest functions call `InvalidArgument.named` themselves.
    """
    return _converting(lambda error: error.named(where))


def argument_prefix(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that names the argument to which the invalid part belongs."""
    return _converting(lambda error: type(error)(f"{name}{error}"))


def short_repr(value: object) -> str:
    """Return the repr of a value on one line, cut to a length that fits in a message."""
    if isinstance(value, int) and value.bit_length() > MAX_REPR_BITS:
        return f"an integer of {value.bit_length()} bits"
    text = " ".join(repr(value).split())
    return text if len(text) <= MAX_REPR_LENGTH else f"{text[:MAX_REPR_LENGTH]}..."


def value_error(name: str, value: object, expected: str) -> InvalidValue:
    """Return the error for a value of the right type that is out of its range."""
    return InvalidValue(f"{name}={short_repr(value)}, expected {expected}")


def type_error(name: str, value: object, expected: str) -> InvalidType:
    """Return the error for a value of the wrong type."""
    kind = type(value).__name__
    return InvalidType(f"{name}={short_repr(value)} ({kind}), expected {expected}")


def resolve(family: str, value: Any) -> Any:
    """Return the member of a family that is given as an instance or by its name."""
    try:
        return _core.resolve(family, value, "")
    except (TypeError, ValueError) as error:
        if not str(error).startswith(": "):
            raise
        invalid = InvalidValue if isinstance(error, ValueError) else InvalidType
        raise invalid(str(error)[2:]) from None


def check_int(value: Any, name: str, *, min: int, max: int = MAX_INT) -> int:
    """Return `value` as an int with ``min <= value <= max``."""
    expected = f"an integer >= {min}"
    if isinstance(value, (bool, np.bool_)):
        raise type_error(name, value, expected)
    try:
        number = operator.index(value)
    except TypeError:
        raise type_error(name, value, expected) from None
    if number < min:
        raise value_error(name, number, expected)
    if number > max:
        raise value_error(name, number, f"an integer <= {max}")
    return number


def check_non_negative(value: Any, name: str) -> float:
    """Return `value` as a finite float >= 0."""
    return _check_float(value, name, lambda number: number >= 0, "a finite number >= 0")


def check_positive(value: Any, name: str) -> float:
    """Return `value` as a finite float > 0."""
    return _check_float(value, name, lambda number: number > 0, "a finite number > 0")


def _check_float(value: Any, name: str, fits: Callable[[float], bool], expected: str) -> float:
    number = value if type(value) is float else _as_float(value, name, expected)
    if not (math.isfinite(number) and fits(number)):
        raise value_error(name, value, expected)
    return number


def _as_float(value: Any, name: str, expected: str) -> float:
    if isinstance(value, (bool, np.bool_, str, bytes)) or getattr(value, "ndim", 0) != 0:
        raise type_error(name, value, expected)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise type_error(name, value, expected) from None
    except OverflowError:
        raise value_error(name, value, expected) from None


def check_number(value: Any, name: str) -> float:
    """Return a real number of any kind, or an array of one without axes, as a float."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise type_error(name, value, "a number")
    try:
        return float(value)
    except OverflowError:
        raise value_error(name, value, "a number in the range of a float") from None


def check_seconds(value: Any, name: str) -> float | None:
    """Return a time limit as a float, or None where there is none."""
    return None if value is None else check_non_negative(value, name)


def check_bool(value: Any, name: str) -> bool:
    """Return `value` as a bool; the integers 0 and 1 are invalid."""
    if not isinstance(value, (bool, np.bool_)):
        raise type_error(name, value, "True or False")
    return bool(value)


def check_seed(value: Any) -> int:
    """Return a seed of 64 bits; None draws a fresh one from the operating system."""
    if value is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    return check_int(value, "seed", min=0, max=MAX_SEED)


def check_epochs_trained(value: Any) -> int:
    """Return the index of an epoch, which the core keeps in 32 bits."""
    return check_int(value, "epochs_trained", min=0, max=MAX_EPOCH)


def check_precision(value: Any, dtype: np.dtype[Any]) -> str | None:
    """Return the precision of products, None for that of the dtype."""
    if value is not None and value != "bf16":
        raise value_error("precision", value, "'bf16', or None for the precision of dtype")
    if value is not None and dtype != np.float32:
        raise value_error("precision", value, f"None with dtype={dtype.name!r}, or dtype='float32'")
    return None if value is None else "bf16"


def check_dtype(value: Any, name: str = "dtype") -> np.dtype[Any]:
    """Return float32 or float64 as a native NumPy dtype."""
    expected = "'float32' or 'float64'"
    if value is None:
        raise type_error(name, value, expected)
    try:
        dtype: np.dtype[Any] = np.dtype(value)
    except TypeError:
        raise value_error(name, value, expected) from None
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise value_error(name, value, expected)
    return dtype
