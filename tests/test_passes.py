"""Several passes in given orders, made in one native call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._data.dataset import read_training_data
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.epochs import run_passes

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 3)), RNG.normal(size=50)
ORDERS = np.stack([RNG.permutation(50) for _ in range(4)])


def trainer(**options: Any) -> fm.Trainer:
    net = fm.Network([3, 5, 1], dtype="float64", seed=0)
    return fm.Trainer(net, batch_size=16, **({"optimizer": fm.Adam(0.01)} | options))


def passes(made_by: fm.Trainer, X: Any = X, orders: Any = ORDERS) -> list[EpochResult]:
    results: list[tuple[Any, ...]] = []
    data = read_training_data(made_by.network, made_by.loss, X, Y)
    run_passes(made_by, data, orders, results)
    return [EpochResult._make(parts) for parts in results]


@pytest.mark.parametrize("rate", [0.01, fm.ExponentialDecay(0.05, 0.5, per="epoch")])
def test_they_are_the_epochs_in_these_orders(rate: Any) -> None:
    """Bits, parts of the loss, schedules by epoch and counters."""
    together = trainer(optimizer=fm.SGD(rate, momentum=0.5), l2=0.1)
    single = trainer(optimizer=fm.SGD(rate, momentum=0.5), l2=0.1)
    results = passes(together)
    for order, result in zip(ORDERS, results, strict=True):
        assert single.epoch(X, Y, order=order) == result.loss
        assert single.last_epoch == result
    np.testing.assert_array_equal(together.network.parameters, single.network.parameters)
    assert together.network.epochs_trained == single.network.epochs_trained == 4
    assert together.n_steps == single.n_steps == 16
    assert together.learning_rate == single.learning_rate


def test_they_end_where_one_is_not_finite() -> None:
    """The parameters are those before."""
    diverging = trainer(optimizer=fm.SGD(1e200))
    results = passes(diverging)
    assert 1 <= len(results) < 4
    assert results[-1].status == "not_finite"
    assert np.isfinite(diverging.network.parameters).all()


def test_what_does_not_fit_is_refused() -> None:
    for orders, text in (
        (ORDERS[0], "orders has shape"),
        (ORDERS[:0], "orders has shape"),
        (ORDERS + 1, "order has the index 50, expected 0 to 49"),
        (ORDERS.astype(np.int32), "orders"),
    ):
        with pytest.raises((ValueError, TypeError), match=text):
            passes(trainer(), orders=orders)
    with pytest.raises(ValueError, match="the schedule is in Python"):
        passes(trainer(optimizer=fm.SGD(lambda epoch: 0.1)))
