"""Copies, pickles and dictionaries of a trainer continue bit for bit as the trainer itself."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from bad_input import is_well_formed
from fastmlp import _core
from problems import TASKS, squared
from reference import Array

X, Y = TASKS["regression"].data


def through_json(one: fm.Trainer) -> fm.Trainer:
    """A new trainer from the plain form, in which arrays have become lists."""
    text = json.dumps(one.__getstate__(), default=np.ndarray.tolist)
    twin = fm.Trainer.__new__(fm.Trainer)
    twin.__setstate__(json.loads(text))
    return twin


WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda trainer: pickle.loads(pickle.dumps(trainer)),
    "json": through_json,
}
ways = pytest.mark.parametrize("way", WAYS)
CASES = [(name, *case) for name, rule in ref.OPTIMIZERS.items() for case in rule.cases]
RATES = {
    "number": lambda rate: rate,
    "steps": lambda rate: fm.ExponentialDecay(rate, 0.1),
    "epochs": lambda rate: fm.StepDecay(rate, every=2, factor=0.5, per="epoch"),
}


RATED = [  # rules with steps of their own take a number only
    (name, rate)
    for name in ref.OPTIMIZERS
    for rate in RATES
    if rate == "number" or not _core.optimizers[name].uses_initial_rate_only
]


def halved(epoch: int) -> float:
    return 0.1 * 0.5**epoch


def trainer(optimizer: Any, dtype: str = "float64", loss: Any = None, **fields: Any) -> Any:
    """With dropout and noise, so that all random draws are compared too."""
    layers = [
        fm.GaussianNoise(0.1),
        fm.Dense(6, "tanh", max_norm=2.0),
        fm.Dropout(0.3),
        fm.Dense(2),
    ]
    net = fm.Network(layers, inputs=3, dtype=dtype, seed=5)
    fields = {"batch_size": 7, "l1": 1e-3, "l2": 1e-2} | fields
    return fm.Trainer(net, loss, optimizer, **fields)


def end(one: Any) -> dict[str, bytes]:
    """All that is left after more epochs, a step and an epoch on fewer samples."""
    losses = [one.epoch(X, Y), *one.run(X, Y, epochs=2)["loss"], one.step(X[:5], Y[:5])]
    losses.append(one.epoch(X[:9], Y[:9]))
    found = {name: array.tobytes() for name, array in one.state.items()}
    numbers = (losses, one.n_steps, one.learning_rate, one.network.epochs_trained)
    return found | {
        "parameters": one.network.parameters.tobytes(),
        "last": one.last_parameters.tobytes(),
        "numbers": repr(numbers).encode(),
    }


def assert_continues_identically(one: Any, way: str) -> None:
    """The twin ends as the trainer, which it does not affect."""
    before = one.network.parameters.copy()
    twin = WAYS[way](one)
    assert type(twin) is type(one)
    assert twin.network is not one.network
    np.testing.assert_array_equal(twin.network.parameters, before)
    np.testing.assert_array_equal(twin.last_parameters, one.last_parameters)
    reached = end(twin)
    np.testing.assert_array_equal(one.network.parameters, before)
    assert end(one) == reached


@ways
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "rate", "fields"), CASES, ids=str)
def test_every_rule_continues(
    name: str, rate: float, fields: dict[str, Any], dtype: str, way: str
) -> None:
    """From the middle of an epoch."""
    one = trainer(_core.optimizers[name](rate, **fields), dtype)
    one.run(X, Y, epochs=3)
    one.step(X[:4], Y[:4])
    assert_continues_identically(one, way)


@ways
@pytest.mark.parametrize("mode", ref.AVERAGES)
@pytest.mark.parametrize(("name", "rate"), RATED)
def test_averages_and_schedules_continue(name: str, rate: str, mode: str, way: str) -> None:
    """While the network shows the average, and while it shows the iterate."""
    number, fields = ref.OPTIMIZERS[name].cases[-1]
    average = fm.Polyak(mode, beta=0.8, start=5)
    one = trainer(_core.optimizers[name](RATES[rate](number), **fields, average=average))
    one.run(X, Y, epochs=3)
    assert not np.array_equal(one.last_parameters, one.network.parameters)
    assert_continues_identically(one, way)
    one.epoch(X, Y)
    np.testing.assert_array_equal(one.last_parameters, one.network.parameters)
    assert_continues_identically(one, way)


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize(
    "loss", [None, fm.Huber(0.5), squared], ids=["default", "member", "custom"]
)
def test_rates_of_python_and_of_a_plateau_continue(loss: Any, way: str) -> None:
    """A function of the epoch, lowered by ReduceOnPlateau, in a network trained before."""
    one = trainer(fm.SGD(halved, 0.9), loss=loss, shuffle=False, regularize_biases=True)
    one.run(
        X,
        Y,
        epochs=4,
        callbacks=[fm.ReduceOnPlateau("loss", factor=0.5, patience=1, min_delta=1.0)],
    )
    assert one.learning_rate < halved(3)
    again = fm.Trainer(one.network, loss, fm.SGD(halved), seed=3)
    again.epoch(X, Y)
    for some in (one, again):
        assert_continues_identically(some, way)


@ways
def test_a_trainer_that_has_not_begun_continues(way: str) -> None:
    assert_continues_identically(trainer(fm.Adam()), way)


def test_interrupted_epochs_continue() -> None:
    """An epoch that its time limit ends keeps the position in it."""
    one = trainer(fm.Adam())
    one.step(X, Y)
    one.epoch(X, Y, max_seconds=0.0)
    assert_continues_identically(one, "pickle")


def test_a_copy_made_by_a_callback_continues() -> None:
    """Within run, where the network is in training."""
    twins: list[Any] = []

    class Keep(fm.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            twins.append(copy.copy(one))

    one = trainer(fm.Adam(average=fm.Polyak(beta=0.5)))
    one.run(X, Y, epochs=3, callbacks=[Keep()])
    twins[0].run(X, Y, epochs=2)
    assert end(twins[0]) == end(one)


def test_a_copy_has_no_outputs() -> None:
    one = trainer(fm.Adam())
    one.forward(X)
    with pytest.raises(RuntimeError, match="call forward"):
        copy.copy(one).backward(np.ones((len(X), 2)))


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_a_network_and_its_trainer_stay_together(way: str) -> None:
    one = trainer(fm.Adam())
    pair: Any = one.network, one
    net, twin = WAYS[way](pair)
    assert twin.network is net


def kinds(value: Any) -> set[type]:
    """The types of a nest of dictionaries and lists."""
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return {type(value)}.union(*map(kinds, inner))
    return {type(value)}


@pytest.mark.parametrize("average", [None, fm.Polyak()])
def test_the_plain_form_has_numbers_strings_and_arrays(average: Any) -> None:
    rule = fm.SGD(fm.StepDecay(0.1), 0.9, clip_value=(-1.0, 2.0), average=average)
    one = trainer(rule, loss=fm.Huber(0.5))
    one.epoch(X, Y)
    values = one.__getstate__()
    plain = {dict, list, str, int, float, bool, type(None), np.ndarray}
    assert kinds(values) <= plain
    assert values["network"].keys() == one.network.__getstate__().keys()
    assert values["loss"] == {"name": "huber", "delta": 0.5}
    assert values["optimizer"]["learning_rate"]["name"] == "step_decay"
    values["state"]["optimizer"]["v"][:] = 0  # a copy
    assert one.state["v"].any()


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"loss": squared}, "loss"), ({"optimizer": fm.SGD(halved)}, "learning_rate")],
)
def test_the_plain_form_refuses_functions(fields: dict[str, Any], name: str) -> None:
    one = trainer(**{"optimizer": "sgd"} | fields)
    with pytest.raises(ValueError, match=rf"^Trainer: {name}=<function .*pickle the trainer"):
        one.__getstate__()


STATE = trainer(fm.NAdam(average=fm.Polyak())).__getstate__()
ENTRIES = STATE["state"]
VERSION_1 = {**STATE, "version": 1, "optimizer": fm.NAdam(average=fm.Polyak()), "iterate": None}
GONE = object()


def changed(section: str, **entries: Any) -> dict[str, Any]:
    """The state with other entries in a section."""
    return {"state": ENTRIES | {section: ENTRIES[section] | entries}}


DAMAGES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a network's": ({"format": "fastmlp.network"}, ValueError, "format='fastmlp.network', expec"),
    "later version": ({"version": 3}, ValueError, "version=3, expected 2; read it with"),
    **{
        f"no {part}": ({part: GONE}, ValueError, f"the state has no '{part}', expected network, ")
        for part in STATE if part not in ("format", "version")
    },
    "no network": ({"network": 3}, TypeError, "network=3 (int), expected an fm.Network"),
    "network {}": ({"network": {}}, ValueError, "network['format']=None, expected 'fastmlp.netw"),
    "another loss": ({"loss": "no"}, ValueError, "loss='no' is not known; expected one of"),
    "loss no": ({"loss": {"name": "no"}}, ValueError, "loss={'name': 'no'}, expected the name"),
    "loss {}": ({"loss": {}}, ValueError, "loss={}, expected the name"),
    "rate no": (
        {"optimizer": {"name": "sgd", "learning_rate": {"name": "constant", "q": 1}}},
        ValueError, "learning_rate={'name': 'constant', 'q': 1}, expected the name"),
    "another rule": ({"optimizer": fm.SGD()}, ValueError, "state['optimizer']=["),
    "no batch": ({"batch_size": 0}, ValueError, "batch_size=0, expected an integer >= 1"),
    "seed None": ({"seed": None}, TypeError, "seed=None (NoneType), expected an integer"),
    "state None": ({"state": None}, TypeError, "state=None (NoneType), expected a dictionary"),
    "state {}": ({"state": {}}, ValueError, "state=[], expected a dictionary of optimizer, "),
    "schedule 3": (
        {"state": ENTRIES | {"schedule": 3}}, TypeError, "state['schedule']=3 (int), expected a d"),
    "schedule {}": (
        {"state": ENTRIES | {"schedule": {}}}, ValueError, "state['schedule']=[], expected a dict"),
    "more": (changed("optimizer", q=1), ValueError, "state['optimizer']=['average', 'm', 'mu_pr"),
    "steps -1": (changed("schedule", steps=-1), ValueError, "state['schedule']['steps']=-1, expec"),
    "steps 1.5": (changed("schedule", steps=1.5), TypeError, "state['schedule']['steps']=1.5 (fl"),
    "epoch": (changed("trainer", epoch=2**32), ValueError, "trainer.epoch=4294967296, expected"),
    "rate": (changed("schedule", custom_rate=np.nan), ValueError, "schedule.custom_rate=nan, exp"),
    "scale": (changed("schedule", scale=0.0), ValueError, "schedule.scale=0, expected a finite s"),
    "scale None": (
        changed("schedule", scale=None), TypeError, "state['schedule']['scale'] has dtype object"),
    "short m": (
        changed("optimizer", m=np.ones(2)), ValueError, "state['optimizer']['m'] has shape (2,)"),
    "no numbers": (
        changed("optimizer", m=np.full(38, None)), TypeError, "state['optimizer']['m'] has dtype"),
    "iterate": (
        changed("trainer", iterate=np.ones(2)), ValueError, "state['trainer']['iterate'] has sha"),
    "progress 3": (
        VERSION_1 | {"progress": 3}, TypeError, "progress=3 (int), expected a dictionary"),
    "progress {}": (
        VERSION_1 | {"progress": {}}, ValueError, "progress=[], expected a dictionary of epoch_nu"),
    "version 1": (VERSION_1, ValueError, "the state has no 'progress', expected network, "),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_state_is_refused_and_changes_nothing(damage: str) -> None:
    """Into a trainer that exists as well as into a new one."""
    change, kind, text = DAMAGES[damage]
    values = {part: value for part, value in (STATE | change).items() if value is not GONE}
    one, same = (trainer(fm.Adam()) for _ in range(2))
    for target in (one, fm.Trainer.__new__(fm.Trainer)):
        with pytest.raises(kind) as refused:
            target.__setstate__(values)
        assert str(refused.value).startswith(f"Trainer: {text}"), str(refused.value)
        assert is_well_formed(str(refused.value), "Trainer"), str(refused.value)
    assert end(one) == end(same)


@pytest.mark.parametrize("values", [None, 3, [STATE]])
def test_what_is_no_state_is_refused(values: Array) -> None:
    with pytest.raises(TypeError, match=r"^Trainer: state=.*, expected a dictionary$"):
        fm.Trainer.__new__(fm.Trainer).__setstate__(values)
