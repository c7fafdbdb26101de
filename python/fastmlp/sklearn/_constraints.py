"""What scikit-learn accepts as a parameter, and the sentence it refuses others with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from fastmlp._data.validation import short_repr


class InvalidParameterError(ValueError, TypeError):
    """A parameter of an estimator is out of its range or of the wrong kind.

    As in scikit-learn it is both a ValueError and a TypeError.
    """


class Constraint(NamedTuple):
    """One way for a value to be valid; `text` names it in messages."""

    text: str
    holds: Callable[[Any], bool]


def integer(low: int, high: int | None = None) -> Constraint:
    """Return the constraint of an integer with ``low <= value <= high``."""
    end = "inf)" if high is None else f"{high}]"

    def holds(value: Any) -> bool:
        return (
            isinstance(value, Integral) and low <= int(value) and not int(value) > (high or value)
        )

    return Constraint(f"an int in the range [{low}, {end}", holds)


def real(interval: str) -> Constraint:
    """Return the constraint of a number in an interval, written as ``"[0.0, inf)"``."""
    low, high = map(float, interval[1:-1].split(","))

    def holds(value: Any) -> bool:
        if not isinstance(value, Real):
            return False
        number: Any = value  # which may be an integer that has no float, or nan
        above = number >= low if interval[0] == "[" else number > low
        below = number <= high if interval[-1] == "]" else number < high
        return bool(above and below)

    return Constraint(f"a float in the range {interval}", holds)


def one_of(words: Iterable[str]) -> Constraint:
    """Return the constraint of one word of a set."""
    known = sorted(words)

    def holds(value: Any) -> bool:
        return isinstance(value, str) and value in known

    return Constraint(f"a str among {{{', '.join(map(repr, known))}}}", holds)


def instance(kind: type, name: str) -> Constraint:
    """Return the constraint of an instance of a class, which messages call `name`."""
    return Constraint(f"an instance of {name!r}", lambda value: isinstance(value, kind))


BOOLEANS = instance(bool, "bool"), instance(np.bool_, "numpy.bool")
NONE = Constraint("None", lambda value: value is None)
INFINITY = Constraint(
    "a float among {inf}", lambda value: isinstance(value, Real) and value == math.inf
)
ARRAY_LIKE = Constraint(
    "an array-like", lambda value: hasattr(value, "__len__") and not isinstance(value, (str, bytes))
)
RANDOM_STATES = (
    integer(0, 2**32 - 1),
    instance(np.random.RandomState, "numpy.random.mtrand.RandomState"),
    NONE,
)


def check_parameter(owner: str, name: str, value: Any, constraints: tuple[Constraint, ...]) -> None:
    """Raise unless one of the constraints holds."""
    if any(constraint.holds(value) for constraint in constraints):
        return
    *others, last = (constraint.text for constraint in constraints)
    expected = f"{', '.join(others)} or {last}" if others else last
    raise InvalidParameterError(
        f"The {name!r} parameter of {owner} must be {expected}. Got {short_repr(value)} instead."
    )
