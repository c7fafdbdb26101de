"""Networks and trainers as versioned dictionaries, which copies, pickles and files share.

Arrays are NumPy arrays, everything else is plain JSON data. A network is::

    {"format": "fastmlp.network", "version": 1, "dtype": "float32", "inputs": 64,
     "layers": [{"kind": "dropout", "rate": 0.2},
                {"kind": "dense", "units": 10, "activation": {"name": "softmax"}, "bias": True,
                 "init": {"name": "glorot_uniform"}, "l1": None, "l2": None, "max_norm": None}],
     "seed": 0, "epochs_trained": 0, "feature_names_in_": None, "parameters": array}

Inputs of a shape are its list; one in reduced precision has ``"precision": "bf16"``. Dictionaries
written before there were names of features lack them.

A trainer is::

    {"format": "fastmlp.trainer", "version": 2, "network": {as above},
     "loss": {"name": "cross_entropy", "label_smoothing": 0.0},
     "optimizer": {"name": "adam", "learning_rate": {"name": "step_decay", ...}, ...},
     "batch_size": 32, "seed": 0, "l1": 0.0, "l2": 0.0, "regularize_biases": False, "shuffle": True,
     "weighting": "set", "l2_scale": "constant", "n_threads": None,
     "state": {"optimizer": {"m": array, "v": array},
               "schedule": {"steps": 7, "epoch": 0, "custom_rate": 0.0, "scale": 1.0},
               "trainer": {"first_epoch": 0, "epoch": 1, "samples_seen": 64}}}

Both may have ``"attributes"``, of users, a trained network ``"history"`` and ``"loss"``, a trainer
what it carries on, ``"recurrent_state"`` and ``"carried_samples"``. The core lists ``"state"``:
`visit_state`. Version 1 was that of 0.1.0. Pickles keep the network and functions written in Python
as objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copyreg import __newobj__  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import DType
from fastmlp._data.validation import (
    MAX_SEED,
    InvalidValue,
    check_dtype,
    check_epochs_trained,
    check_int,
    check_precision,
    short_repr,
    type_error,
    value_error,
)
from fastmlp._fit import carrying, leftover
from fastmlp._fit.settings import TrainerSettings
from fastmlp._io.members import FAMILIES, loss_to_dict, member_from_dict, member_to_dict
from fastmlp._io.registry import from_dict
from fastmlp.layers import LEARNING_FIELDS, GaussianNoise, Layer, plan

if TYPE_CHECKING:
    from fastmlp.network import Network
    from fastmlp.trainer import Trainer

NETWORK_FORMAT = "fastmlp.network"
NETWORK_VERSION = 1
NETWORK_PARTS = ("dtype", "inputs", "layers", "seed", "epochs_trained", "parameters")
LAYERS: dict[str, Any] = {**_core.layers, "noise": GaussianNoise}  # "noise" in 0.1.0
REFERENCES = {"of", "layer"}  # fields that name an earlier layer, by its index

TRAINER_FORMAT = "fastmlp.trainer"
TRAINER_VERSION = 2
SETTINGS = TrainerSettings._fields
TRAINER_PARTS = ("network", *SETTINGS, "state")
LATER = {"carry_state": False, "missing": None}  # settings that older dictionaries lack
SINCE_2 = {"weighting": "batch", "l2_scale": "constant", "n_threads": None, **LATER}
SETTINGS_1 = tuple(name for name in SETTINGS if name not in SINCE_2)
TRAINER_PARTS_1 = ("network", *SETTINGS_1, "progress", "state", "iterate")
PROGRESS_1 = {  # names of version 1: section and name now
    "n_steps": ("schedule", "steps"),
    "rate_epoch": ("schedule", "epoch"),
    "rate": ("schedule", "custom_rate"),
    "scale": ("schedule", "scale"),
    "first_epoch": ("trainer", "first_epoch"),
    "epoch_number": ("trainer", "epoch"),
    "presented": ("trainer", "samples_seen"),
}


def description(network: Network) -> dict[str, Any]:
    """Return what a network is made of, and how far it has come, without its parameters."""
    names, shape = network._feature_names, network.input_shape
    return {
        "dtype": network.dtype.name,
        "inputs": network.n_inputs if len(shape) == 1 else list(shape),
        "layers": [layer_to_dict(layer, network.layers) for layer in network.layers],
        "seed": network.seed,
        "epochs_trained": check_epochs_trained(network.epochs_trained),
        "feature_names_in_": None if names is None else list(names),
    }


def network_to_dict(network: Network) -> dict[str, Any]:
    """Return a network as a dictionary, with a copy of its parameters."""
    return {
        "format": NETWORK_FORMAT,
        "version": NETWORK_VERSION,
        **description(network),
        "parameters": network.parameters.copy(),
        **_optional("precision", network.precision),
        **_optional("history", network.history and network.history.to_state()),
        **_optional("loss", loss_to_dict(network._trained_loss)),
        **_optional("attributes", network._attached()),
    }


def reduced_network(network: Network) -> tuple[Any, ...]:
    """Put off what users have attached until the network is there, to which it may refer."""
    values = network.__getstate__()
    attached = values.pop("attributes", None)
    if attached is None:
        return __newobj__, (type(network),), values
    return restored_network, (type(network), values), {"attributes": attached}


def restored_network(cls: type[Network], values: Mapping[str, Any]) -> Network:
    """Return a network of its state, without what is attached; pickles name this function."""
    network = cls.__new__(cls)
    network.__setstate__(values)
    return network


def network_from_dict(
    values: Any,
) -> tuple[tuple[tuple[int, ...], tuple[Layer, ...], DType, int, str | None], int]:
    """Return inputs, layers, dtype, seed and precision of a network, and its number of epochs."""
    _check_parts(values, NETWORK_FORMAT, NETWORK_VERSION, NETWORK_PARTS)
    layers = layers_from_dicts(values["layers"])
    shape, layers = plan(layers, values["inputs"], None, None, "zeros")
    seed = check_int(values["seed"], "seed", min=0, max=MAX_SEED)
    dtype = check_dtype(values["dtype"])
    precision = check_precision(values.get("precision"), dtype)
    specification = (shape, layers, dtype, seed, precision)
    return specification, check_epochs_trained(values["epochs_trained"])


def _optional(name: str, value: Any) -> dict[str, Any]:
    return {name: value} if value else {}


def layer_to_dict(layer: Any, layers: Sequence[Layer]) -> dict[str, Any]:
    """Return a layer as a dictionary; a layer that it refers to is its index in the list."""
    fields = {
        name: _index_of(value, layers) if isinstance(value, Layer) else member_to_dict(value)
        for name, value in layer.get_params(deep=False).items()
        if name not in LEARNING_FIELDS or value != LEARNING_FIELDS[name]
    }
    return {"kind": layer.name, **fields}


def _index_of(layer: Layer, layers: Sequence[Layer]) -> int:
    return next(index for index, other in enumerate(layers) if other is layer)


def _is_named(name: str, value: Any) -> bool:
    """Return whether a field has a member of a family by its name; an own activation has none."""
    return name in FAMILIES and bool(value) and not isinstance(value, _core.Activation)


def layers_from_dicts(states: Any) -> Any:
    if not isinstance(states, (list, tuple)):
        raise type_error("layers", states, "a list of layers")
    layers: list[Layer] = []
    for index, state in enumerate(states):
        try:
            fields = {
                name: member_from_dict(name, {**value} if _is_named(name, value) else value)
                for name, value in state.items()
            }
            for name in REFERENCES.intersection(fields):
                if not isinstance(fields[name], str):
                    fields[name] = dict(enumerate(layers))[check_int(fields[name], name, min=0)]
            layer = LAYERS[fields.pop("kind")]
            if missing := {field.name for field in layer.fields} - {*fields, *LEARNING_FIELDS}:
                raise KeyError(*sorted(missing))
            layers.append(layer(**fields))
        except (AttributeError, KeyError, TypeError, InvalidValue) as error:
            cause = error.__cause__ or error
            raise InvalidValue(
                f"layers[{index}]={short_repr(state)} is damaged ({cause!r}), expected a layer"
            ) from error
    return layers


def trainer_to_dict(trainer: Trainer) -> dict[str, Any]:
    """Return a trainer as numbers, strings and copies of arrays, in dictionaries and lists."""
    values = pickled_trainer(trainer)
    for name, value in [("loss", values["loss"]), *values["optimizer"].items()]:
        if callable(value):
            raise value_error(
                name,
                value,
                "a member of fastmlp, as a dictionary of plain values has no Python functions; "
                "pickle the trainer, or set the function again in a new trainer",
            )
    return {**values, "network": trainer.network.__getstate__()}


def pickled_trainer(trainer: Trainer) -> dict[str, Any]:
    """Return the dictionary with the network, and functions written in Python, as objects."""
    return {
        "format": TRAINER_FORMAT,
        "version": TRAINER_VERSION,
        "network": trainer.network,
        **{name: member_to_dict(getattr(trainer, name)) for name in SETTINGS if name not in LATER},
        "state": trainer._native.state_dict(),
        **(carrying.entries(trainer) | leftover.entries(trainer)),
        **({} if trainer.missing is None else {"missing": trainer.missing}),
        **_optional("attributes", trainer._attached()),
    }


def trainer_from_dict(values: Any) -> tuple[Any, dict[str, Any], Any]:
    """Return the network, the settings and the state of the dictionary of a trainer."""
    if isinstance(values, Mapping):
        values = _from_version_1(values) if values.get("version") == 1 else {**LATER, **values}
    _check_parts(values, TRAINER_FORMAT, TRAINER_VERSION, TRAINER_PARTS)
    network = values["network"]
    if isinstance(network, Mapping):
        network = from_dict(network, NETWORK_FORMAT, "network")
    settings = {name: member_from_dict(name, values[name]) for name in SETTINGS}
    check_int(settings["seed"], "seed", min=0, max=MAX_SEED)
    return network, settings, values["state"]


def load_state(trainer: Trainer, given: Any) -> None:
    """Put the entries of ``"state"`` into a new trainer."""
    expected = trainer._native.state_dict(views=True)
    _check_names(given, "state", expected)
    converted = {}
    for section, entries in expected.items():
        _check_names(given[section], f"state[{section!r}]", entries)
        converted[section] = {
            name: _convert(given[section][name], entry, f"state[{section!r}][{name!r}]", trainer)
            for name, entry in entries.items()
        }
    trainer._native.load_state_dict(converted)


def _convert(given: Any, entry: Any, name: str, trainer: Trainer) -> Any:
    """Return an entry as the core reads it: of the kind and shape of the entry that it has now."""
    if isinstance(entry, int):
        return check_int(given, name, min=0)
    if isinstance(entry, float):
        return arrays.as_shape(np.reshape(given, -1), (1,), np.dtype(np.float64), name).item()
    if isinstance(entry, np.ndarray):
        return arrays.as_shape(given, entry.shape, entry.dtype, name)
    if given is None:
        return None
    return arrays.as_shape(given, (trainer.network.n_parameters,), trainer.network.dtype, name)


def _from_version_1(values: Mapping[str, Any]) -> dict[str, Any]:
    _check_parts(values, TRAINER_FORMAT, 1, TRAINER_PARTS_1)
    _check_names(values["progress"], "progress", PROGRESS_1)
    sections: dict[str, Any] = {"optimizer": values["state"], "schedule": {}, "trainer": {}}
    for old, (section, name) in PROGRESS_1.items():
        sections[section][name] = values["progress"][old]
    if values["optimizer"].average is not None:
        sections["trainer"]["iterate"] = values["iterate"]
    settings = {name: values[name] for name in ("format", "network", *SETTINGS_1)}
    return {**settings, **SINCE_2, "version": TRAINER_VERSION, "state": sections}


def _check_parts(values: Any, kind: str, version: int, parts: Iterable[str]) -> None:
    """Raise at the dictionary of anything else, of a later version, or with parts missing."""
    if not isinstance(values, Mapping):
        raise type_error("state", values, "a dictionary")
    if values.get("format") != kind:
        raise InvalidValue(f"format={values.get('format')!r}, expected {kind!r}")
    if values.get("version") != version:
        raise InvalidValue(
            f"version={values.get('version')!r}, expected {version}; "
            f"read it with the fastmlp that wrote it, or a later one"
        )
    for part in parts:
        if part not in values:
            raise InvalidValue(f"the state has no {part!r}, expected {', '.join(parts)}")


def _check_names(given: Any, name: str, names: Any) -> None:
    """Raise unless `given` is a dictionary of exactly these names."""
    if not isinstance(given, Mapping):
        raise type_error(name, given, "a dictionary")
    if set(given) != set(names):
        expected = ", ".join(sorted(names)) or "nothing"
        raise value_error(name, sorted(map(str, given)), f"a dictionary of {expected}")
