"""`_core.shuffled_orders` draws as NumPy's `RandomState.shuffle`, and the fits that share it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmlp import _core


@given(st.integers(0, 2**32 - 1), st.integers(0, 300), st.integers(0, 5))
def test_orders_and_the_state_after_them_are_those_of_numpy(seed: int, n: int, epochs: int) -> None:
    """Each is shuffled from the last, as by repeated calls of `shuffle`."""
    bits = np.random.MT19937()
    random, numpy_s = np.random.RandomState(bits), np.random.RandomState(seed)
    random.seed(seed)
    order = np.arange(n)
    orders = _core.shuffled_orders(bits.capsule, order, epochs)
    assert orders.shape == (epochs, n)
    for row in orders:
        numpy_s.shuffle(order)
        np.testing.assert_array_equal(row, order)
    assert random.randint(2**31) == numpy_s.randint(2**31)


def test_long_orders_are_those_of_numpy() -> None:
    bits = np.random.MT19937()
    np.random.RandomState(bits).seed(1)
    order = np.arange(70_000)[::-1].copy()
    row = _core.shuffled_orders(bits.capsule, order, 1)[0]
    np.random.RandomState(1).shuffle(order)
    np.testing.assert_array_equal(row, order)


@pytest.mark.parametrize(
    ("order", "n_orders"), [(np.zeros((2, 2), np.int64), 1), (np.arange(3), -1)]
)
def test_other_orders_are_refused(order: Any, n_orders: int) -> None:
    with pytest.raises(ValueError, match=r"^shuffled_orders: order has shape"):
        _core.shuffled_orders(np.random.MT19937().capsule, order, n_orders)


@pytest.mark.parametrize("capsule", [None, 3, np.array(0).__array_struct__])
def test_other_capsules_are_refused(capsule: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        _core.shuffled_orders(capsule, np.arange(3), 1)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_fits_within_a_fit_have_their_own_numbers() -> None:
    """A callback that fits another estimator does not change the one that it watches."""
    neural = pytest.importorskip("fastmlp.sklearn")
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    params = {"hidden_layer_sizes": (4,), "max_iter": 3, "tol": 0, "random_state": 0}

    class Fits:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            neural.MLPClassifier(**params).fit(X, y)

    alone = neural.MLPClassifier(**params).fit(X, y)
    watched = neural.MLPClassifier(**params, callbacks=[Fits()]).fit(X, y)
    np.testing.assert_array_equal(alone.coefs_[0], watched.coefs_[0])
