"""Hyperparameters as their fields describe them: good and bad values for every field.

The bounds of a field are a text: `low <= name < high`, `a finite name > low[, or None]` or
`one of: 'a', 'b'`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core

FAMILIES = ("activations", "losses", "initializers", "optimizers", "schedules", "averages")
MEMBERS = [cls for family in FAMILIES for cls in getattr(_core, family).values()]


@dataclass(frozen=True)
class Field:
    """A hyperparameter with the interval it must lie in; `low` or `high` may be infinite."""

    owner: Any
    name: str
    kind: str
    low: float = -np.inf
    high: float = np.inf
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()

    @property
    def default(self) -> Any:
        return self.owner().get_params()[self.name]

    @property
    def is_number(self) -> bool:
        return self.kind.startswith("float") and self.name != "clip_value"

    def other(self) -> Any:
        """A good value that is not the default."""
        if self.name in OTHERS:
            return OTHERS[self.name]
        if self.choices:
            return next(c for c in reversed(self.choices) if c != self.default)
        if self.kind.startswith("bool"):
            return not self.default
        if np.isfinite(self.high):
            return self.low + 0.25 * (self.high - self.low)
        return max(self.low, 0.0) + 1.75

    def others(self) -> dict[str, Any]:
        """Fields with that value, and those that it needs."""
        return {self.name: self.other(), **NEEDED.get(self.name, {})}

    def bad(self) -> list[tuple[Any, type[Exception]]]:
        """Values to be refused, with the error."""
        if self.choices:
            return [("no such word", ValueError), (3, TypeError), (None, TypeError)]
        if self.kind.startswith("bool"):
            words = ValueError if "str" in self.kind else TypeError
            return [("no such word", words), (1.5, TypeError), (None, TypeError)]
        if not (self.is_number or self.name == "learning_rate"):
            return BAD[self.name]
        outside: list[Any] = [np.nan, np.inf, -np.inf]
        if np.isfinite(self.low):
            outside += [self.low - 1e-9, -1e300] + [self.low] * self.low_open
        if np.isfinite(self.high):
            outside += [self.high + 1e-9, 1e300] + [self.high] * self.high_open
        kinds: list[Any] = ["0.5", [0.5], 1j, True, np.array([0.5, 0.5])]
        if "None" not in self.kind:
            kinds.append(None)
        return [(x, ValueError) for x in outside] + [(x, TypeError) for x in kinds]


OTHERS: dict[str, Any] = {
    "learning_rate": 0.5,
    "clip_value": (-1.0, 2.0),
    "average": fm.Polyak("uniform", start=3),
    "nesterov": True,
}
NEEDED: dict[str, dict[str, Any]] = {"nesterov": {"momentum": 0.25}}
BAD: dict[str, list[tuple[Any, type[Exception]]]] = {
    "clip_value": [
        (-1.0, ValueError),
        (0.0, ValueError),
        (np.nan, ValueError),
        ((1.0, -1.0), ValueError),
        ((0.5, 0.5), ValueError),
        ((np.nan, 1.0), ValueError),
        ("1", TypeError),
        ((1.0,), TypeError),
        ((-1.0, 0.0, 1.0), TypeError),
        (("a", "b"), TypeError),
    ],
    "average": [("uniform", TypeError), (0.9, TypeError), (True, TypeError)],
}
_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"


def fields_of(cls: Any) -> list[Field]:
    """Every hyperparameter of a member of a family."""
    return [_read(cls, field) for field in cls.fields]


def _read(cls: Any, field: Any) -> Field:
    name, kind, bounds = field.name, field.type, field.bounds
    if bounds.startswith("a finite"):
        low = re.search(rf"(>=?) ({_NUMBER})", bounds)
        if low is None:
            return Field(cls, name, kind)
        return Field(cls, name, kind, low=float(low[2]), low_open=low[1] == ">")
    between = re.search(rf"^({_NUMBER}) (<=?) {name} (<=?) ({_NUMBER})", bounds)
    if between:
        low_sign, high_sign = between[2], between[3]
        return Field(cls, name, kind, float(between[1]), float(between[4]), low_sign == "<",
                     high_sign == "<")  # fmt: skip
    words = tuple(re.findall(r"'(\w+)'", bounds)) if bounds.startswith("one of") else ()
    return Field(cls, name, kind, choices=words)
