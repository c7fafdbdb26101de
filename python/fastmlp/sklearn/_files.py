"""Files of estimators: their state in plain values, with the values of fastmlp as dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.validation import InvalidValue, error_prefix, type_error, value_error
from fastmlp._io import files, serialization
from fastmlp._io.members import FAMILIES, MEMBERS, member_from_dict, member_to_dict
from fastmlp.layers import Layer

if TYPE_CHECKING:
    from fastmlp.sklearn._estimator import BaseMLP

VERSION = 1
PLAIN = (type(None), bool, int, float, str, np.generic, np.ndarray)


@error_prefix("save")
def save(self: BaseMLP, path: files.Path) -> None:
    """Write the estimator to a file, as `fastmlp.Network.save` does; never a pickle.

    Parameters
    ----------
    path : str or path-like
        The file, which is replaced as a whole.
    """
    state = {name: _plain(value) for name, value in _without_functions(self.__getstate__()).items()}
    for name in state.keys() - self.get_params(deep=False).keys():
        if _is_named(state[name]):
            raise type_error(name, getattr(self, name), "numbers, texts or arrays; remove it")
    files.save(path, {"format": type(self).__name__, "version": VERSION, "estimator": state})


def _without_functions(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state without the layers of a network that has functions in Python.

    They are then those of the parameters that `load` is given.
    """
    model = state.get("_model")
    if model is None or not _is_named(_plain(model)):
        return state
    return {**state, "_model": {k: v for k, v in model.items() if k != "network"}}


def load(cls: Any, path: files.Path, params: dict[str, Any]) -> Any:
    """Return the estimator of a file, with these parameters in place of its own."""

    def made(values: dict[str, Any]) -> Any:
        if values["format"] != cls.__name__ or values["version"] != VERSION:
            found = f"{values['format']}, version {values['version']}"
            raise InvalidValue(f"it is of {found}, expected {cls.__name__}, version {VERSION}")
        state = {"precision": None, **values["estimator"]}
        estimator = cls(**params)
        names = set(estimator.get_params(deep=False)) - {*params, "comm"}  # files have none
        python = {name: state[name]["python"] for name in sorted(names) if _is_named(state[name])}
        if python:
            raise InvalidValue(f"it names {python}, expected these to be given: load(path, ...)")
        kept = {name: _value(value) for name, value in state.items() if name not in params}
        estimator.__setstate__({**vars(estimator), **kept})
        if hasattr(estimator, "coefs_"):
            estimator._present_model()
        return estimator

    return files.read(path, f"{cls.__name__}.load", (), made)


def _plain(value: Any) -> Any:
    """Return a value with everything that files lack as a dictionary ``{kind: content}``."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, MEMBERS):
        rate = getattr(value, "learning_rate", None)
        if callable(rate) and not isinstance(rate, MEMBERS):
            raise value_error("optimizer", value, "no function in Python in it; use a pickle")
        families = FAMILIES.items()
        family = next(name for name, members in families if type(value) in members.values())
        return {family: member_to_dict(value)}
    if isinstance(value, (list, tuple)):
        if any(isinstance(member, Layer) for member in value):
            return {"layers": [serialization.layer_to_dict(layer, value) for layer in value]}
        members = [_plain(member) for member in value]
        named = next(filter(_is_named, members), None)
        return named or (members if isinstance(value, list) else {"tuple": members})
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        named = {key: _plain(member) for key, member in value.items()}
        return next((v for v in named.values() if _is_named(v)), {"dict": named})
    if isinstance(value, Mapping):
        items = _plain([list(item) for item in value.items()])
        return items if _is_named(items) else {"items": items}
    name = getattr(value, "__qualname__", type(value).__qualname__)
    return {"python": f"{getattr(value, '__module__', type(value).__module__)}.{name}"}


def _is_named(value: Any) -> bool:
    """Return whether a plain value is only the name of an object."""
    return isinstance(value, dict) and "python" in value


def _value(value: Any) -> Any:
    """Return what `_plain` was given."""
    if isinstance(value, list):
        return [_value(member) for member in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "layers":
        return serialization.layers_from_dicts(content)
    if kind == "dict":
        return {key: _value(member) for key, member in content.items()}
    if kind == "tuple":
        return tuple(_value(content))
    if kind == "items":
        return dict(_value(content))
    if kind not in FAMILIES:
        raise InvalidValue(f"a value of kind {kind!r}, expected one of {', '.join(FAMILIES)}")
    return member_from_dict(kind, content)
