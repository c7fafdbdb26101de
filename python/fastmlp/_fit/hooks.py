"""How a run calls its callbacks: which objects are accepted, and what their answers mean."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue, check_number, type_error, value_error
from fastmlp._fit.monitor import Monitor, Watcher

HOOKS = ("set_trainer", "on_fit_begin", "on_epoch_end", "on_fit_end")
NOT_CALLED = (  # functions whose call runs none of their lines
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)


def check_callbacks(callbacks: Any, recorded: Mapping[str, str | None]) -> list[Any]:
    """Return the callbacks as a list; raise at objects without hooks and unrecorded numbers.

    Callbacks may monitor what is recorded, and what those before them might add to the logs.
    `recorded` are the names with "max" or "min", where it is known which is better.
    """
    if not isinstance(callbacks, Iterable) and is_callback(callbacks):
        callbacks = [callbacks]
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise type_error("callbacks", callbacks, "a callback, or a list of them")
    members, may_be_added = list(callbacks), False
    for member in members:
        if not is_callback(member):
            raise type_error("callbacks", member, f"objects with one of {', '.join(HOOKS)}")
        for hook in HOOKS:
            method = getattr(member, hook, len)
            if not callable(method) or any(kind(method) for kind in NOT_CALLED):
                raise type_error(f"callbacks: {hook}", method, "a plain method")
        if isinstance(member, Monitor) and member.monitor in recorded:
            _check_mode(member, recorded[member.monitor])
        if not isinstance(member, Watcher):
            may_be_added = may_be_added or hasattr(member, "on_epoch_end")
        elif member.monitor not in recorded and not may_be_added:
            recorded_names = ", ".join(recorded)
            expected = f"one of what is recorded: {recorded_names}; give validation_data or metrics"
            raise value_error("monitor", member.monitor, expected)
    return members


def is_callback(value: Any) -> bool:
    """Return whether it is an object with a hook."""
    return not isinstance(value, type) and any(hasattr(value, hook) for hook in HOOKS)


def _check_mode(callback: Monitor, mode: str | None) -> None:
    if mode is not None and callback.mode != mode:
        raise InvalidValue(
            f"monitor={callback.monitor!r} with mode={callback.mode!r}, expected mode={mode!r}"
        )


def notify(callbacks: Iterable[Any], hook: str, *arguments: Any) -> list[Any]:
    """Call `hook` where it exists; return the answers of all callbacks, None without one."""
    return [getattr(callback, hook, _no_answer)(*arguments) for callback in callbacks]


def epoch_ended(callbacks: Sequence[Any], epoch: int, logs: dict[str, float]) -> bool:
    """Notify of the end of an epoch; return True if any callback returned True.

    Anything else that is true, such as a loss, is no answer and is refused. `logs` are floats
    afterwards, those that callbacks have added too.
    """
    if not callbacks:
        return False
    answers: list[Any] = []
    for each in callbacks:
        answers += (getattr(each, "on_epoch_end", _no_answer)(epoch, logs),)
        for name, value in logs.items():  # before the next one reads what was added
            if type(value) is not float or type(name) is not str:
                logs[name] = _checked(name, value)
    if answers.count(None) == len(answers):
        return False
    for callback, answer in zip(callbacks, answers, strict=True):
        if answer is not None and not isinstance(answer, (bool, np.bool_)):
            name = f"{type(callback).__name__}.on_epoch_end"
            raise type_error(f"the answer of {name}", answer, "True to stop, False or None")
    return any(answers)


def _checked(name: Any, value: Any) -> float:
    if not isinstance(name, str):
        raise type_error("logs", name, "names as keys")
    return check_number(value, f"logs[{name!r}]")


def fit_ended(callbacks: Sequence[Any]) -> None:
    """Notify all callbacks of the end of the run, also where one of them raises."""
    if callbacks:
        try:
            notify(callbacks[:1], "on_fit_end")
        finally:
            fit_ended(callbacks[1:])


def _no_answer(*_: Any) -> None:
    """Stand for a hook that a callback does not have."""
