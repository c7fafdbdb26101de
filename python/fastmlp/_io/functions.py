"""Functions in Python, of which files keep the names only: who reads a file gives them again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp._data.validation import resolve, short_repr, value_error
from fastmlp.layers import own_activations

if TYPE_CHECKING:
    from fastmlp.network import Network

# Where they may stand in a file.
PLACES = re.compile(
    r"(\.networks\.\d+)?\.(loss|layers\.\d+\.activation)|\.optimizer\.learning_rate"
)
PASSED_OVER = ("loss", "learning_rate")  # by who reads a network alone


def may_stand(value: Any, path: str) -> bool:
    """Return whether a value is a function at a place of one."""
    return callable(value) and PLACES.fullmatch(path) is not None


def name_of(value: Any) -> str:
    """Return the name of a function, of an activation that of its first one."""
    function = value.f if isinstance(value, _core.Activation) else value
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', type(function).__module__)}.{name}"


def activations(given: Any) -> dict[str, Any]:
    """Return the entry of `taken` for the activations that a user gives: one, or one each."""
    if given is None:
        return {}
    if isinstance(given, list):
        return {"activation": iter([_own(phi) for phi in given])}
    return {"activation": repeat(_own(given))}


def _own(given: Any) -> Any:
    """Return an activation that is no built-in one, of which files have the name."""
    if not isinstance(activation := resolve("activation", given), _core.Activation):
        raise value_error("activation", given, "one of your own: files have the built-in ones")
    return activation


def taken(name: Any, key: str, given: Mapping[str, Any]) -> Any:
    """Return the function of this name in a file, from those given by the place `key`."""
    if key not in given:
        where = "fm" if key == "activation" else "Trainer"
        expected = f"it to be given, as in {where}.load(path, {key}=...): files have no functions"
        raise value_error(key, short_repr(name), expected)
    if key != "activation":
        return given[key]
    for activation in given[key]:
        return activation
    raise value_error(key, short_repr(name), "one more in the list, for this layer")


def check_all_used(networks: Iterable[Network], activation: Any) -> None:
    """Raise where activations were given that the networks of the file have not."""
    own = sum(len(own_activations(network.layers)) for network in networks)
    if activation is not None and own == 0:
        raise value_error("activation", activation, "None: no activation of the file is an own one")
    if isinstance(activation, list) and len(activation) != own:
        raise value_error("activation", activation, f"a list of {own}, as the file has")
