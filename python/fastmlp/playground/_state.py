"""`State`: everything that the URL of a playground says after its ``#``."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fastmlp import _core
from fastmlp._data.validation import value_error
from fastmlp.playground._choices import (
    ACTIVATIONS,
    FEATURES,
    LOSSES,
    MAX_CLASSES,
    MAX_LAYERS,
    MAX_PARAMETERS,
    MAX_UNITS,
)
from fastmlp.playground._texts import camel_case, read, write


@dataclass(frozen=True)
class State:
    """The settings of a playground: fields are the keys of its URL, in snake case.

    Attributes
    ----------
    activation : {"relu", "tanh", "sigmoid", "linear", "elu", "gelu", ...}
        Of all hidden layers; the first four are the original's.
    activations : tuple of str
        Of single hidden layers, in their order, where they differ; "" and missing ones are as
        `activation`. This and all below up to `problem` are not in the original.
    classes, loss : int, str
        More than two classes end in softmax; a loss that the problem has not counts as "default".
    optimizer, momentum, clip_norm : str, float, float
        Any rule or method of fastmlp by its name, the momentum of "sgd", and the norm to which
        gradients are clipped, 0 for none. A method takes all points at once, without a learning
        rate.
    schedule, schedule_epochs : str, int
        How the learning rate changes, and the epochs in which it falls to a tenth, or to 0.
    dropout, input_noise : float
        The share of units of each hidden layer that are left out; the deviation of the noise on
        the features.
    rival_optimizer, rival_learning_rate : str, float
        Of a second network with the same start on the same points; "none" for no second one.
    regularization, regularization_rate : {"none", "L1", "L2"}, float
        The penalty on weights, biases excluded.
    batch_size, learning_rate : int, float
        Of the update rule.
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

    Examples
    --------
    >>> from fastmlp.playground import State
    >>> state = State.parse("#dataset=spiral&networkShape=8,8")
    >>> state.dataset, state.network_shape, state.activation
    ('spiral', (8, 8), 'tanh')
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
    activations: tuple[str, ...] = ()
    classes: int = 2
    loss: str = "default"
    clip_norm: float = 0.0
    schedule: str = "constant"
    schedule_epochs: int = 100
    dropout: float = 0.0
    input_noise: float = 0.0
    rival_optimizer: str = "none"
    rival_learning_rate: float = 0.03
    hidden: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse numbers out of range, by the keys of the URL."""
        for name, fits, expected in (
            ("batch_size", self.batch_size >= 1, "an integer >= 1"),
            ("learning_rate", self.learning_rate > 0, "a number > 0"),
            ("rival_learning_rate", self.rival_learning_rate > 0, "a number > 0"),
            ("momentum", 0 <= self.momentum < 1, "0 <= momentum < 1"),
            ("clip_norm", self.clip_norm >= 0, "a number >= 0"),
            ("schedule_epochs", self.schedule_epochs >= 1, "an integer >= 1"),
            ("dropout", 0 <= self.dropout < 1, "0 <= dropout < 1"),
            ("input_noise", self.input_noise >= 0, "a number >= 0"),
            ("regularization_rate", self.regularization_rate >= 0, "a number >= 0"),
            ("perc_train_data", 1 <= self.perc_train_data <= 99, "a percentage from 1 to 99"),
            ("classes", 2 <= self.classes <= MAX_CLASSES, f"2 to {MAX_CLASSES} classes"),
            ("x", bool(self.features), "at least one feature"),
        ):
            _check(fits, camel_case(name), getattr(self, name), expected)
        shape = self.network_shape
        n_layers, wide = f"at most {MAX_LAYERS} hidden layers", f"1 to {MAX_UNITS} units per layer"
        _check(len(shape) <= MAX_LAYERS, "networkShape", shape, n_layers)
        _check(all(1 <= units <= MAX_UNITS for units in shape), "networkShape", shape, wide)
        self._check_method("optimizer")
        self._check_method("rival_optimizer")

    def _check_method(self, name: str) -> None:
        """Refuse a method where only an update rule fits."""
        key, method = camel_case(name), getattr(self, name)
        if method not in _core.methods:
            return
        rule = "a rule with a learning rate, where regularization=L1"
        _check(self.regularization != "L1", key, method, rule)
        squared = method != "levenberg_marquardt" or self.loss_name == "squared_error"
        _check(squared, key, method, "loss=squared_error with it")
        most = MAX_PARAMETERS.get(method, self.n_parameters)
        few = f"at most {most} parameters with it, not {self.n_parameters}"
        _check(self.n_parameters <= most, key, method, few)

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
            f"{camel_case(field.name)}={write(getattr(self, field.name))}"
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
        return [len(self.features), *self.network_shape, self.classes if self.has_classes else 1]

    @property
    def n_parameters(self) -> int:
        """The number of weights and biases."""
        return sum((n_in + 1) * n_out for n_in, n_out in pairwise(self.sizes))

    @property
    def has_classes(self) -> bool:
        """Whether there is an output for each of more than two classes."""
        return self.problem == "classification" and self.classes > 2

    @property
    def losses(self) -> dict[str, str]:
        """The losses of the problem, the default first, and the output's activation with each."""
        return LOSSES["classes" if self.has_classes else self.problem]

    @property
    def loss_name(self) -> str:
        """The loss that is trained, by fastmlp's name."""
        return self.loss if self.loss in self.losses else next(iter(self.losses))

    @property
    def hidden_activations(self) -> list[str]:
        """The activation of each hidden layer by its name in the URL."""
        given = dict(enumerate(self.activations))
        return [given.get(layer) or self.activation for layer in range(len(self.network_shape))]

    @property
    def layer_activations(self) -> list[str]:
        """The activations of the layers by fastmlp's names, that of the output last."""
        hidden = [ACTIVATIONS[name] for name in self.hidden_activations]
        return [*hidden, self.losses[self.loss_name]]

    @property
    def searches(self) -> bool:
        """Whether the optimizer is a method that searches for its steps."""
        return self.optimizer in _core.methods

    @property
    def data_name(self) -> str:
        """The data set of the problem at hand."""
        return self.dataset if self.problem == "classification" else self.reg_dataset

    @property
    def rival(self) -> State | None:
        """The state of the second network, if there is one."""
        if self.rival_optimizer == "none":
            return None
        return self.replace(optimizer=self.rival_optimizer, learning_rate=self.rival_learning_rate)


def random_seed() -> str:
    """Return a seed of five digits, as the original draws them."""
    return f"{secrets.randbelow(100_000) / 1e5:.5f}"


def _check(fits: bool, key: str, value: object, expected: str) -> None:
    if not fits:
        raise value_error(key, list(value) if isinstance(value, tuple) else value, expected)
