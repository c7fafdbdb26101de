"""How a run calls its callbacks: which objects are accepted, and what their answers mean."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fastmlp._data.validation import type_error, value_error
from fastmlp._fit.callbacks import Monitor

HOOKS = ("set_trainer", "on_fit_begin", "on_epoch_end", "on_fit_end")
NOT_CALLED = (  # functions whose call runs none of their lines
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)


def check_callbacks(callbacks: Any, recorded: Sequence[str]) -> list[Any]:
    """Return the callbacks as a list; raise at objects without hooks and unrecorded losses."""
    expected = "a list of callbacks"
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise type_error("callbacks", callbacks, expected)
    members = list(callbacks)
    for member in members:
        if isinstance(member, type) or not any(hasattr(member, hook) for hook in HOOKS):
            raise type_error("callbacks", member, f"objects with one of {', '.join(HOOKS)}")
        for hook in HOOKS:
            method = getattr(member, hook, len)
            if not callable(method) or any(kind(method) for kind in NOT_CALLED):
                raise type_error(f"callbacks: {hook}", method, "a plain method")
        if isinstance(member, Monitor) and member.monitor not in recorded:
            recorded_names = ", ".join(recorded)
            expected = f"one of what is recorded: {recorded_names}; give validation_data"
            raise value_error("monitor", member.monitor, expected)
    return members


def notify(callbacks: Iterable[Any], hook: str, *arguments: Any) -> list[Any]:
    """Call `hook` where it exists; return the answers of all callbacks, None without one."""
    return [getattr(callback, hook, _no_answer)(*arguments) for callback in callbacks]


def epoch_ended(callbacks: Sequence[Any], *arguments: Any) -> bool:
    """Notify of the end of an epoch; return True if any callback returned True.

    Anything else that is true, such as a loss, is no answer and is refused.
    """
    answers = notify(callbacks, "on_epoch_end", *arguments)
    for callback, answer in zip(callbacks, answers, strict=True):
        if answer is not None and not isinstance(answer, (bool, np.bool_)):
            name = f"{type(callback).__name__}.on_epoch_end"
            raise type_error(f"the answer of {name}", answer, "True to stop, False or None")
    return any(answers)


def fit_ended(callbacks: Sequence[Any]) -> None:
    """Notify all callbacks of the end of the run, also where one of them raises."""
    if callbacks:
        try:
            notify(callbacks[:1], "on_fit_end")
        finally:
            fit_ended(callbacks[1:])


def _no_answer(*_: Any) -> None:
    """Stand for a hook that a callback does not have."""
