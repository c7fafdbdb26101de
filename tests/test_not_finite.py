"""Numbers that are not finite: nothing is lost, and the user is warned."""

from __future__ import annotations

import re
import warnings
from functools import partial
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from problems import TASKS, fresh, network
from reference import Array


def diverging(net: Any, X: Array, y: Array, rate: float, **fields: Any) -> Any:
    return net.fit(X, y, optimizer=fm.SGD(rate), epochs=2000, batch_size=4, **fields)


def test_a_diverging_fit_keeps_the_last_good_epoch_and_warns() -> None:
    """Parameters of the end of the last epoch whose losses were finite; a warning with advice."""
    X, y = TASKS["regression"].data
    net = network(3, [(2, "identity", True)])
    ends = [net.parameters.copy()]

    class Records:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            ends.append(net.parameters.copy())

    text = (
        r"fit: the loss became (nan|inf) in epoch (\d+), step (\d+); the parameters of epoch "
        r"(\d+) are kept; try a smaller learning_rate \(now 3(\.0)?\) or clip_norm"
    )
    with pytest.warns(fm.TrainingWarning, match=text):
        history = diverging(net, X, y, 3.0, callbacks=[Records()])
    assert history.status == "not_finite"
    assert len(history["loss"]) == len(ends) - 1 > 1
    assert np.isfinite(history["loss"]).all()
    np.testing.assert_array_equal(net.parameters, ends[-1])


@pytest.mark.filterwarnings("ignore:.*y has mean")
def test_a_fit_that_fails_at_once_restores_the_start() -> None:
    """No learning rate can help then, so the advice is another."""
    X, y = TASKS["regression"].data
    net = network(3, [(2, "identity", True)])
    before = net.parameters.copy()
    with pytest.warns(fm.TrainingWarning, match="before any update.*scale X and y"):
        history = diverging(net, X, 1e200 * y, 1e200)
    assert history.status == "not_finite"
    assert history.get("loss", []) == []
    np.testing.assert_array_equal(net.parameters, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_step_returns_a_loss_that_is_not_finite_and_skips_the_update(bad: float) -> None:
    X, y = (array.copy() for array in TASKS["regression"].data)
    net, twin = fresh(), fresh()
    trainer, other = (fm.Trainer(n, optimizer=fm.Adam(0.01)) for n in (net, twin))
    trainer.step(X, y), other.step(X, y)
    X2 = X.copy()
    y2 = y.copy()
    y2[3] = bad
    assert not np.isfinite(trainer.step(X2, y2))
    np.testing.assert_array_equal(net.parameters, twin.parameters)
    trainer.step(X, y), other.step(X, y)  # Adam's counter did not move either
    np.testing.assert_array_equal(net.parameters, twin.parameters)


def test_a_hidden_sign_is_warned_of() -> None:
    """It cannot learn by gradient: the straight-through form can, and is silent."""
    X, y = np.eye(2), np.ones((2, 1))
    hard, soft = (
        fm.Network([fm.Dense(3, fm.Sign(straight_through=s)), fm.Dense(1)], inputs=2, seed=0)
        for s in (False, True)
    )
    with pytest.warns(fm.TrainingWarning, match="straight_through"):
        hard.fit(X, y, epochs=1)
    soft.fit(X, y, epochs=1)


BEFORE = (
    r"in epoch 1, step 1; the initial parameters are kept; it was so before any update.*scale X"
)
FIRST: dict[str, Any] = {  # X and y are multiplied by these
    "X": {"x": 1e200},
    "y": {"y": 1e200},
    "loss": {"loss": lambda o, y: (np.full(len(o), np.nan), np.zeros_like(o))},
}


@pytest.mark.filterwarnings("ignore:.*y has mean")
@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("by_trainer", [False, True])
def test_a_loss_that_was_never_finite_is_not_blamed_on_the_rate(
    name: str, by_trainer: bool
) -> None:
    fields = dict(FIRST[name])
    X, y = TASKS["regression"].data
    X, y = X * fields.pop("x", 1.0), y * fields.pop("y", 1.0)
    net = network(3, [(2, "identity", True)])
    train = fm.Trainer(net, **fields).run if by_trainer else partial(net.fit, **fields)
    with np.errstate(all="ignore"), pytest.warns(fm.TrainingWarning, match=BEFORE) as said:
        train(X, y, epochs=3)
    assert "now" not in str(said[-1].message)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(1e150, "1e+150"), (fm.ExponentialDecay(1e150, 0.0), "1e+150"), (lambda _: 3e150, "3e+150")],
)
def test_a_later_loss_is_blamed_on_the_rate_as_a_number(rate: Any, shown: str) -> None:
    """Also within the first epoch, after some updates."""
    X, y = TASKS["regression"].data
    net = network(3, [(2, "identity", True)])
    text = rf"in epoch 1, step [2-9].*try a smaller learning_rate \(now {re.escape(shown)}\)"
    with np.errstate(all="ignore"), pytest.warns(fm.TrainingWarning, match=text):
        net.fit(X, y, optimizer=fm.SGD(rate), epochs=2, batch_size=4)


@pytest.mark.filterwarnings("ignore:.*y has mean")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fields", [{}, {"normalize": True}, {"clip_norm": 1.0}])
@pytest.mark.parametrize("name", sorted(_core.optimizers))
def test_no_huge_rate_leaves_parameters_that_are_not_finite(
    name: str, fields: dict[str, Any], dtype: str
) -> None:
    """Of steps with gradients of ones; the squares of the gradient are small."""
    net = fm.Network([3, 2], dtype=dtype, seed=0)
    rate = 0.1 * float(np.finfo(dtype).max)
    trainer = fm.Trainer(net, optimizer=_core.optimizers[name](rate, **fields))
    for _ in range(30):
        before, n_steps = net.parameters.copy(), trainer.n_steps
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            trainer.apply(np.ones(8))
        assert np.all(np.isfinite(net.parameters))
        assert all(np.all(np.isfinite(vector)) for vector in trainer.state.values())
        if trainer.n_steps == n_steps:
            np.testing.assert_array_equal(net.parameters, before)
            assert "no update was made" in str(said[-1].message)
