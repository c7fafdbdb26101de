"""What the playground sends as JSON, in which numbers that are not finite are null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def encoded(told: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return a message in JSON: browsers read no NaN and no Infinity."""
    return json.dumps(_finite(told), indent=indent, allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, (list, tuple)) else value
