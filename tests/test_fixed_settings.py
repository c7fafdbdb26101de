"""Every setting acts, or is refused with what to do: attributes, rates, class weights."""

from __future__ import annotations

import collections
import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

X = np.random.default_rng(0).normal(size=(24, 4))
LABELS = np.arange(24) % 3


def classifier() -> Any:
    return fm.Network([4, 5, 3], output="softmax", seed=0)


SETTINGS: dict[str, Any] = {
    "network": classifier(), "loss": fm.SquaredError(), "optimizer": fm.SGD(0.5), "batch_size": 4,
    "seed": 9, "l1": 1.0, "l2": 1.0, "regularize_biases": True, "shuffle": False,
    "weighting": "batch", "l2_scale": "batch_weight", "carry_state": True,
    "missing": "mask",
    "n_threads": 1, "comm": fm.distributed.run_threads(lambda comm: comm, 1)[0],
}  # fmt: skip


def test_all_settings_are_listed() -> None:
    """Those of the constructor are those tested here."""
    names = fm.Trainer.__init__.__annotations__.keys() - {"return"}
    assert SETTINGS.keys() == names
    assert set(fm.Trainer._fixed) == names


@pytest.mark.parametrize("name", SETTINGS)
def test_a_trainers_settings_are_fixed(name: str) -> None:
    """Refused with the way to do it; the trainer trains on as its twin, and its pickle too."""
    trainer, twin = fm.Trainer(classifier()), fm.Trainer(classifier())
    advice = "new fm.Trainer"
    with pytest.raises(AttributeError, match=rf"^Trainer\.{name}: .*{advice}"):
        setattr(trainer, name, SETTINGS.get(name, 0.1))
    with pytest.raises(AttributeError, match=rf"^Trainer\.{name}: .*no change"):
        delattr(trainer, name)
    again = pickle.loads(pickle.dumps(trainer))
    for each in (twin, trainer, again):
        each.run(X, LABELS, epochs=2)
        np.testing.assert_array_equal(each.network.parameters, twin.network.parameters)


FIXED = ["layers", "n_inputs", "output_shape", "n_outputs", "n_parameters", "dtype", "seed"]


@pytest.mark.parametrize("name", FIXED)
def test_a_networks_shape_is_fixed(name: str) -> None:
    net = classifier()
    with pytest.raises(AttributeError, match=rf"^Network\.{name}: .*new fm\.Network"):
        setattr(net, name, getattr(net, name))
    with pytest.raises(AttributeError, match=rf"^Network\.{name}: .*no change"):
        delattr(net, name)
    net.own = 1
    del net.own
    assert not hasattr(net, "own")
    assert net.predict(X).shape == (24, 3)
    with pytest.raises(AttributeError):
        net.history = None


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda x, p=protocol: pickle.loads(pickle.dumps(x, p))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}
copies = pytest.mark.parametrize("how", COPIES)


class Scaled(fm.Network):
    """A network with a scaler, as users write it."""

    def __init__(self, *args: Any, mean: float, **fields: Any) -> None:
        self.early = [mean]  # before the constructor of the network
        super().__init__(*args, **fields)
        self.mean = mean


@copies
def test_attributes_that_users_attach_are_kept(how: str) -> None:
    net = classifier()
    net.classes_ = ["a", "b", "c"]
    net.scale = np.arange(3.0)
    twin = COPIES[how](net)
    assert twin.classes_ == ["a", "b", "c"]
    np.testing.assert_array_equal(twin.scale, net.scale)
    np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    assert (twin.classes_ is net.classes_) == (how == "copy")
    scaled = COPIES[how](Scaled([4, 3], mean=5.0, seed=1))
    assert (type(scaled), scaled.mean, scaled.early) == (Scaled, 5.0, [5.0])
    trainer = fm.Trainer(net)
    trainer.best = 1
    again = COPIES[how](trainer)
    assert (again.best, again.network.classes_) == (1, ["a", "b", "c"])
    assert not net.copy()._attached().keys() ^ {"classes_", "scale"}


