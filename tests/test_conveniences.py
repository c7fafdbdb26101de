"""Small things that users of other libraries expect: rates to set, short texts, named columns."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

import fastmlp as fm

X, Y = [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]


def trainer(optimizer: Any) -> fm.Trainer:
    return fm.Trainer(fm.Network([2, 1], dtype="float64", seed=0), optimizer=optimizer)


def test_a_rate_that_is_set_is_that_of_the_next_steps() -> None:
    """As of a trainer made with it; a schedule goes on from there, scaled; pickles keep it."""
    one, other = trainer(fm.SGD(0.5)), trainer(fm.SGD(0.25))
    one.learning_rate = 0.25
    one = pickle.loads(pickle.dumps(one))
    assert one.learning_rate == 0.25
    for each in (one, other):
        each.step(X, Y)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    scheduled = trainer(fm.SGD(fm.ExponentialDecay(0.1, 0.5)))
    scheduled.step(X, Y)
    scheduled.learning_rate = 0.3
    scheduled.step(X, Y)
    once = fm.ExponentialDecay(0.1, 0.5)
    assert scheduled.learning_rate == pytest.approx(0.3 * once(2) / once(1), rel=1e-12)


@pytest.mark.parametrize(
    ("optimizer", "value", "message"),
    [
        ("sgd", 0.0, "learning_rate=0.0, expected a finite number > 0"),
        ("sgd", "0.1", "learning_rate='0.1'"),
        ("rprop", 0.1, "optimizer=Rprop"),
        (fm.SGD(fm.CosineDecay(0.1, 1)), 0.1, "learning_rate=0.1, expected none to be set while"),
    ],
)
def test_rates_that_cannot_be_set(optimizer: Any, value: Any, message: str) -> None:
    one = trainer(optimizer)
    one.step(X, Y)
    rate = one.learning_rate
    with pytest.raises((TypeError, ValueError), match=f"^Trainer: {message}"):
        one.learning_rate = value
    assert one.learning_rate == rate


def own(outputs: Any, y: Any) -> Any:
    return (outputs**2).sum(1), 2 * outputs


def test_the_text_of_a_trainer_has_no_defaults() -> None:
    net = fm.Network([2, 1], seed=0)
    assert repr(fm.Trainer(net)) == (
        "Trainer(<Network 2-1>, loss=SquaredError(), optimizer=Adam(learning_rate=0.001), "
        "batch_size=32, seed=0; 0 steps made)"
    )
    other = fm.Trainer(net, own, fm.SGD(0.1, momentum=0.9, average=fm.Polyak()), seed=3)
    assert "loss=own, optimizer=SGD(learning_rate=0.1, momentum=0.9, average=Poly" in repr(other)
    assert "loss=Huber(delta=2.0)" in repr(fm.Trainer(net, fm.Huber(2.0)))
    assert "optimizer=LBFGS()" in repr(fm.Trainer(net, optimizer="lbfgs"))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_found_by_the_name_of_its_column(frame: Any, value: float) -> None:
    net = fm.Network([2, 2], seed=0)
    good, bad = {"a": [1.0, 2.0], "b": [3.0, 4.0]}, {"a": [1.0, 2.0], "b": [3.0, value]}
    for X, y, name in ((bad, good, "X"), (good, bad, "y")):
        with pytest.raises(ValueError, match=rf"^fit: {name}\[1, 1\]=(nan|inf).* in column 'b'; "):
            net.fit(frame(X), frame(y))
    with pytest.raises(ValueError, match=r"^fit: X\[1, 1\]=\w+, expected finite values; drop"):
        net.fit(frame(bad).to_numpy(), frame(good))


def test_losses_on_a_logarithmic_scale() -> None:
    """A metric, which may be negative, is drawn by its own name."""
    history = fm.Network([2, 1], seed=0).fit(X, Y, epochs=3, metrics="r2")
    ax = history.plot(Figure().subplots(), log=True)
    assert (ax.get_yscale(), len(ax.get_lines())) == ("log", 1)
    ax = history.plot(Figure().subplots(), key="r2")
    assert ax.get_yscale() == "linear"
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), history["r2"])
