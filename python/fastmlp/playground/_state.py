"""`State`: everything that the URL of a playground says after its ``#``."""

from __future__ import annotations

import dataclasses
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastmlp import _core
from fastmlp._data.validation import value_error

MAX_LAYERS, MAX_UNITS = 32, 256
OWN_ACTIVATIONS = ("hard_tanh", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu")
ACTIVATIONS = {  # name in the URL: fastmlp's
    **{"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "linear": "identity"},
    **{name: name for name in OWN_ACTIVATIONS},
}
CHOICES: dict[str, tuple[str, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "optimizer": (*_core.optimizers, *_core.methods),
    "regularization": ("none", "L1", "L2"),
    "problem": ("classification", "regression"),
    "dataset": ("circle", "xor", "gauss", "spiral", "own"),
    "reg_dataset": ("reg-plane", "reg-gauss", "own"),
}
FEATURES = ("x", "y", "x_squared", "y_squared", "x_times_y", "sin_x", "sin_y")


@dataclass(frozen=True)
class State:
    """The settings of a playground: fields are the keys of its URL, in snake case.

    Attributes
    ----------
    activation : {"relu", "tanh", "sigmoid", "linear", "elu", "gelu", ...}
        Of all hidden layers; the first four are the original's.
    regularization, regularization_rate : {"none", "L1", "L2"}, float
        The penalty on weights, biases excluded.
    batch_size, learning_rate : int, float
        Of the update rule.
    optimizer, momentum : str, float
        Any rule or method of fastmlp by its name, and the momentum of "sgd"; not in the original.
        A method takes all points at once, without a learning rate.
    problem, dataset, reg_dataset : str
        The kind of problem, and the data set of each kind; "own" are those of a file.
    noise, perc_train_data : float
        In percent.
    network_shape : tuple of int
        Units of the hidden layers.
    seed : str
        Of points and weights; any text.
    x, y, x_squared, y_squared, x_times_y, sin_x, sin_y : bool
        The features that the network sees.
    cos_x, cos_y, collect_stats, tutorial, hide_text, show_test_data, discretize, init_zero
        As in the original; the first three change nothing there either.
    hidden : frozenset of str
        Names of the controls that are not shown, from keys such as ``dataset_hide=true``.
    """

    activation: str = "tanh"
    regularization: str = "none"
    batch_size: int = 10
    dataset: str = "circle"
    reg_dataset: str = "reg-plane"
    learning_rate: float = 0.03
    regularization_rate: float = 0.0
    noise: float = 0.0
    network_shape: tuple[int, ...] = (4, 2)
    seed: str = ""
    show_test_data: bool = False
    discretize: bool = False
    perc_train_data: float = 50.0
    x: bool = True
    y: bool = True
    x_times_y: bool = False
    x_squared: bool = False
    y_squared: bool = False
    cos_x: bool = False
    sin_x: bool = False
    cos_y: bool = False
    sin_y: bool = False
    collect_stats: bool = False
    tutorial: str = ""
    problem: str = "classification"
    init_zero: bool = False
    hide_text: bool = False
    optimizer: str = "sgd"
    momentum: float = 0.0
    hidden: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse numbers out of range, by the keys of the URL."""
        _check(self.batch_size >= 1, "batchSize", self.batch_size, "an integer >= 1")
        _check(self.learning_rate > 0, "learningRate", self.learning_rate, "a number > 0")
        _check(0 <= self.momentum < 1, "momentum", self.momentum, "0 <= momentum < 1")
        rule = "a rule with a learning rate, where regularization=L1"
        fits = self.regularization != "L1" or not self.searches
        _check(fits, "optimizer", self.optimizer, rule)
        rate = self.regularization_rate
        _check(rate >= 0, "regularizationRate", rate, "a number >= 0")
        share = self.perc_train_data
        _check(1 <= share <= 99, "percTrainData", share, "a percentage from 1 to 99")
        shape = self.network_shape
        n_layers, wide = f"at most {MAX_LAYERS} hidden layers", f"1 to {MAX_UNITS} units per layer"
        _check(len(shape) <= MAX_LAYERS, "networkShape", shape, n_layers)
        _check(all(1 <= units <= MAX_UNITS for units in shape), "networkShape", shape, wide)
        _check(bool(self.features), "x", False, "at least one feature")

    @classmethod
    def parse(cls, url: str) -> State:
        """Return the state of a URL, of ``#...`` or of what follows the ``#``.

        As in the original, an unknown key, an unknown name and an empty value count as absent,
        noise below 0 is none and noise above 80 is 50. Without a seed a random one is drawn.

        Raises
        ------
        ValueError
            A number that cannot be read or is out of range.
        """
        _, sign, text = url.partition("#")
        given = text if sign else "" if "://" in url else url
        pairs = {key: value for key, _, value in (p.partition("=") for p in given.split("&"))}
        values = {
            field.name: read(field.name, field.default, pairs[key])
            for field in dataclasses.fields(cls)
            if (key := camel_case(field.name)) in pairs
            and (pairs[key].strip() or field.name == "network_shape")
        }
        hidden = {
            key.removesuffix("_hide")
            for key, value in pairs.items()
            if value == "true" and key.endswith("_hide")
        }
        values["hidden"] = frozenset(hidden)
        return cls(**({"seed": random_seed()} | values))

    def replace(self, **changes: Any) -> State:
        """Return a state with some fields changed."""
        return dataclasses.replace(self, **changes)

    def updated(self, texts: Mapping[str, str]) -> State:
        """Return a state with some fields changed, ``{key of the URL: text}``."""
        changed = "&".join(f"{key}={text}" for key, text in texts.items())
        return State.parse(f"{self.to_hash()}&{changed}")

    def to_hash(self) -> str:
        """Return the state as the part of a URL that follows the ``#``; `parse` reads it."""
        pairs = [
            f"{camel_case(field.name)}={_text(getattr(self, field.name))}"
            for field in dataclasses.fields(self)
            if field.name != "hidden"
        ]
        return "&".join([*pairs, *(f"{name}_hide=true" for name in sorted(self.hidden))])

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the network sees, in the order of its inputs."""
        return tuple(name for name in FEATURES if getattr(self, name))

    @property
    def sizes(self) -> list[int]:
        """The widths of the network's layers, inputs first."""
        return [len(self.features), *self.network_shape, 1]

    @property
    def activations(self) -> list[str]:
        """The activations of the layers by fastmlp's names: tanh at the end for classification."""
        output = "tanh" if self.problem == "classification" else "identity"
        return [ACTIVATIONS[self.activation]] * len(self.network_shape) + [output]

    @property
    def searches(self) -> bool:
        """Whether the optimizer is a method that searches for its steps."""
        return self.optimizer in _core.methods

    @property
    def data_name(self) -> str:
        """The data set of the problem at hand."""
        return self.dataset if self.problem == "classification" else self.reg_dataset


def random_seed() -> str:
    """Return a seed of five digits, as the original draws them."""
    return f"{secrets.randbelow(100_000) / 1e5:.5f}"


def _check(fits: bool, key: str, value: object, expected: str) -> None:
    if not fits:
        raise value_error(key, list(value) if isinstance(value, tuple) else value, expected)


def camel_case(name: str) -> str:
    """Return the key in a URL of a field."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def read(name: str, default: Any, text: str) -> Any:
    """Return the value of a field from its text, or its default where a name is not known."""
    key = camel_case(name)
    if name in CHOICES:
        return text if text in CHOICES[name] else default
    if isinstance(default, bool):
        return text != "false"
    if isinstance(default, tuple):
        return tuple(_integer(key, part) for part in text.split(",")) if text.strip() else ()
    if isinstance(default, int):
        return _integer(key, text)
    if name == "noise":
        noise = _number(key, text)
        return 50.0 if noise > 80 else max(0.0, noise)
    return _number(key, text) if isinstance(default, float) else text


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise value_error(key, text, "a number") from None
    _check(math.isfinite(number), key, text, "a finite number")
    return number


def _integer(key: str, text: str) -> int:
    number = _number(key, text)
    _check(number.is_integer(), key, text, "an integer")
    return int(number)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