@copies
def test_the_history_is_kept(how: str) -> None:
    net = classifier()
    trainer = fm.Trainer(net)
    history = trainer.run(X, LABELS, epochs=3, validation_data=(X, LABELS))
    for twin in (COPIES[how](net), COPIES[how](trainer)):
        assert twin.history.to_dict() == history.to_dict()
        assert twin.history.status == "max_steps"
        (twin.network if twin.history is not twin.__dict__.get("_history") else twin).fit(
            X, LABELS, epochs=1
        )
        assert net.history is history
        assert history.n_epochs == 3


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("attributes", {"_native": 0}),
        ("attributes", {"layers": ()}),
        ("attributes", 3),
        ("history", 3),
        ("history", {"status": "no such", "losses": {}}),
        ("history", {"status": "stopped"}),
        ("history", {"status": "stopped", "losses": {"loss": ["x"]}}),
    ],
)
def test_damaged_parts_are_refused(part: str, value: Any) -> None:
    net = classifier()
    state, before = net.__getstate__(), dict(vars(net))
    with pytest.raises(ValueError, match=f"^Network: {part}="):
        net.__setstate__({**state, part: value})
    assert vars(net) == before


@pytest.mark.parametrize("name", _core.optimizers)
def test_state_is_assigned_or_refused(name: str) -> None:
    """Assigning to an entry copies into the state, so the next step is that of written views."""
    fields: dict[str, Any] = {"momentum": 0.5} if name in ("sgd", "rmsprop") else {}
    assigned, written = (
        fm.Trainer(fm.Network([4, 1], seed=0), optimizer=_core.optimizers[name](**fields))
        for _ in range(2)
    )
    assert len(assigned.state) > 0
    for key, view in written.state.items():
        view[:] = 0.25
        assigned.state[key] = np.full(view.shape, 0.25)
        with pytest.raises(ValueError, match=rf"^Trainer\.state: {key} has shape"):
            assigned.state[key] = np.zeros(view.size + 1)
        with pytest.raises(TypeError, match=rf"^Trainer\.state: {key}"):
            assigned.state[key] = ["a"] * view.size
    with pytest.raises(ValueError, match=r"^Trainer\.state: name='none', expected one of"):
        assigned.state["none"] = 0
    with pytest.raises(KeyError):
        assigned.state["none"]
    for trainer in (assigned, written):
        trainer.step(X, X[:, 0])
    np.testing.assert_array_equal(assigned.network.parameters, written.network.parameters)
    for key, view in written.state.items():
        np.testing.assert_array_equal(assigned.state[key], view)


@pytest.mark.parametrize(
    ("cls", "nesterov"), [(fm.SGD, True), (fm.SGD, "lecture"), (fm.RMSProp, True)]
)
def test_nesterov_needs_momentum(cls: Any, nesterov: Any) -> None:
    with pytest.raises(
        ValueError, match=rf"^{cls.__name__}: nesterov={nesterov!r}, .*momentum > 0"
    ):
        cls(0.1, nesterov=nesterov)
    cls(0.1, momentum=0.5, nesterov=nesterov)
    cls(0.1, nesterov=False)


ADAPTIVE = [cls for cls in _core.optimizers.values() if cls.uses_initial_rate_only]
SCHEDULES = [
    fm.ExponentialDecay(0.1), fm.InverseTimeDecay(0.1), fm.StepDecay(0.1), fm.PolynomialDecay(0.1),
    fm.CosineDecay(0.1), fm.OneCycle(0.1), lambda epoch: 0.1,
]  # fmt: skip


@pytest.mark.parametrize("cls", ADAPTIVE)
def test_rules_with_steps_of_their_own_take_no_schedule(cls: Any) -> None:
    """Neither at the start nor by a factor or a callback later."""
    assert {type(s).__name__ for s in SCHEDULES[:-1]} | {"Constant"} == {
        schedule.__name__ for schedule in _core.schedules.values()
    }
    for schedule in SCHEDULES:
        name = getattr(type(schedule), "__name__", "")
        given = "a function" if name == "function" else rf"{name}\(\.\.\.\)"
        with pytest.raises(
            ValueError, match=rf"^{cls.__name__}: learning_rate={given}, .*a number"
        ):
            cls(schedule)
    net = fm.Network([4, 1], seed=0)
    trainer = fm.Trainer(net, optimizer=cls(fm.Constant(0.01)))  # it is a number
    before = net.parameters.copy()
    with pytest.raises(
        ValueError, match=rf"^Trainer.scale_learning_rate: optimizer={cls.__name__}"
    ):
        trainer.scale_learning_rate(0.5)
    with pytest.raises(ValueError, match=rf"^ReduceOnPlateau: optimizer={cls.__name__}"):
        trainer.run(X, X[:, 0], epochs=1, callbacks=[fm.ReduceOnPlateau("loss")])
    np.testing.assert_array_equal(net.parameters, before)


