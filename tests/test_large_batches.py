"""Batches of many chunks of a small network: threads take whole chunks, with the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from reference import Array

SIZES = (2000, 20_000)  # two chunks, and more chunks than gradients that are kept at a time


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    yield
    _core.force_num_threads(0)


def network(dtype: str) -> Any:
    layers = [fm.Dense(9, "tanh"), fm.Dropout(0.3), fm.Dense(3, "softmax")]
    return fm.Network(layers, inputs=4, dtype=dtype, seed=1)


def problem(n: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] > X[:, 1]).astype(int) + (X[:, 2] > 0), rng.uniform(size=n)


def evaluated(net: Any, n: int) -> list[Array]:
    X, y, weights = problem(n)
    value, gradient = net.value_and_grad(X, y, sample_weight=weights)
    return [np.array([net.loss(X, y, sample_weight=weights), value]), gradient]


def trained(optimizer: Any) -> Callable[[Any, int], list[Array]]:
    def run(net: Any, n: int) -> list[Array]:
        X, y, weights = problem(n)
        history = net.fit(
            X, y, optimizer=optimizer, batch_size=n, epochs=3, sample_weight=weights, l2=1e-3
        )
        return [net.parameters, np.array(history["loss"])]

    return run


WORK = {
    "values": evaluated,
    "sgd": trained("sgd"),
    "clipped": trained(fm.Adam(clip_norm=1e-2)),
    "lbfgs": trained("lbfgs"),
    "backtracking": trained(fm.NonlinearCG(line_search=fm.Backtracking())),
    "hessian_free": trained(fm.HessianFree(max_iterations=5)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", WORK)
def test_the_number_of_threads_does_not_matter(name: str, n: int, dtype: str) -> None:
    results = []
    for threads in (1, 2, 3, 4):
        _core.force_num_threads(threads)
        results.append(WORK[name](network(dtype), n))
    for other in results[1:]:
        for expected, actual in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("n", SIZES)
def test_values_are_the_sums_over_pieces(n: int) -> None:
    """Another oracle than one thread: pieces that fit in one chunk."""
    X, y, weights = problem(n)
    net = network("float64")
    _core.force_num_threads(3)
    value, gradient = net.value_and_grad(X, y, sample_weight=weights)
    total, sums = 0.0, np.zeros_like(gradient)
    for rows in np.array_split(np.arange(n), n // 500):
        share = weights[rows].sum() / weights.sum()
        piece = net.value_and_grad(X[rows], y[rows], sample_weight=weights[rows])
        total, sums = total + share * piece[0], sums + share * piece[1]
    assert value == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(gradient, sums, rtol=1e-9, atol=1e-13)


def test_another_batch_and_other_parameters_are_seen() -> None:
    """Lanes keep objectives of their own: they follow w, data and the number of threads."""
    X, y, _ = problem(4000)
    net, trainer_threads = network("float64"), (4, 2, 3)
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1), batch_size=4000)
    for threads in trainer_threads:
        _core.force_num_threads(threads)
        trainer.epoch(X, y)
        trainer.step(X[:3000], y[:3000])
        X = X + 0.1
    _core.force_num_threads(1)
    other, X = network("float64"), problem(4000)[0]
    trainer = fm.Trainer(other, optimizer=fm.SGD(0.1), batch_size=4000)
    for _ in trainer_threads:
        trainer.epoch(X, y)
        trainer.step(X[:3000], y[:3000])
        X = X + 0.1
    np.testing.assert_array_equal(net.parameters, other.parameters)
