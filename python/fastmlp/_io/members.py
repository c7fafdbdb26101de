"""Members of families as dictionaries of their names and hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp._data.losses import is_custom_loss, resolve_loss
from fastmlp._data.validation import type_error, value_error

if TYPE_CHECKING:
    from fastmlp.network import Network

FAMILIES = {  # the setting or hyperparameter that has members of a family
    "activation": _core.activations,
    "init": _core.initializers,
    "recurrent_init": _core.initializers,
    "loss": _core.losses,
    "optimizer": {**_core.optimizers, **_core.methods},
    "learning_rate": _core.schedules,
    "average": _core.averages,
    "line_search": _core.line_searches,
}
LATER_FIELDS = {"half_state": False}  # not written, so that older versions can read the rest
MEMBERS = tuple(cls for family in FAMILIES.values() for cls in family.values())


def member_to_dict(value: Any) -> Any:
    """Return a member of a family as its name and hyperparameters; other values as they are."""
    if isinstance(value, MEMBERS):
        params = value.get_params(deep=False)
        fields = {
            name: member_to_dict(field)
            for name, field in params.items()
            if name not in LATER_FIELDS or field != LATER_FIELDS[name]
        }
        return {"name": value.name, **fields}
    return list(value) if isinstance(value, tuple) else value


def member_from_dict(name: str, value: Any) -> Any:
    """Return the member that a dictionary describes; other values as they are."""
    if not isinstance(value, Mapping):
        return value
    try:
        fields = {key: member_from_dict(key, field) for key, field in value.items()}
        return FAMILIES[name][fields.pop("name")](**fields)
    except (KeyError, TypeError) as error:
        expected = f"the name and the hyperparameters of a member ({error!r})"
        raise value_error(name, value, expected) from error


def loss_to_dict(loss: Any) -> Any:
    """Return the loss that a network was trained with; of a function, its name."""
    if is_custom_loss(loss):
        name = getattr(loss, "__qualname__", type(loss).__qualname__)
        return f"{loss.__module__}.{name}"
    return member_to_dict(loss)


def loss_from_dict(value: Any, network: Network) -> Any:
    """Return the loss that a network was trained with, the name of a function, or None."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        raise type_error("loss", value, "a dictionary, or the name of a function")
    return resolve_loss(member_from_dict("loss", value), network)