class Named(collections.UserDict[Any, Any]):
    """A mapping without a default."""


@pytest.mark.parametrize(
    ("output", "y", "weights", "classes"),
    [
        ("softmax", LABELS, {5: 2.0}, "0, 1, 2"),
        ("softmax", LABELS, {-1: 9.0}, "0, 1, 2"),
        ("softmax", LABELS, {0.5: 3.0}, "0, 1, 2"),
        ("softmax", LABELS, {np.nan: 3.0}, "0, 1, 2"),
        ("softmax", LABELS, {1: 1.0, 2: 1.0, 3: 1.0}, "0, 1, 2"),
        ("softmax", np.eye(3)[LABELS], {3: 2.0}, "0, 1, 2"),
        ("softmax", LABELS, Named({4: 1.0}), "0, 1, 2"),
        ("sigmoid", LABELS[:, None] == 1, {2: 2.0}, "0, 1"),
        ("sigmoid", np.zeros(24), {-0.5: 2.0}, "0, 1"),
        ("sign", 2 * (LABELS == 1) - 1, {0: 2.0}, "-1, 1"),
        ("sign", LABELS == 1, {-1: 2.0}, "0, 1"),
        ("identity", LABELS, {3: 2.0}, "0, 1, 2"),
        ("softmax", LABELS, collections.defaultdict(lambda: 5.0), "all classes"),
        ("softmax", LABELS, collections.Counter({0: 2, 1: 1}), "all classes"),
        ("sigmoid", LABELS == 1, collections.defaultdict(float, {0: 2.0}), "all classes"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "epoch", "run"])
def test_class_weights_name_classes(
    call: str, output: Any, y: Any, weights: Any, classes: str
) -> None:
    """A key that is no class, such as one counted from 1, is refused with the classes."""
    net = fm.Network([4, 3 if output == "softmax" else 1], output=output, seed=0)
    before = net.parameters.copy()
    owner = net if call == "fit" else fm.Trainer(net)
    where = "fit" if call == "fit" else rf"Trainer\.{call}"
    with pytest.raises(ValueError, match=rf"^{where}: class_weight=.*expected.* {classes}"):
        getattr(owner, call)(X, y, class_weight=weights)
    np.testing.assert_array_equal(net.parameters, before)
    assert net.history is None


@pytest.mark.parametrize(
    ("y", "weights"),
    [
        (LABELS % 2, {0: 1, 1: 2, 2: 3}),  # class 2 is absent, but the network has it
        (LABELS, {np.int64(0): 1, True: 2, 2.0: 3}),
        (LABELS, collections.Counter({0: 3, 1: 2, 2: 1})),
        (LABELS, collections.defaultdict(float, {0: 3, 1: 2, 2: 1})),
        (LABELS, Named({1: 3})),
    ],
)
def test_classes_of_the_network_are_accepted(y: Any, weights: Any) -> None:
    """With the effect of the sample weights that they stand for; a default adds no keys."""
    keys = list(weights)
    net, twin = classifier(), classifier()
    net.fit(X, y, class_weight=weights, epochs=2)
    given = {float(key): value for key, value in weights.items()}
    twin.fit(X, y, sample_weight=[given.get(float(label), 1.0) for label in y], epochs=2)
    np.testing.assert_array_equal(net.parameters, twin.parameters)
    assert list(weights) == keys


def test_binary_networks_have_both_classes() -> None:
    for output, y in (("sigmoid", np.zeros(24)), ("sign", np.ones(24)), ("sign", -np.ones(24))):
        for weights in ({1: 2.0}, {-1: 2.0} if output == "sign" else {0: 2.0}):
            fm.Network([4, 1], output=output, seed=0).fit(X, y, class_weight=weights, epochs=1)
