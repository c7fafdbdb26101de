"""`Trainer.epoch(order=…)`: a pass over given samples in a given order."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastmlp as fm
import reference as ref
from problems import TASKS, N, batches, squared, task_pair

WEIGHTS = np.random.default_rng(3).uniform(0.1, 3, N)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "weighting": {"weighting": "batch"},
    "penalty": {"l2": 0.1, "l2_scale": "batch_weight"},
    "clipped": {"optimizer": fm.Adam(0.01, clip_norm=0.1)},
    "lbfgs": {"optimizer": fm.LBFGS(), "batch_size": None},
    "custom": {"loss": squared},
}


def parameters_of(dtype: str, options: dict[str, Any], order: Any, *, copied: bool) -> Any:
    """The parameters and losses of two passes, over X[order] or with `order`."""
    net = fm.Network([3, 5, 2], dtype=dtype, seed=1)
    _, _, _, X, y = task_pair("regression")
    trainer = fm.Trainer(net, **{"batch_size": 5, "shuffle": False} | options)
    weight = WEIGHTS
    passes = {"order": order}
    if copied:
        X, y, weight, passes = X[order], y[order], weight[order], {}
    losses = [trainer.epoch(X, y, sample_weight=weight, **passes) for _ in range(2)]
    return np.array(net.parameters), losses, trainer.last_epoch


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(order=st.lists(st.integers(0, N - 1), min_size=1, max_size=60))
def test_a_pass_in_an_order_is_one_over_the_samples_in_this_order(
    order: list[int], dtype: str, name: str
) -> None:
    """The bits of `epoch(X[order], y[order])`: any number of them, some several times."""
    by_order = parameters_of(dtype, OPTIONS[name], order, copied=False)
    by_copy = parameters_of(dtype, OPTIONS[name], order, copied=True)
    np.testing.assert_array_equal(by_order[0], by_copy[0])
    assert by_order[1:] == by_copy[1:]


@pytest.mark.parametrize("task", TASKS)
def test_a_pass_in_an_order_equals_the_oracle(task: str) -> None:
    """Batches of 5 in that order, the last one shorter."""
    net, oracle, w, X, y = task_pair(task)
    order = np.random.default_rng(0).permutation(N)[:-1]
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1), batch_size=5)
    trainer.epoch(X, y, order=order)
    expected, _ = ref.train(
        oracle, w, X, y, ref.SGD(0.1), [order[block] for block in batches(len(order), 5)]
    )
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)
    assert trainer.n_steps == 5


def test_the_order_is_that_of_one_pass() -> None:
    """The next epoch draws its own, as if there had been none."""
    nets = [task_pair()[0] for _ in range(2)]
    _, _, _, X, y = task_pair()
    one, other = (fm.Trainer(net, batch_size=4, seed=2) for net in nets)
    one.epoch(X, y, order=np.arange(N))
    other.epoch(X, y, order=range(N))
    one.epoch(X, y)
    other.run(X, y, epochs=1)
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)
    assert nets[0].epochs_trained == 2


@pytest.mark.parametrize("given_as", [np.uint8, np.int16, np.int64, np.uint64, ">i4", list])
def test_indices_of_any_integer_type_are_taken(given_as: Any) -> None:
    order = np.arange(N)[::-2]
    converted = order.tolist() if given_as is list else order.astype(given_as)
    ends = [parameters_of("float64", {}, each, copied=False)[0] for each in (order, converted)]
    np.testing.assert_array_equal(*ends)


def test_the_order_may_change_during_the_pass() -> None:
    """It is copied first, so another thread or a loss in Python does no harm."""
    order = np.arange(N)[::-1].copy()

    def spoiling(outputs: ref.Array, y: ref.Array) -> tuple[ref.Array, ref.Array]:
        order[:] = 10**9
        return squared(outputs, y)

    nets = [task_pair()[0] for _ in range(2)]
    _, _, _, X, y = task_pair()
    fm.Trainer(nets[0], squared, batch_size=5).epoch(X, y, order=order.copy())
    fm.Trainer(nets[1], spoiling, batch_size=5).epoch(X, y, order=order)
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "beyond": ([0, N], ValueError, f"order[1]={N}, expected indices of rows, 0 to {N - 1}"),
    "negative": ([0, 1, -1], ValueError, "order[2]=-1, expected indices of rows"),
    "2**63": (np.array([2**63], np.uint64), ValueError, f"order[0]={2**63}, expected indices"),
    "empty": ([], ValueError, "order has shape (0,), expected (n,) with n >= 1"),
    "column": ([[0]], ValueError, "order has shape (1, 1), expected (n,)"),
    "number": (3, ValueError, "order has shape (), expected (n,)"),
    "floats": ([0.0, 1.0], TypeError, "order has dtype float64, expected integers"),
    "mask": (np.ones(N, bool), TypeError, "order has dtype bool, expected integers"),
    "names": (["a"], TypeError, "order has dtype <U1, expected"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("loss", [None, squared])
def test_other_orders_are_refused(name: str, loss: Any) -> None:
    """With what is wrong; the trainer is as it was."""
    order, kind, text = BAD[name]
    net, _, w, X, y = task_pair()
    trainer = fm.Trainer(net, loss)
    with pytest.raises(kind, match=rf"^Trainer\.epoch: {re.escape(text)}"):
        trainer.epoch(X, y, order=order)
    np.testing.assert_array_equal(net.parameters, w)
    assert (trainer.n_steps, net.epochs_trained, trainer.last_epoch) == (0, 0, None)


@pytest.mark.parametrize("indices", [[-1], [N], [2**62]])
def test_the_core_checks_indices_itself(indices: list[int]) -> None:
    """No call of it can read beyond X."""
    net, _, _, X, y = task_pair()
    native = fm.Trainer(net)._native
    snapshot = fm._core.float64.Snapshot()
    with pytest.raises(ValueError, match="order has the index"):
        native.epochs(X, y, None, 1, None, snapshot, [], np.array(indices))
