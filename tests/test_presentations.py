"""Random masks of a trainer: one counter of presentations for all calls, so none is drawn twice."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

UNITS = 50
ONE, ZERO = np.ones((1, UNITS)), np.zeros((1, 1))
RATE = fm.SGD(1e-300)  # too small to change a weight


def absolute(o: Array, y: Array) -> tuple[Array, Array]:
    return np.abs(o - y).sum(1), np.sign(o - y)


def trainer(loss: Any) -> Any:
    """The output for ONE, and its loss, is the mask of the dropout as a binary number."""
    net = fm.Network([fm.Dropout(0.5), fm.Dense(1, bias=False)], inputs=UNITS, dtype="float64",
                     seed=3)  # fmt: skip
    net.weights[0][:, 0] = 2.0 ** np.arange(UNITS)
    return fm.Trainer(net, loss, RATE, batch_size=1)


def forward(one: Any) -> list[float]:
    masks = [float(one.forward(ONE).item())]
    one.apply(one.backward(np.ones((1, 1))))
    return masks


def not_finite(one: Any) -> list[float]:
    """A batch whose loss is infinite is presented too; its mask is not seen."""
    one.step(ONE, [[np.inf]])
    return []


CALLS: dict[str, Callable[[Any], list[float]]] = {
    "step": lambda one: [one.step(ONE, ZERO)],
    "epoch": lambda one: [one.epoch(ONE, ZERO)],
    "run": lambda one: one.run(ONE, ZERO, epochs=2)["loss"],
    "forward": forward,
    "not finite": not_finite,
}
losses = pytest.mark.parametrize("loss", ["absolute_error", absolute], ids=["native", "custom"])


@losses
@pytest.mark.parametrize("calls", [*itertools.product(CALLS, repeat=3)], ids="-".join)
def test_no_mask_is_drawn_twice(calls: tuple[str, ...], loss: Any) -> None:
    """In any order of calls; so also after copies and pickles, which continue."""
    one = trainer(loss)
    seen: list[float] = []
    for call in calls:
        assert CALLS[call](copy.copy(one)) == CALLS[call](pickle.loads(pickle.dumps(one)))
        seen += CALLS[call](one)
    assert len(set(seen)) == len(seen)


@losses
def test_an_epoch_after_steps_continues_their_samples(loss: Any) -> None:
    """A step and an epoch draw for five samples what one epoch of the five draws."""
    X, y = np.repeat(ONE, 5, 0), np.zeros((5, 1))
    whole, parts = trainer(loss), trainer(loss)
    mean = whole.epoch(X, y)
    found = [parts.step(ONE, ZERO), *[parts.epoch(X[1:], y[1:])] * 4]
    assert np.mean(found) == pytest.approx(mean, rel=1e-14)
    assert parts.step(ONE, ZERO) == whole.step(ONE, ZERO)


@pytest.mark.parametrize("fails", ["step", "epoch"])
def test_a_batch_that_raises_is_drawn_again(fails: str) -> None:
    """An exception in a custom loss leaves the counter after the last complete step."""
    raises = [False]

    def loss(o: Array, y: Array) -> tuple[Array, Array]:
        if raises[0]:
            raise ZeroDivisionError
        return absolute(o, y)

    one, twin = trainer(loss), trainer(loss)
    one.step(ONE, ZERO), twin.step(ONE, ZERO)
    raises[0] = True
    with pytest.raises(ZeroDivisionError):
        getattr(one, fails)(ONE, ZERO)
    raises[0] = False
    assert one.step(ONE, ZERO) == twin.step(ONE, ZERO)
