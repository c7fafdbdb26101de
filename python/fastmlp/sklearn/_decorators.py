"""scikit-learn's decorators of methods, with types; its callbacks exist from 1.9 on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils.metaestimators import available_if

try:
    from sklearn import callback as callbacks
except ImportError:
    callbacks = None

F = TypeVar("F", bound=Callable[..., Any])


class _NoCallbacks:
    """In place of the mixin of 1.9."""


CallbackSupport: Any = _NoCallbacks if callbacks is None else callbacks.CallbackSupportMixin


def with_callbacks(method: F) -> F:
    """Return the method so that callbacks of scikit-learn are ended where it ends."""
    decorated: F = method if callbacks is None else callbacks.with_callbacks(method)
    return decorated


def available(check: Callable[[Any], bool]) -> Callable[[F], F]:
    """Return a decorator: estimators have the method unless `check` raises AttributeError."""
    decorator: Callable[[F], F] = available_if(check)
    return decorator
