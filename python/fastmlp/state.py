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
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp._data.arrays import DType
from fastmlp.checks import LARGEST_SEED, dtype, epochs_trained, integer, refuse_kind, shown
from fastmlp.layers import Dense, Dropout, GaussianNoise, Layer, plan

if TYPE_CHECKING:
    from fastmlp.network import Network

FORMAT = "fastmlp.network"
VERSION = 1
PARTS = ("dtype", "inputs", "layers", "seed", "epochs_trained", "parameters")
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


def read_state(state: Any, where: str) -> tuple[tuple[int, tuple[Layer, ...], DType, int], int]:
    """Return inputs, layers, dtype and seed of a network, and its epochs; refuse damage."""
    check_parts(state, FORMAT, VERSION, PARTS, where)
    n_inputs, layers = plan(
        _restore_layers(state["layers"], where), state["inputs"], None, None, "zeros"
    )
    seed = integer(state["seed"], "seed", where, least=0, most=LARGEST_SEED)
    specification = (n_inputs, layers, dtype(state["dtype"], where), seed)
    return specification, epochs_trained(state["epochs_trained"], where)


def _restore_layers(states: Any, where: str) -> list[Layer]:
    """Return the layers that `describe_layer` described; refuse what it cannot have written."""
    if not isinstance(states, (list, tuple)):
        refuse_kind(where, "layers", states, "a list of layers")
    layers = []
    for index, state in enumerate(states):
        try:
            layers.append(_restore_layer(state))
        except (AttributeError, KeyError, TypeError) as error:
            name = f"layers[{index}]"
            raise ValueError(
                f"{where}: {name}={shown(state)} is damaged ({error!r}), expected a layer"
            ) from error
    return layers


def check_parts(state: Any, kind: str, version: int, parts: Iterable[str], where: str) -> None:
    """Refuse the state of anything else, of a later version of fastmlp, or with parts missing."""
    if not isinstance(state, Mapping):
        refuse_kind(where, "state", state, "a dictionary")
    if state.get("format") != kind:
        raise ValueError(f"{where}: format={state.get('format')!r}, expected {kind!r}")
    if state.get("version") != version:
        raise ValueError(
            f"{where}: version={state.get('version')!r}, expected {version}; "
            f"read it with the fastmlp that wrote it, or a later one"
        )
    for part in parts:
        if part not in state:
            raise ValueError(f"{where}: the state has no {part!r}, expected {', '.join(parts)}")


def _restore_layer(state: Mapping[str, Any]) -> Layer:
    fields = {name: value for name, value in state.items() if name != "kind"}
    for name, members in FAMILIES.items():
        if name in fields:
            fields[name] = _restore(members, fields[name])
    layer: Layer = KINDS[state["kind"]](**fields)
    return layer


def _restore(members: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    parameters = {key: value for key, value in state.items() if key != "name"}
    return members[state["name"]](**parameters)
