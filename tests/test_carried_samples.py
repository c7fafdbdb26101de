"""`Trainer.epoch(..., carry=True)`: samples that do not fill a batch join the next pass."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastmlp as fm
from forced_threads import forced_threads

Array = np.ndarray[Any, Any]


def squares(outputs: Array, y: Array) -> tuple[Array, Array]:
    return 0.5 * ((outputs - y) ** 2).sum(axis=1), outputs - y


def problem(n: int = 23) -> tuple[Array, Array]:
    random = np.random.default_rng(n)
    return random.normal(size=(n, 3)), random.normal(size=(n, 2))


def made(**settings: Any) -> fm.Trainer:
    net = fm.Network([3, 5, 2], activation="tanh", dtype="float64", seed=1)
    given = {"batch_size": 4, "optimizer": fm.Adam(0.01), "shuffle": False, "seed": 3, **settings}
    return fm.Trainer(net, **given)


def step_rows(n: int, size: int, epochs: int) -> list[list[list[int]]]:
    """The rows of each step of each epoch, one sample at a time, as the original counts them."""
    waiting: list[int] = []
    steps: list[list[list[int]]] = []
    for _ in range(epochs):
        steps.append([])
        for index in range(n):
            waiting.append(index)
            if (index + 1) % size == 0:
                steps[-1].append(waiting)
                waiting = []
    return steps


@given(n=st.integers(4, 30), size=st.integers(1, 4), epochs=st.integers(1, 4))
def test_steps_are_those_on_the_rows_of_each(n: int, size: int, epochs: int) -> None:
    X, y = problem(n)
    ours, single = made(batch_size=size), made(batch_size=size)
    for steps in step_rows(n, size, epochs):
        ours.epoch(X, y, carry=True)
        for rows in steps:
            single.step(X[rows], y[rows])
        assert ours.last_epoch is not None
        assert ours.last_epoch.n_steps == len(steps)
        assert ours.last_epoch.n_samples == sum(map(len, steps))
    np.testing.assert_array_equal(ours.network.parameters, single.network.parameters)


def test_a_loss_in_python_takes_the_same_steps() -> None:
    X, y = problem()
    native, own = made(), made(loss=squares)
    for _ in range(5):
        native.epoch(X, y, carry=True)
        own.epoch(X, y, carry=True)
    np.testing.assert_allclose(own.network.parameters, native.network.parameters, rtol=1e-12)


def test_the_order_is_that_of_a_pass_without_it() -> None:
    """With shuffling too: the leftover is the end of the epoch's order, which is drawn once."""
    X, y = problem()
    ours, plain = made(shuffle=True), made(shuffle=True)
    orders = []
    for _ in range(2):
        orders.append(plain._native.order(len(X)))
        plain.epoch(X, y)
        ours.epoch(X, y, carry=True)
    single = made()
    for rows in [*np.split(orders[0][:20], 5), np.r_[orders[0][20:], orders[1][:4]]]:
        single.step(X[rows], y[rows])
    for rows in np.split(orders[1][4:20], 4):
        single.step(X[rows], y[rows])
    np.testing.assert_array_equal(ours.network.parameters, single.network.parameters)


@pytest.mark.parametrize("weighting", ["set", "batch"])
def test_sample_weights_and_a_given_order(weighting: Any) -> None:
    X, y = problem()
    weights, order = np.linspace(0.5, 2, 23), np.random.default_rng(0).permutation(23)
    carried, picked = made(weighting=weighting), made(weighting=weighting)
    for _ in range(3):
        carried.epoch(X, y, sample_weight=weights, order=order, carry=True)
        picked.epoch(X[order], y[order], sample_weight=weights[order], carry=True)
    np.testing.assert_array_equal(carried.network.parameters, picked.network.parameters)


def test_a_schedule_in_python_is_asked_once_an_epoch() -> None:
    asked: list[int] = []

    def rate(epoch: int) -> float:
        asked.append(epoch)
        return 0.01

    X, y = problem()
    for loss in (None, squares):
        trainer = made(optimizer=fm.SGD(rate), loss=loss, shuffle=True)
        asked.clear()  # the first rate is asked for at once
        for _ in range(3):
            trainer.epoch(X, y, carry=True)
        assert asked == [0, 1, 2]


@pytest.mark.parametrize("n_threads", [2, 3, 4])
def test_same_bits_for_any_threads(n_threads: int) -> None:
    X, y = problem(3003)
    results = []
    for threads in (1, n_threads):
        trainer = made(batch_size=1000)
        with forced_threads(threads):
            for _ in range(3):
                trainer.epoch(X, y, carry=True)
        results.append(trainer.network.parameters.copy())
    np.testing.assert_array_equal(*results)


def test_copies_pickles_and_files_go_on_with_what_was_left(tmp_path: Path) -> None:
    X, y = problem()
    trainer = made()
    trainer.epoch(X, y, carry=True)
    trainer.save(tmp_path / "run")
    twins = [
        copy.copy(trainer),
        copy.deepcopy(trainer),
        pickle.loads(pickle.dumps(trainer)),
        fm.Trainer.load(tmp_path / "run"),
    ]
    trainer.epoch(X, y, carry=True)
    for twin in twins:
        twin.epoch(X, y, carry=True)
        np.testing.assert_array_equal(twin.network.parameters, trainer.network.parameters)


def test_a_pass_without_it_forgets_what_was_left() -> None:
    X, y = problem()
    trainer = made()
    trainer.epoch(X, y, carry=True)
    trainer.epoch(X, y)
    trainer.epoch(X, y, carry=True)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.n_samples == 20


def test_a_method_that_takes_all_rows_leaves_none() -> None:
    X, y = problem()
    trainer = made(optimizer="lbfgs", batch_size=None)
    trainer.epoch(X, y, carry=True)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.n_samples == 23


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"carry": 1}, r"^Trainer\.epoch: carry=1 \(int\), expected True or False"),
        ({"n": 3}, r"^Trainer\.epoch: X has 3 samples, expected at least batch_size=4"),
        ({"order": [0, 1]}, r"^Trainer\.epoch: order has 2 samples, expected at least"),
        ({"n": 20}, r"^Trainer\.epoch: X has 20 samples, expected those of the last call"),
    ],
)
def test_refused_and_nothing_changes(call: dict[str, Any], message: str) -> None:
    X, y = problem()
    trainer, other = made(), made()
    for each in (trainer, other):
        each.epoch(X, y, carry=True)
    n = call.pop("n", 23)
    with pytest.raises((ValueError, TypeError), match=message):
        trainer.epoch(X[:n], y[:n], **{"carry": True, **call})
    for each in (trainer, other):
        each.epoch(X, y, carry=True)
    np.testing.assert_array_equal(trainer.network.parameters, other.network.parameters)


def test_states_of_recurrent_layers_need_equal_batches() -> None:
    net = fm.Network([fm.GRU(2), fm.Dense(1)], inputs=(3, 1), seed=0)
    trainer = fm.Trainer(net, batch_size=4, shuffle=False, carry_state=True)
    with pytest.raises(ValueError, match="carry=True makes first batches larger"):
        trainer.epoch(np.zeros((8, 3, 1)), np.zeros(8), carry=True)


@pytest.mark.parametrize("damage", [{"a": 1}, [-1], [0.5], "0"])
def test_a_damaged_list_is_refused(damage: Any) -> None:
    state = made().__getstate__()
    with pytest.raises((ValueError, TypeError), match="carried_samples"):
        made().__setstate__({**state, "carried_samples": damage})
