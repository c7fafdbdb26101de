"""Classes by the format of their dictionaries, so that a dictionary finds its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastmlp._data.validation import type_error, value_error

C = TypeVar("C")
CLASSES: dict[str, type] = {}


def register(kind: str) -> Callable[[type[C]], type[C]]:
    """Return a decorator of the class whose `__getstate__` has ``"format": kind``."""

    def enter(cls: type[C]) -> type[C]:
        CLASSES[kind] = cls
        return cls

    return enter


def from_dict(values: Any, kind: str, name: str) -> Any:
    """Return the object that `__getstate__` of the class of `kind` describes."""
    if not isinstance(values, Mapping):
        raise type_error(name, values, f"the dictionary of a {kind}")
    if values.get("format") != kind:
        raise value_error(f"{name}['format']", values.get("format"), repr(kind))
    cls: Any = CLASSES[kind]
    made = cls.__new__(cls)
    made.__setstate__(values)
    return made
