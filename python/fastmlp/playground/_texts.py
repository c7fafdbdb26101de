"""Settings as the texts of a URL, and back."""

from __future__ import annotations

import math
import re
from typing import Any

from fastmlp._data.validation import value_error
from fastmlp.playground._choices import ACTIVATIONS, CHOICES


def camel_case(name: str) -> str:
    """Return the key in a URL of a field."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def read(name: str, default: Any, text: str) -> Any:
    """Return the value of a field from its text, or its default where a name is not known."""
    key = camel_case(name)
    if name in CHOICES:
        return text if text in CHOICES[name] else default
    if name == "activations":
        return tuple(part if part in ACTIVATIONS else "" for part in text.split(","))
    if isinstance(default, bool):
        return text != "false"
    if isinstance(default, tuple):
        return tuple(_integer(key, part) for part in text.split(",")) if text.strip() else ()
    if isinstance(default, int):
        return _integer(key, text)
    if name == "noise":
        noise = _number(key, text)
        return 50.0 if noise > 80 else max(0.0, noise)
    return _number(key, text) if isinstance(default, float) else text


def write(value: object) -> str:
    """Return the text of a value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise value_error(key, text, "a number") from None
    if not math.isfinite(number):
        raise value_error(key, text, "a finite number")
    return number


def _integer(key: str, text: str) -> int:
    number = _number(key, text)
    if not number.is_integer():
        raise value_error(key, text, "an integer")
    return int(number)
