"""`half_state=True`: m, v and their like in bfloat16, rounded at random."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

RATE = 1e-3
rules = pytest.mark.parametrize("name", sorted(_core.optimizers))


def rule(name: str, **fields: Any) -> Any:
    return _core.optimizers[name](RATE, **({"momentum": 0.9} if name == "SGD" else {}), **fields)


def trainer(optimizer: Any, **options: Any) -> fm.Trainer:
    net = fm.Network([30, 40, 3], activation="tanh", output="softmax", seed=0)
    return fm.Trainer(net, optimizer=optimizer, batch_size=50, **options)


def numbers(n: int, inputs: int, outputs: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, inputs)).astype("f"), rng.normal(size=(n, outputs)).astype("f")


def data(n: int = 500, inputs: int = 30, classes: int = 3) -> tuple[Any, Any]:
    X, y = numbers(n, inputs, classes)
    return X, y.argmax(axis=1)


def is_half(values: Any) -> bool:
    return not np.any(np.asarray(values, np.float32).view(np.uint32) & 0xFFFF)


def ulps(values: Any) -> Any:
    """The distance between neighbours in bfloat16."""
    return 2.0 ** (np.floor(np.log2(np.maximum(np.abs(values), 1e-38))) - 7)


@rules
def test_a_step_is_that_of_the_same_state_in_float32_and_then_rounded(name: str) -> None:
    """To the last bit in w; in the state to one of both neighbours."""
    X, y = data()
    half, full = trainer(rule(name, half_state=True)), trainer(rule(name))
    half.run(X, y, epochs=3)
    full.network.parameters = half.network.parameters
    full._native.load_state_dict(half._native.state_dict())
    half.step(X[:50], y[:50])
    full.step(X[:50], y[:50])
    np.testing.assert_array_equal(half.network.parameters, full.network.parameters)
    for key, exact in full.state.items():
        rounded = half.state[key]
        if exact.shape == (1,):
            assert rounded == exact
            continue
        assert is_half(rounded)
        assert np.all(np.abs(rounded - exact) < ulps(exact))
        assert np.all((rounded == exact) | (np.sign(rounded) == np.sign(exact)))


def test_roundings_keep_the_mean_and_go_both_ways() -> None:
    """The parts cut off are uniform here: half of the numbers go up, and the errors cancel."""
    optimizer = {"momentum": 0.0625}  # v of the first step is -lr g
    net = [fm.Network([1000, 64], output="identity", seed=0) for _ in range(2)]
    X, y = numbers(20, 1000, 64)
    states = []
    for network, half in zip(net, (True, False), strict=True):
        one = fm.Trainer(network, optimizer=fm.SGD(0.1, half_state=half, **optimizer))
        one.step(X, y)
        states.append(one.state["v"].astype(float))
    error = (states[0] - states[1]) / ulps(states[1])
    n = error.size
    assert n == 64_064
    assert abs(error.mean()) < 5 * np.sqrt(
        1 / 6 / n
    )  # the variance of a rounding is 1/6 on average
    assert abs(np.mean(error > 0) - 0.5) < 5 * 0.5 / np.sqrt(n)
    assert 0.9 / 6 < error.var() < 1.1 / 6
    assert abs(np.corrcoef(error[:-1], error[1:])[0, 1]) < 5 / np.sqrt(n)


def test_small_changes_of_v_are_not_lost() -> None:
    """v moves by a thousandth: to the nearest of 8 bits it would stay for ever."""
    net = fm.Network([100, 10], output="identity", seed=0)
    X, y = numbers(20, 100, 10)
    one = fm.Trainer(net, optimizer=fm.Adam(1e-12, half_state=True))
    squares = net.value_and_grad(X, y)[1].astype(float) ** 2
    for _ in range(2000):
        one.step(X, y)
    expected = squares * (1 - 0.999**2000)
    ratio = one.state["v"][squares > 0] / expected[squares > 0]
    assert abs(ratio.mean() - 1) < 0.01
    assert ratio.std() < 0.1  # 0.2 % of a rounding at random, over a thousand steps: 4 to 6 %


@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.1}, {"average": fm.Polyak()}])
def test_bits_are_those_of_any_number_of_threads(options: dict[str, Any]) -> None:
    X, y = data(256, 200, 10)
    found = []
    for threads in (1, 2, 3):
        net = fm.Network([200, 300, 10], output="softmax", seed=0)
        optimizer = fm.Adam(1e-3, half_state=True, **options)
        _core.force_num_threads(threads)
        try:
            net.fit(X, y, optimizer=optimizer, epochs=3, batch_size=64)
        finally:
            _core.force_num_threads(0)
        found.append(net.parameters.copy())
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@rules
def test_copies_pickles_and_files_go_on_with_the_same_bits(name: str, tmp_path: Path) -> None:
    X, y = data()
    whole = trainer(rule(name, half_state=True))
    whole.run(X, y, epochs=2)
    whole.save(tmp_path / "trainer")
    twins = [
        copy.deepcopy(whole),
        pickle.loads(pickle.dumps(whole)),
        fm.Trainer.load(tmp_path / "trainer"),
    ]
    whole.run(X, y, epochs=2)
    for twin in twins:
        assert twin.optimizer == whole.optimizer
        twin.run(X, y, epochs=2)
        np.testing.assert_array_equal(twin.network.parameters, whole.network.parameters)
        for key in whole.state:
            np.testing.assert_array_equal(twin.state[key], whole.state[key])


def test_classes_are_learnt_as_well() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    X, y = sklearn.load_digits(return_X_y=True)
    rights = []
    for half in (False, True):
        net = fm.Network([64, 64, 10], output="softmax", seed=0)
        net.fit(X[:1300] / 16, y[:1300], optimizer=fm.Adam(3e-3, half_state=half), epochs=40)
        rights.append(np.mean(net.predict(X[1300:] / 16).argmax(axis=1) == y[1300:]))
    assert min(rights) > 0.9
    assert abs(rights[0] - rights[1]) < 0.015


@pytest.mark.parametrize("options", [{}, {"clip_norm": 1e25}])
def test_an_update_that_overflows_is_not_made(options: dict[str, Any]) -> None:
    net = fm.Network([2, 2], output="identity", seed=0)
    one = fm.Trainer(net, optimizer=fm.Adam(half_state=True, **options), loss="squared_error")
    X, y = np.ones((1, 2), np.float32), np.ones((1, 2), np.float32)
    one.step(X, y)
    before = net.parameters.copy(), {key: one.state[key].copy() for key in one.state}
    with pytest.raises(Exception, match=r"[mvw]\[|not finite|too large"):
        one.step(1e12 * X, 1e18 * y)
    np.testing.assert_array_equal(net.parameters, before[0])
    for key, values in before[1].items():
        np.testing.assert_array_equal(one.state[key], values)
    assert np.isfinite(one.step(X, y))


def test_its_state_is_copied_and_not_assigned_to() -> None:
    X, y = data()
    one = trainer(fm.Adam(half_state=True))
    m = one.state["m"]
    one.step(X[:50], y[:50])
    assert not m.any()
    assert one.state["m"].any()
    with pytest.raises(ValueError, match=r"Trainer.state: name='m'.*half_state=True"):
        one.state["m"] = 0
    with pytest.raises(ValueError, match="read-only"):
        one.state["m"][0] = 1


def test_what_cannot_be_in_half_precision_is_refused() -> None:
    wide = fm.Network([2, 1], dtype="float64", seed=0)
    before = wide.parameters.copy()
    with pytest.raises(ValueError, match=r"Adam: half_state=True, expected False with dtype='f"):
        wide.fit([[1, 2]], [1], optimizer=fm.Adam(half_state=True))
    np.testing.assert_array_equal(wide.parameters, before)
    with pytest.raises(ValueError, match=r"half_state=True, .* looks ahead keeps w in its state"):
        fm.Trainer(
            fm.Network([2, 1]),
            optimizer=fm.SGD(momentum=0.9, nesterov="lecture", half_state=True),
        )
