"""Attributes of networks and trainers: those they are made with are fixed, others are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fastmlp._data.validation import InvalidValue, short_repr


class Attributes:
    """Base class of objects whose settings are fixed; copies keep whatever else users attach.

    Setting a fixed attribute would not reach the native object that was made with it, so it is
    refused, with what to do instead.
    """

    _fixed: ClassVar[Mapping[str, str]]
    _own: frozenset[str]  # names that the class itself has set

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; raise if it is fixed and has its value."""
        if name in self._fixed and hasattr(self, name):
            kind = type(self).__name__
            raise AttributeError(
                f"{kind}.{name}: it was set to {short_repr(value)}, expected no change; "
                f"{self._fixed[name]}"
            )
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """Delete an attribute; raise if it is fixed."""
        if name in self._fixed:
            kind = type(self).__name__
            raise AttributeError(f"{kind}.{name}: it was to be deleted, expected no change")
        super().__delattr__(name)

    def _attached(self) -> dict[str, Any]:
        """Return the attributes that users, or subclasses, have added."""
        return {name: value for name, value in vars(self).items() if name not in self._own}

    def _become(self, restored: Attributes, attached: Any) -> None:
        """Take over the attributes of a restored object, and add those that were attached."""
        if not isinstance(attached, Mapping) or not restored._own.isdisjoint(attached):
            raise InvalidValue(f"attributes={short_repr(attached)}, expected those of a user")
        vars(self).update(vars(restored))
        vars(self).update(attached)
