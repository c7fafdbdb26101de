"""A network as ONE versioned dictionary: what copies, pickles and files share.

Everything but ``"parameters"`` is plain JSON data::

    {"format": "fastmlp.network", "version": 1, "dtype": "float32", "inputs": 64,
     "layers": [{"kind": "dropout", "rate": 0.2},
                {"kind": "dense", "units": 10, "activation": {"name": "softmax"}, "bias": True,
                 "init": {"name": "glorot_uniform"}, "l1": None, "l2": None, "max_norm": None}],
     "seed": 0, "epochs_trained": 0, "parameters": array}
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp.layers import Dense, Dropout, GaussianNoise, Layer

if TYPE_CHECKING:
    from fastmlp.network import Network

FORMAT = "fastmlp.network"
VERSION = 1
KINDS: dict[str, Any] = {"dense": Dense, "dropout": Dropout, "noise": GaussianNoise}
FAMILIES = {"activation": _core.activations, "init": _core.initializers}


def describe_network(network: Network) -> dict[str, Any]:
    """Return a network as the dictionary above, with a copy of its parameters."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "dtype": network.dtype.name,
        "inputs": network.n_inputs,
        "layers": [describe_layer(layer) for layer in network.layers],
        "seed": network.seed,
        "epochs_trained": network.epochs_trained,
        "parameters": network.parameters.copy(),
    }


def describe(member: Any) -> dict[str, Any]:
    """Return a family member as its name and its hyperparameters."""
    return {"name": member.name, **member.get_params()}


def describe_layer(layer: Layer) -> dict[str, Any]:
    """Return a layer as a dictionary of plain values."""
    kind = next(name for name, cls in KINDS.items() if isinstance(layer, cls))
    fields = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    members = {name: describe(fields[name]) for name in FAMILIES if name in fields}
    return {"kind": kind, **fields, **members}


def restore_layer(state: Mapping[str, Any]) -> Layer:
    """Return the layer that `describe_layer` described."""
    fields = {name: value for name, value in state.items() if name != "kind"}
    for name, members in FAMILIES.items():
        if name in fields:
            fields[name] = _restore(members, fields[name])
    layer: Layer = KINDS[state["kind"]](**fields)
    return layer


def check_version(state: Mapping[str, Any], where: str) -> None:
    """Refuse the state of anything else, or of a later version of fastmlp."""
    if state.get("format") != FORMAT:
        raise ValueError(f"{where}: format={state.get('format')!r}, expected {FORMAT!r}")
    if state.get("version") != VERSION:
        raise ValueError(
            f"{where}: version={state.get('version')!r}, expected {VERSION}; "
            f"read it with the fastmlp that wrote it, or a later one"
        )


def _restore(members: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    parameters = {key: value for key, value in state.items() if key != "name"}
    return members[state["name"]](**parameters)
