"""The jobs of `fit_many`: networks with their settings and samples, as the core reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data.class_weight import is_balanced
from fastmlp._data.dataset import Dataset, read_order, read_training_data
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_epochs_trained,
    type_error,
    value_error,
)
from fastmlp._fit.fit_config import check_epochs
from fastmlp._fit.settings import NATIVE_NETWORKS, TrainerSettings
from fastmlp._fit.target_scale import warn_of_scale
from fastmlp._fit.validation_data import read_validation
from fastmlp.layers import warn_of_zero_gradients

if TYPE_CHECKING:
    from fastmlp.network import Network

EACH = ("optimizer", "loss", "epochs", "batch_size", "l1", "l2")  # a value, or one per network
FORM = ("dtype", "input_shape", "output_shape", "_feature_names")  # and the output activation
FUNCTIONS = ": functions in Python need net.fit for each network"
SCHEDULES = tuple(_core.schedules.values())


class Plan(NamedTuple):
    """What several networks have in common: settings, and samples in the form that they read."""

    loss: Any
    until_plateau: bool
    data: Dataset
    validation: Dataset | None
    native: tuple[Any, ...]  # what the core reads of it


class Job(NamedTuple):
    """A network, its plan, and what the core reads of it."""

    network: Network
    plan: Plan
    native: tuple[Any, ...]


class Jobs:
    """The checked arguments of a call; networks that agree in all of them share a plan."""

    def __init__(self, given: Mapping[str, Any], n_networks: int) -> None:
        self._given = dict(given)  # with the values of the network that is read
        self._values = [_each(given[name], name, n_networks) for name in EACH]
        self._rows = _RowSets(given["rows"], "rows", n_networks)
        self._validation_rows = _RowSets(given["validation_rows"], "validation_rows", n_networks)
        if self._validation_rows.given and given["validation_data"] is not None:
            expected = "None, as validation_data is given"
            raise value_error("validation_rows", given["validation_rows"], expected)
        if self._rows.given and is_balanced(given["class_weight"]):
            expected = "numbers or None, as each network has rows of its own"
            raise value_error("class_weight", given["class_weight"], expected)
        self._plans: dict[Any, Plan] = {}
        self._plans_like: dict[Any, Plan] = {}  # with another optimizer of the class
        self._samples: dict[Any, Any] = {}
        self.settings: Any = None  # of one of the plans, for what all have

    def job(self, i: int, network: Network) -> Job:
        """Check what is given for a network, and bring it into the form of the core."""
        attributes = vars(network)
        form = (*[attributes[name] for name in FORM], type(network._output_activation))
        values = [each[i] for each in self._values]
        key = (form, *map(id, values))
        try:
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plans[key] = self._plan(network, form, values)
            rows = self._rows.of(i, plan.data)
            others = self._validation_rows.of(i, plan.validation)
            warn_of_zero_gradients(network, plan.loss, "fit_many")
            first_epoch = check_epochs_trained(network.epochs_trained)
        except InvalidArgument as error:
            raise type(error)(f"networks[{i}]: {error}") from error.__cause__
        own = (network._native, plan.native, network.seed, first_epoch, rows, others)
        return Job(network, plan, own)

    def _plan(self, network: Network, form: Any, values: list[Any]) -> Plan:
        """Return a new plan, of another one where only the numbers of the optimizer differ."""
        optimizer, *others = values
        rate = getattr(optimizer, "learning_rate", None)
        if callable(rate) and not isinstance(rate, SCHEDULES):
            raise value_error("learning_rate", rate, f"a schedule of fastmlp{FUNCTIONS}")
        key = (form, type(optimizer), *map(id, others))
        like = None if isinstance(optimizer, str) else self._plans_like.get(key)
        if like is not None:
            loss, _, *rest = like.native
            return like._replace(native=(loss, optimizer, *rest))
        plan = self._plans_like[key] = self._checked_plan(network, form, values)
        return plan

    def _checked_plan(self, network: Network, form: Any, values: list[Any]) -> Plan:
        given = self._given
        given.update(zip(EACH, values, strict=True))
        self.settings = settings = TrainerSettings.checked(network, given)
        if is_custom_loss(settings.loss):
            raise value_error("loss", settings.loss, f"a loss of fastmlp{FUNCTIONS}")
        epochs, until_plateau = check_epochs(given["epochs"], settings.optimizer)
        key = (form, id(given["loss"]))
        if key not in self._samples:
            self._samples[key] = self._read(network, settings.loss)
        data, validation, samples = self._samples[key]
        own = (settings.loss, settings.optimizer, settings.native_batch_size)
        penalties = (settings.l1, settings.l2)
        parts = (*own, *penalties, settings.shuffles, epochs, until_plateau, samples)
        return Plan(settings.loss, until_plateau, data, validation, parts)

    def _read(self, network: Network, loss: Any) -> tuple[Dataset, Dataset | None, Any]:
        """Return training and validation data, and both as the core reads them."""
        given = self._given
        names = ("X", "y", "sample_weight", "class_weight", "lengths", "missing")
        values = [given[name] for name in names]
        data = read_training_data(network, loss, *values)
        validation = None
        if given["validation_data"] is not None:
            read = (given["missing"], given["validation_data"], given["X"])
            validation = read_validation(network, loss, *read)
        elif self._validation_rows.given:
            values[names.index("class_weight")] = None
            same = given["class_weight"] is None
            validation = data if same else read_training_data(network, loss, *values)
        warn_of_scale(network, loss, data, "fit_many")
        held_out = None if validation is None else (*validation.arrays, validation.lengths)
        return data, validation, ((*data.arrays, data.lengths), held_out)


class _RowSets:
    """Indices of rows, one array for each network; arrays that several share are read once."""

    def __init__(self, given: Any, name: str, n_networks: int) -> None:
        self.given = given is not None
        self._name, self._read = name, dict[int, Any]()
        if self.given:
            self._sets = _members(given, name, n_networks)

    def of(self, i: int, data: Dataset | None) -> NDArray[np.int64] | None:
        """Return the indices of network i, checked for these data."""
        indices = self._sets[i] if self.given else None
        if indices is None or data is None:
            return None
        key = id(indices)
        if key not in self._read:
            self._read[key] = read_order(indices, len(data.X), f"{self._name}[{i}]")
        rows: NDArray[np.int64] = self._read[key]
        if data.weights is not None and not data.weights[rows].any():
            raise InvalidValue(f"the weights of {self._name}[{i}] are all 0, expected one > 0")
        return rows


def check_networks(networks: Any) -> list[Any]:
    """Return the networks as a list; raise at other objects, and at one that comes twice."""
    if not isinstance(networks, Iterable):
        raise type_error("networks", networks, "a list of networks")
    members = list(networks)
    places: dict[int, int] = {}
    for i, network in enumerate(members):
        if not isinstance(getattr(network, "_native", None), NATIVE_NETWORKS):
            raise type_error(f"networks[{i}]", network, "an fm.Network")
        first = places.setdefault(id(network), i)
        if first != i:
            expected = "different networks; net.copy() makes one"
            raise InvalidValue(f"networks[{i}] is networks[{first}], expected {expected}")
    return members


def _each(value: Any, name: str, n: int) -> list[Any]:
    """Return a value for each network, of a list of them or of one for all."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        value = value.tolist()
    return _members(value, name, n) if isinstance(value, (list, tuple)) else [value] * n


def _members(values: Any, name: str, n: int) -> list[Any]:
    """Return the members of a list that has one for each network."""
    if not isinstance(values, (list, tuple, np.ndarray)):
        raise type_error(name, values, "a list with one for each network")
    if len(values) != n:
        raise InvalidValue(f"{name} has {len(values)} members, expected {n}, one for each network")
    return list(values)
